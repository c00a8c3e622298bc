/**
 * Finds messages of which their provider has reported nothing final for some time, and stores what that means. A report can be lost,
 * and a mail server can try again for days: no operator would be asked, and no other channel be used.
 *
 * What is found goes into the inbox, as a report does, and under a deduplication key of its own: a repeated round, another worker
 * process, and a report that arrives after all have no further effect. Which messages were looked at is kept in memory only. After a
 * restart, and in another process, they are looked at once more.
 */
import type { SilentMessage, SilentMessages } from '../../db/auditions/silent-messages.ts';
import type { WebhookInbox } from '../../db/inbox/webhooks.ts';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { CallContext } from '../../providers/ports.ts';

/** What happens with the silent messages of a channel. */
export interface SilentMessageRule {
  readonly channel: Channel;
  /** The provider in whose name the result is stored. */
  readonly provider: VendorName;
  /** The status that is not final. */
  readonly status: DeliveryStatus;
  /** In milliseconds, since the message was sent. */
  readonly silentForMs: number;
  /** Older messages are left alone. In milliseconds. */
  readonly atMostForMs: number;
  /** Milliseconds for `resultOf`. */
  readonly deadlineMs: number;
  /**
   * Returns what the silence means. Undefined: the provider still tries, and the message is looked at again.
   * @throws {ProviderError} when the provider does not say
   */
  resultOf(
    message: SilentMessage,
    call: CallContext,
  ): Promise<{ readonly dedupeKey: string; readonly inboxEvent: InboxEvent } | undefined>;
}

interface SilentMessageRoundOptions {
  readonly silentMessages: SilentMessages;
  readonly inbox: Pick<WebhookInbox, 'receive'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

const messagesPerRound = 20;

/** These concern one message. After any other fault, the other messages have to wait as well. */
const faultsOfMessage: ReadonlySet<ProviderFaultKind> = new Set([
  'not_found',
  'rejected_input',
  'not_permitted',
]);

/**
 * Returns a round, which looks at up to 20 messages. Each is looked at again when its age has doubled.
 * @throws when the database does not answer; the relay then pauses
 */
export const createSilentMessageRound = (
  rule: SilentMessageRule,
  { silentMessages, inbox, logger, now = Date.now }: SilentMessageRoundOptions,
) => {
  const { channel, provider, status, silentForMs, atMostForMs, deadlineMs } = rule;
  /** When each message is looked at again, in epoch milliseconds. */
  const settledUntil = new Map<string, number>();

  const forgetDue = (): void => {
    for (const [id, until] of settledUntil) if (until <= now()) settledUntil.delete(id);
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    forgetDue();
    const silent = await silentMessages.list({
      channel,
      status,
      olderThanMs: silentForMs,
      youngerThanMs: atMostForMs,
      except: [...settledUntil.keys()],
      limit: messagesPerRound,
    });
    for (const message of silent) {
      if (stopping.aborted) return false;
      const { id, organization, audition, ageMs } = message;
      const correlationId = `silent-${channel}/${id}`;
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(deadlineMs)]);
      try {
        const result = await rule.resultOf(message, { correlationId, organization, signal });
        logger.info({ audition, channel, found: result?.dedupeKey }, 'silent message looked at');
        if (result) {
          const { inboxEvent, dedupeKey } = result;
          await inbox.receive({ ...inboxEvent, provider, dedupeKey, correlationId });
        }
      } catch (err) {
        if (!(err instanceof ProviderError)) throw err;
        if (stopping.aborted) return false;
        logger.warn({ err, organization, audition, channel }, 'status of a silent message not read');
        if (!faultsOfMessage.has(err.fault.kind)) return false;
      }
      settledUntil.set(id, now() + Math.max(ageMs, silentForMs));
    }
    return false;
  };
};
