/**
 * Verifies and reads Zoom's webhooks. https://developers.zoom.us/docs/api/webhooks/
 *
 * The signature covers the bytes of the body and a timestamp, so it is checked before the body is parsed.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { equalInConstantTime } from '../http/constant-time.ts';

export interface ZoomWebhookRequest {
  /** Newest first. During a rotation Zoom signs with the old secret until the new one is saved. */
  readonly secrets: readonly string[];
  /** The header `x-zm-signature`. */
  readonly signature: string | undefined;
  /** The header `x-zm-request-timestamp`, in seconds. */
  readonly timestamp: string | undefined;
  readonly body: Uint8Array;
  readonly nowMs: number;
}

/** How far the clock of Zoom can be ahead of ours. */
const aheadMs = 5 * 60_000;

/**
 * The age of the oldest request that is accepted. Zoom repeats a webhook 5, 25 and 85 minutes after the first request
 * (https://developers.zoom.us/docs/api/webhooks/#unsuccessful-delivery), and does not document whether a repetition has the timestamp
 * of the first request. Within this time, a replay has no effect: the inbox keeps the keys of the events longer (decision 103).
 */
const oldestMs = 90 * 60_000;

type Verdict =
  | { readonly kind: 'authentic'; readonly secret: string }
  | { readonly kind: 'forged' }
  | { readonly kind: 'stale' };

/** Verifies a request, for any body: https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events */
export const verifyZoom = ({ secrets, signature, timestamp, body, nowMs }: ZoomWebhookRequest): Verdict => {
  if (signature === undefined || timestamp === undefined || !/^\d{1,15}$/.test(timestamp)) {
    return { kind: 'forged' };
  }
  const secret = secrets.find((candidate) =>
    equalInConstantTime(signature, signatureOf(candidate, timestamp, body)),
  );
  if (secret === undefined) return { kind: 'forged' };
  const ageMs = nowMs - Number(timestamp) * 1000;
  return ageMs <= oldestMs && ageMs >= -aheadMs ? { kind: 'authentic', secret } : { kind: 'stale' };
};

const signatureOf = (secret: string, timestamp: string, body: Uint8Array): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;

/** Returns the answer to `endpoint.url_validation`, which Zoom sends every 72 hours. */
export const answerChallenge = (secret: string, plainToken: string) => ({
  plainToken,
  encryptedToken: createHmac('sha256', secret).update(plainToken).digest('hex'),
});

const eventSchema = z.object({
  event: z.string().max(200),
  event_ts: z.int().nonnegative().max(8_640_000_000_000_000).optional(),
  payload: z.unknown(),
});
const challengeSchema = z.object({ plainToken: z.string().min(1).max(1_000) });
/** The id is a string in events and a number in the API. */
const meetingSchema = z.object({
  object: z.object({
    id: z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative()]).transform(String),
    uuid: z.string().max(200).optional(),
  }),
});
/**
 * `meeting.participant_joined` and `meeting.participant_left`: https://developers.zoom.us/docs/api/meetings/events/ and
 * https://zoom.github.io/rivet-javascript/types/Meetings.MeetingParticipantJoinedEvent.html
 * The email address is empty for a person who is not signed in, or is not known to the account. `participant_uuid` names
 * one connection of a person, who can join several times.
 */
const participantSchema = z.object({
  user_name: z.string().max(1_000).optional().catch(undefined),
  email: z.string().max(1_000).optional().catch(undefined),
  registrant_id: z
    .string()
    .max(200)
    .optional()
    .catch(undefined)
    .describe('Of a person who joined with the address of a registrant'),
  participant_uuid: z.string().max(200).optional().catch(undefined),
  user_id: z.string().max(200).optional().catch(undefined),
  join_time: z.iso.datetime({ offset: true }).optional().catch(undefined),
  leave_time: z.iso.datetime({ offset: true }).optional().catch(undefined),
});
const attendanceSchema = z.object({ object: z.object({ participant: participantSchema }) });
const deauthorizedSchema = z.object({
  account_id: z.string().max(200).optional(),
  user_id: z.string().min(1).max(200),
  deauthorization_time: z.iso.datetime({ offset: true }).optional().catch(undefined),
});

export type ZoomWebhookEvent =
  | { readonly kind: 'challenge'; readonly plainToken: string }
  | { readonly kind: 'event'; readonly inboxEvent: InboxEvent; readonly dedupeKey: string }
  | { readonly kind: 'ignored'; readonly event: string };

/** https://developers.zoom.us/docs/api/meetings/events/ */
const meetingEvents = {
  'meeting.started': 'meeting.started',
  'meeting.ended': 'meeting.ended',
  'meeting.deleted': 'meeting.deleted',
  'meeting.updated': 'meeting.changed',
  'recording.completed': 'recording.completed',
  // A transcript is finished after the other files: https://developers.zoom.us/docs/api/meetings/events/
  'recording.transcript_completed': 'recording.completed',
} as const satisfies Record<string, InboxEvent['kind']>;

