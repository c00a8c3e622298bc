/**
 * What Google tells us of a calendar that we watch: that something changed, and nothing else. There is no signature;
 * what proves the sender is the token that we gave the channel, and no body to verify.
 * https://developers.google.com/workspace/calendar/api/guides/push
 */
import { z } from 'zod';

const headersSchema = z.object({
  'x-goog-channel-id': z.string().min(1).max(64),
  /** Ours; at most 256 characters. */
  'x-goog-channel-token': z.string().min(1).max(256),
  'x-goog-resource-id': z.string().min(1).max(256),
  'x-goog-resource-state': z.enum(['sync', 'exists', 'not_exists']),
  /** Rises with each message, by more than one at times. */
  'x-goog-message-number': z.string().regex(/^\d{1,20}$/),
});

export interface ChannelMessage {
  readonly channel: string;
  readonly token: string;
  readonly resourceId: string;
  /** `sync` says that the channel is open, and tells no change. */
  readonly isOpening: boolean;
  readonly messageNumber: string;
}

/** Undefined where the headers are not those of a channel. */
export const readChannelMessage = (headers: unknown): ChannelMessage | undefined => {
  const { data } = headersSchema.safeParse(headers);
  return (
    data && {
      channel: data['x-goog-channel-id'],
      token: data['x-goog-channel-token'],
      resourceId: data['x-goog-resource-id'],
      isOpening: data['x-goog-resource-state'] === 'sync',
      messageNumber: data['x-goog-message-number'],
    }
  );
};
