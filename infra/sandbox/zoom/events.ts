/** Sends Zoom's events with Zoom's signature: https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events */
import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ZoomSandboxSettings } from '../settings.ts';
import { type Clock, wholeSeconds } from '../time.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { createWebhookSender } from '../webhooks/webhook-sender.ts';
import { renderMeeting, type StoredMeeting } from './meeting.ts';

export const zoomEventSchema = z.strictObject({
  event: z.enum(['meeting.started', 'meeting.ended', 'meeting.deleted', 'recording.completed']),
  /** Replaces the configured webhook address. */
  url: z.url().optional(),
});
export type ZoomEvent = z.input<typeof zoomEventSchema>;

const bodyOf = (event: string, meeting: StoredMeeting, accountId: string, now: number): string => {
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
      const { event, url = settings.webhookUrl } = zoomEventSchema.parse(zoomEvent);
      const body = bodyOf(event, meeting, settings.accountId, clock());
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