/**
 * Reads an event's body; undefined when it is not an event. Deduplication: a repeated delivery has the same `event_ts`
 * (https://developers.zoom.us/docs/api/webhooks/#unsuccessful-delivery), which is part of `dedupeKey`.
 */
export const readZoomEvent = (body: unknown): ZoomWebhookEvent | undefined => {
  const { data } = eventSchema.safeParse(body);
  if (!data) return undefined;
  const { event, event_ts: ts, payload } = data;
  if (event === 'endpoint.url_validation') {
    const challenge = challengeSchema.safeParse(payload).data;
    return challenge && { kind: 'challenge', ...challenge };
  }
  if (event === 'app_deauthorized') {
    const deauthorized = deauthorizedSchema.safeParse(payload).data;
    if (!deauthorized) return undefined;
    const { user_id: userId, account_id: accountId, deauthorization_time: time } = deauthorized;
    return {
      kind: 'event',
      dedupeKey: `${event}:${userId}:${ts ?? time ?? ''}`,
      inboxEvent: {
        kind: 'connection.deauthorized',
        event: {
          provider: 'zoom',
          userId,
          accountId,
          ...(time !== undefined && { at: toInstant(Date.parse(time)) }),
        },
      },
    };
  }
  if (event === 'meeting.participant_joined' || event === 'meeting.participant_left') {
    return readParticipantEvent(event, ts, payload);
  }
  if (event === 'meeting.updated' && !mayChangeAccess(payload)) return { kind: 'ignored', event };
  const entry = Object.entries(meetingEvents).find(([name]) => name === event);
  if (!entry) return { kind: 'ignored', event };
  const meeting = meetingSchema.safeParse(payload).data?.object;
  if (!meeting) return undefined;
  const at = ts === undefined ? {} : { at: toInstant(ts) };
  return {
    kind: 'event',
    dedupeKey: `${event}:${meeting.uuid ?? meeting.id}:${ts ?? ''}`,
    inboxEvent: { kind: entry[1], event: { meetingId: meeting.id, ...at } },
  };
};

/**
 * The fields of a meeting that decide how people get into it. `password` is the passcode, which is part of the address; `type` and
 * `settings.use_pmi` give a meeting the personal id of its host.
 */
const accessFields = ['password', 'join_url', 'type', 'pmi'] as const;
const accessSettings = ['use_pmi', 'audio', 'global_dial_in_countries', 'global_dial_in_numbers'] as const;

const meetingFieldsSchema = z.looseObject({ settings: z.looseObject({}).nullish().catch(undefined) });
const updateSchema = z.object({
  object: meetingFieldsSchema.describe('The changed fields with their present values'),
  old_object: meetingFieldsSchema.nullish().catch(undefined).describe('The former values of these fields'),
});

const differs = (present: unknown, former: unknown): boolean =>
  present !== undefined && JSON.stringify(present) !== JSON.stringify(former);

/**
 * Returns whether the update may have changed how people get into the meeting. Zoom reports every change, those that this service
 * makes included: a move changes the time only, and needs no look at the meeting.
 */
const mayChangeAccess = (payload: unknown): boolean => {
  const { data } = updateSchema.safeParse(payload);
  if (!data) return true;
  const { object: now, old_object: former } = data;
  return (
    accessFields.some((field) => differs(now[field], former?.[field])) ||
    accessSettings.some((field) => differs(now.settings?.[field], former?.settings?.[field]))
  );
};

const readParticipantEvent = (
  kind: 'meeting.participant_joined' | 'meeting.participant_left',
  ts: number | undefined,
  payload: unknown,
): ZoomWebhookEvent | undefined => {
  const meeting = meetingSchema.safeParse(payload).data?.object;
  const participant = attendanceSchema.safeParse(payload).data?.object.participant;
  if (!meeting || !participant) return undefined;
  const {
    user_name: name,
    email,
    registrant_id: registrant,
    participant_uuid: uuid,
    user_id: userId,
  } = participant;
  const stated = kind === 'meeting.participant_joined' ? participant.join_time : participant.leave_time;
  const at = stated === undefined ? ts : Date.parse(stated);
  return {
    kind: 'event',
    dedupeKey: `${kind}:${meeting.uuid ?? meeting.id}:${uuid ?? userId ?? ''}:${ts ?? stated ?? ''}`,
    inboxEvent: {
      kind,
      event: {
        meetingId: meeting.id,
        ...(at === undefined ? {} : { at: toInstant(at) }),
        ...(name ? { name } : {}),
        ...(email ? { email } : {}),
        ...(registrant ? { registrant } : {}),
      },
    },
  };
};
