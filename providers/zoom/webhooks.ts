/**
 * What Zoom tells us. https://developers.zoom.us/docs/api/webhooks/
 *
 * The signature is made over the bytes of the body and a timestamp, so it is checked before anything is read. Who
 * joined and left is acknowledged and not kept: no audition does anything with it.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { equalInConstantTime } from '../http/constant-time.ts';

export interface ZoomWebhookRequest {
  /** Newest first: while a secret is exchanged, Zoom signs with the old one until the new one is saved. */
  readonly secrets: readonly string[];
  /** The header `x-zm-signature`. */
  readonly signature: string | undefined;
  /** The header `x-zm-request-timestamp`, in seconds. */
  readonly timestamp: string | undefined;
  readonly body: Uint8Array;
  readonly nowMs: number;
}

/** Zoom names no tolerance. Five minutes is what Standard Webhooks asks for; an earlier request is a replay. */
const toleranceMs = 5 * 60_000;

type Verdict =
  | { readonly kind: 'authentic'; readonly secret: string }
  | { readonly kind: 'forged' }
  | { readonly kind: 'stale' };

/** https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events, whatever the body holds. */
export const verifyZoom = ({ secrets, signature, timestamp, body, nowMs }: ZoomWebhookRequest): Verdict => {
  if (signature === undefined || timestamp === undefined || !/^\d{1,15}$/.test(timestamp)) {
    return { kind: 'forged' };
  }
  const secret = secrets.find((one) => equalInConstantTime(signature, signatureOf(one, timestamp, body)));
  if (secret === undefined) return { kind: 'forged' };
  return Math.abs(nowMs - Number(timestamp) * 1000) <= toleranceMs
    ? { kind: 'authentic', secret }
    : { kind: 'stale' };
};

const signatureOf = (secret: string, timestamp: string, body: Uint8Array): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;

/** The answer to `endpoint.url_validation`, which Zoom asks for every 72 hours. */
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
const deauthorizedSchema = z.object({
  account_id: z.string().max(200).optional(),
  user_id: z.string().min(1).max(200),
  deauthorization_time: z.iso.datetime({ offset: true }).optional().catch(undefined),
});

export type ZoomWebhookEvent =
  | { readonly kind: 'challenge'; readonly plainToken: string }
  | { readonly kind: 'told'; readonly told: InboxEvent; readonly dedupeKey: string }
  | { readonly kind: 'of_no_use'; readonly event: string };

/** https://developers.zoom.us/docs/api/meetings/events/ */
const meetingEvents = {
  'meeting.started': 'meeting.started',
  'meeting.ended': 'meeting.ended',
  'recording.completed': 'recording.completed',
} as const satisfies Record<string, InboxEvent['kind']>;

/**
 * An event's body; undefined where it does not look like one. A repeated delivery carries the same `event_ts`
 * (https://developers.zoom.us/docs/api/webhooks/#unsuccessful-delivery).
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
    const gone = deauthorizedSchema.safeParse(payload).data;
    if (!gone) return undefined;
    const { user_id: userId, account_id: accountId, deauthorization_time: time } = gone;
    return {
      kind: 'told',
      dedupeKey: `${event}:${userId}:${ts ?? time ?? ''}`,
      told: {
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
  const known = Object.entries(meetingEvents).find(([theirs]) => theirs === event);
  if (!known) return { kind: 'of_no_use', event };
  const meeting = meetingSchema.safeParse(payload).data?.object;
  if (!meeting) return undefined;
  const at = ts === undefined ? {} : { at: toInstant(ts) };
  return {
    kind: 'told',
    dedupeKey: `${event}:${meeting.uuid ?? meeting.id}:${ts ?? ''}`,
    told: { kind: known[1], event: { meetingId: meeting.id, ...at } },
  };
};
