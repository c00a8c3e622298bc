/**
 * Sends push notifications about changes in a calendar:
 * https://developers.google.com/workspace/calendar/api/guides/push. The first message confirms the channel.
 * Each change sends another message, with headers and no body.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Clock, dayMs } from '../time.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import type { Calendar } from './calendars.ts';
import { GoogleError, googleErrors, invalid } from './errors.ts';

export const watchSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9\-_+/=]{1,64}$/),
  type: z.literal('web_hook'),
  /** Google itself requires https. */
  address: z.url(),
  token: z.string().max(256).optional(),
  expiration: z.coerce.number().int().optional(),
  /** https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
  params: z.object({ ttl: z.coerce.number().int().min(1).optional() }).optional(),
});
export const stopSchema = z.object({ id: z.string(), resourceId: z.string() });

const storedChannelSchema = z.object({
  id: z.string(),
  account: z.string(),
  calendarId: z.string(),
  resourceId: z.string(),
  address: z.string(),
  token: z.string().optional(),
  expiresAt: z.number(),
  messages: z.int(),
});
type StoredChannel = z.infer<typeof storedChannelSchema>;
const heldSchema = z.array(storedChannelSchema);

/** The default of `params.ttl`. It is not documented whether a channel can live longer; here it cannot. */
const maximumLifetimeMs = 7 * dayMs;

const resourceIdOf = (calendarId: string): string =>
  createHash('sha256').update(`events of ${calendarId}`).digest('base64url').slice(0, 27);

/** Creates a store without channels. `changed` is called after each change of the stored state. */
export const createChannels = (clock: Clock, sender: WebhookSender, changed: () => void) => {
  const channels = new Map<string, StoredChannel>();

  const send = (channel: StoredChannel, state: 'sync' | 'exists'): void => {
    const messages = channel.messages + 1;
    channels.set(channel.id, { ...channel, messages });
    const headers = {
      'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
      'x-goog-channel-id': channel.id,
      ...(channel.token === undefined ? {} : { 'x-goog-channel-token': channel.token }),
      'x-goog-channel-expiration': new Date(channel.expiresAt).toUTCString(),
      'x-goog-resource-id': channel.resourceId,
      'x-goog-resource-uri': `https://www.googleapis.com/calendar/v3/calendars/${encodeURIComponent(channel.calendarId)}/events?alt=json`,
      'x-goog-resource-state': state,
      'x-goog-message-number': String(messages),
    };
    changed();
    const isCurrent = () => isLive(channels.get(channel.id));
    void sender.send({ url: channel.address, headers: () => headers, isCurrent });
  };

  const isLive = (channel: StoredChannel | undefined): boolean =>
    channel !== undefined && channel.expiresAt > clock();
  /** Channels end without a notice: https://developers.google.com/workspace/calendar/api/guides/push#stop-notifications */
  const removeExpired = (): void => {
    for (const channel of channels.values()) if (!isLive(channel)) channels.delete(channel.id);
  };

  return {
    watch(account: string, calendar: Calendar, body: z.output<typeof watchSchema>) {
      removeExpired();
      if (channels.has(body.id)) throw new GoogleError(googleErrors.channelIdNotUnique);
      const now = clock();
      const ttlMs = body.params?.ttl === undefined ? maximumLifetimeMs : body.params.ttl * 1_000;
      const expiresAt = Math.min(body.expiration ?? now + ttlMs, now + maximumLifetimeMs);
      if (expiresAt <= now) throw invalid('Invalid value for: expiration');
      const channel: StoredChannel = {
        id: body.id,
        account,
        calendarId: calendar.id,
        resourceId: resourceIdOf(calendar.id),
        address: body.address,
        token: body.token,
        expiresAt,
        messages: 0,
      };
      send(channel, 'sync');
      return {
        kind: 'api#channel',
        id: channel.id,
        resourceId: channel.resourceId,
        resourceUri: `https://www.googleapis.com/calendar/v3/calendars/${encodeURIComponent(calendar.id)}/events?alt=json`,
        ...(channel.token === undefined ? {} : { token: channel.token }),
        expiration: String(expiresAt),
      };
    },
    /**
     * Stops a channel.
     *
     * @throws {GoogleError} Google's 404, unless account and both ids match.
     */
    stop(account: string, { id, resourceId }: z.output<typeof stopSchema>) {
      removeExpired();
      const channel = channels.get(id);
      if (!channel || channel.account !== account || channel.resourceId !== resourceId) {
        throw new GoogleError(googleErrors.channelNotFound);
      }
      channels.delete(id);
      changed();
    },
    /** Sends a message to each channel of the calendar. */
    notifyChange: (calendar: Calendar) => {
      removeExpired();
      for (const channel of channels.values()) {
        if (channel.calendarId === calendar.id) send(channel, 'exists');
      }
    },
    /** Ends all channels, without a notice. */
    expireAll() {
      channels.clear();
      changed();
    },
    all: () => [...channels.values()].filter(isLive).map(({ token: _secret, ...channel }) => channel),
    save: () => [...channels.values()],
    load: (value: unknown) => {
      for (const channel of heldSchema.parse(value)) channels.set(channel.id, channel);
    },
    reset: () => channels.clear(),
  };
};
export type Channels = ReturnType<typeof createChannels>;
