/**
 * Reads Google's notifications of watched calendars. A notification only says that the calendar changed. It has no body
 * and no signature; the token that we gave the channel proves the sender.
 * https://developers.google.com/workspace/calendar/api/guides/push
 */
import { z } from 'zod';
import { optionalField } from '../optional-field.ts';

const headersSchema = z.object({
  'x-goog-channel-id': z.string().min(1).max(64),
  /** Chosen by us; at most 256 characters. */
  'x-goog-channel-token': z.string().min(1).max(256),
  'x-goog-resource-id': z.string().regex(/^[\x21-\x7e]{1,256}$/),
  /** `sync`, `exists` or `not_exists`. A state that is new here says as well that something has changed. */
  'x-goog-resource-state': z.string(),
  /** In the form of RFC 9110, section 5.6.7. Absent: the channel has no end. */
  'x-goog-channel-expiration': optionalField(z.string().transform((text) => Date.parse(text))),
  /** Rises with each message, sometimes by more than one. */
  'x-goog-message-number': optionalField(z.string().regex(/^\d{1,20}$/)),
});

export interface ChannelMessage {
  readonly channel: string;
  readonly token: string;
  readonly resourceId: string;
  /** When the channel ends, epoch milliseconds. Undefined: the message does not say it. */
  readonly expiresAt: number | undefined;
  /** Whether it is `sync`, which announces the channel and no change. */
  readonly isOpening: boolean;
  /** Undefined: nothing tells a repetition of the message from another one. */
  readonly messageNumber: string | undefined;
}

/** Returns the notification in the headers; undefined when they are not those of a channel. */
export const readChannelMessage = (headers: unknown): ChannelMessage | undefined => {
  const { data } = headersSchema.safeParse(headers);
  const expiresAt = data?.['x-goog-channel-expiration'];
  return (
    data && {
      channel: data['x-goog-channel-id'],
      token: data['x-goog-channel-token'],
      resourceId: data['x-goog-resource-id'],
      expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
      isOpening: data['x-goog-resource-state'] === 'sync',
      messageNumber: data['x-goog-message-number'],
    }
  );
};
