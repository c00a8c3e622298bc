/**
 * Gives up emails that a mail server has deferred for four hours: no mail service can be asked, and its servers try again for days.
 * The participant is to be told in time. An email of which nothing was reported stays `queued`: without a mail service that reports,
 * every email does.
 */
import { delayedTooLong } from '../../domain/audition/delivery-state.ts';
import { channelVendors } from '../../domain/providers/vendors.ts';
import { day, hour, second } from '../../domain/time/units.ts';
import type { SilentMessageRule } from './silent-message-round.ts';

/** Greylisting defers an email for minutes, a full mailbox or a server that is down for hours or days. */
const deferredForMs = 4 * hour;

export const deferredEmailRule: SilentMessageRule = {
  channel: 'email',
  provider: channelVendors.email.vendor,
  status: 'deferred',
  silentForMs: deferredForMs,
  /** Longer than any mail server tries. */
  atMostForMs: 30 * day,
  deadlineMs: second,
  resultOf: async ({ id: deliveryId, audition, participant }) => ({
    dedupeKey: `${deliveryId}:${delayedTooLong}`,
    inboxEvent: {
      kind: 'message.status',
      event: {
        deliveryId,
        channel: 'email',
        status: 'failed',
        code: delayedTooLong,
        of: { audition, participant },
        // The mail server can report in the meantime that it has delivered the email.
        onlyWhile: 'deferred',
      },
    },
  }),
};
