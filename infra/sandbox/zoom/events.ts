/** Sends Zoom's events with Zoom's signature: https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events */
import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ZoomSandboxSettings } from '../settings.ts';
import { type Clock, wholeSeconds } from '../time.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { createWebhookSender } from '../webhooks/webhook-sender.ts';
import { renderMeeting, type StoredMeeting } from './meeting.ts';
import { passcodeSchema } from './meeting-settings.ts';

/** A person in a simulated session. Zoom sends the address only of people who are signed in. */
const personSchema = z.strictObject({
  name: z.string().max(200).describe('The name that the person shows'),
  email: z.email().optional().describe('The address of a person who is signed in'),
  registrant: z
    .string()
    .max(200)
    .optional()
    .describe('The id of the registrant with whose address the person joins'),
  uuid: z.string().max(200).optional().describe('Names this connection of the person. By default random'),
});

/** Replaces the configured webhook address. */
const url = z.url().optional();

export const zoomEventSchema = z.union([
  z.strictObject({
    event: z.enum(['meeting.started', 'meeting.ended', 'meeting.deleted', 'recording.completed']),
    url,
  }),
  z.strictObject({
    event: z.literal('meeting.updated'),
    password: passcodeSchema.optional().describe('The passcode that a person gives the meeting by hand'),
    topic: z.string().max(200).optional().describe('The topic that a person gives the meeting by hand'),
    url,
  }),
  z.strictObject({
    event: z.enum(['meeting.participant_joined', 'meeting.participant_left']),
    participant: personSchema,
    url,
  }),
]);
export type ZoomEvent = z.input<typeof zoomEventSchema>;

/** https://zoom.github.io/rivet-javascript/types/Meetings.MeetingParticipantJoinedEvent.html */
const participantOf = (event: ZoomEvent, now: number): object => {
  if (!('participant' in event)) return {};
  const { name, email = '', uuid = randomUUID(), registrant } = event.participant;
  const time = wholeSeconds(now);
  return {
    participant: {
      user_id: String(16_778_240 + (name.length % 1_000)),
      user_name: name,
      email,
      participant_uuid: uuid,
      ...(registrant === undefined ? {} : { registrant_id: registrant }),
      ...(event.event === 'meeting.participant_joined' ? { join_time: time } : { leave_time: time }),
    },
  };
};

/** The changed fields, with their present values in `object` and the former ones in `old_object`. */
const updateBodyOf = (
  meeting: StoredMeeting,
  former: StoredMeeting,
  accountId: string,
  now: number,
): string => {
  const fieldsOf = ({ id, password, topic }: StoredMeeting) => ({
    id,
    ...(meeting.password === former.password ? {} : { password }),
    ...(meeting.topic === former.topic ? {} : { topic }),
  });
  return JSON.stringify({
    event: 'meeting.updated',
    event_ts: now,
    payload: {
      account_id: accountId,
      operator: meeting.host,
      operator_id: renderMeeting(meeting).host_id,
      scope: 'single',
      object: fieldsOf(meeting),
      old_object: fieldsOf(former),
      time_stamp: now,
    },
  });
};

const bodyOf = (zoomEvent: ZoomEvent, meeting: StoredMeeting, accountId: string, now: number): string => {
  const { event } = zoomEvent;
  const { uuid, id, host_id, topic, type, duration, timezone } = renderMeeting(meeting);
  return JSON.stringify({
    event,
    event_ts: now,
    payload: {
      account_id: accountId,
      // https://developers.zoom.us/docs/api/meetings/events/#tag/meeting/POSTmeeting.deleted
      ...(event === 'meeting.deleted' ? { operator: meeting.host, operator_id: host_id } : {}),
      object: {
        uuid,
        // A string in events, and a number in the API.
        id: String(id),
        host_id,
        topic,
        type,
        start_time: wholeSeconds(meeting.startMs),
        ...(event === 'meeting.ended' ? { end_time: wholeSeconds(now) } : {}),
        timezone,
        duration,
        ...participantOf(zoomEvent, now),
      },
    },
  });
};

const signed = (secret: string, body: string, clock: Clock): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(clock() / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Zoom Marketplace/1.0a',
    'x-zm-request-timestamp': timestamp,
    'x-zm-signature': `v0=${digest}`,
    'x-zm-request-id': randomUUID(),
  };
};

/** Creates the sender of Zoom's events. */
export const createZoomEvents = ({ settings, clock, ...parts }: VendorDependencies<ZoomSandboxSettings>) => {
  const sender = createWebhookSender(
    parts,
    { vendor: 'zoom', operation: 'event.webhook' },
    { retryMs: settings.webhookRetryMs },
  );
  return {
    /** Sends an event. Resolves with the last status, `lost` or `failed`. */
    send(meeting: StoredMeeting, zoomEvent: ZoomEvent): Promise<string> {
      const event = zoomEventSchema.parse(zoomEvent);
      const body = bodyOf(event, meeting, settings.accountId, clock());
      return sender.send({
        url: event.url ?? settings.webhookUrl,
        body,
        headers: () => signed(settings.webhookSecret, body, clock),
      });
    },
    /** Sends `meeting.updated`. @param former the meeting before the change */
    sendUpdate(
      { url = settings.webhookUrl }: ZoomEvent,
      meeting: StoredMeeting,
      former: StoredMeeting,
    ): Promise<string> {
      const body = updateBodyOf(meeting, former, settings.accountId, clock());
      return sender.send({ url, body, headers: () => signed(settings.webhookSecret, body, clock) });
    },
    /** Sends `recording.completed`: https://developers.zoom.us/docs/api/meetings/events/#tag/recording */
    sendRecording(
      { event, url = settings.webhookUrl }: ZoomEvent,
      { downloadToken, object }: { readonly downloadToken: string; readonly object: object },
    ): Promise<string> {
      const body = JSON.stringify({
        event,
        event_ts: clock(),
        payload: { account_id: settings.accountId, object },
        download_token: downloadToken,
      });
      return sender.send({ url, body, headers: () => signed(settings.webhookSecret, body, clock) });
    },
    close: () => sender.close(),
  };
};
