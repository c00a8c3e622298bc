/** Asks the provider about text messages of which it has reported nothing for an hour: a callback can be lost for good. */
import { textStatusEvent } from '../../domain/text-message-status.ts';
import { day, hour, second } from '../../domain/time/units.ts';
import type { TextMessageProvider } from '../../providers/ports.ts';
import type { SilentMessageRule } from './silent-message-round.ts';

/** Creates the rule. The answer has the deduplication key of the callback. */
export const createSilentTextRule = (
  textMessages: Pick<TextMessageProvider, 'name' | 'statusOf'>,
): SilentMessageRule => ({
  channel: 'sms',
  provider: textMessages.name,
  status: 'queued',
  /** Twilio sends the last callback within seconds. It keeps a message in its queue for up to ten hours. */
  silentForMs: hour,
  /** Some networks send no receipts. Such a message stays `sent`. */
  atMostForMs: 3 * day,
  deadlineMs: 8 * second,
  resultOf: async ({ id, audition, participant }, call) =>
    textStatusEvent(
      { deliveryId: id, ...(await textMessages.statusOf(id, call)) },
      { audition, participant },
    ),
});
