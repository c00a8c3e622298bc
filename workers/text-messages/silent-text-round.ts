/**
 * Asks the provider about text messages of which it has reported nothing for an hour. A callback that was lost for good would leave
 * a text message that failed `queued`, and no operator would be asked.
 *
 * The answer goes into the inbox, as the callback does, and under the same deduplication key: asking twice, and a callback that
 * arrives after all, have no further effect. Which messages were asked about is kept in memory only. After a restart, and in another
 * worker process, they are asked about once more.
 */
import type { SilentTexts } from '../../db/auditions/silent-texts.ts';
import type { WebhookInbox } from '../../db/inbox/webhooks.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { textStatusEvent } from '../../domain/text-message-status.ts';
import { day, hour, second } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { TextMessageProvider } from '../../providers/ports.ts';

interface SilentTextRoundOptions {
  readonly silentTexts: SilentTexts;
  readonly textMessages: Pick<TextMessageProvider, 'name' | 'statusOf'>;
  readonly inbox: Pick<WebhookInbox, 'receive'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  readonly silentForMs?: number;
}

/** Twilio sends the last callback within seconds. It keeps a message in its queue for up to ten hours. */
const defaultSilentForMs = hour;
/** Some networks send no receipts. Such a message stays `sent`. */
const askedForMs = 3 * day;
const textsPerRound = 20;
const callDeadlineMs = 8 * second;

/** These concern one message. After any other fault, the other messages have to wait as well. */
const faultsOfMessage: ReadonlySet<ProviderFaultKind> = new Set([
  'not_found',
  'rejected_input',
  'not_permitted',
]);

/**
 * Returns a round, which asks about at most 20 text messages. It is asked about each again when its age has doubled.
 * @throws when the database does not answer; the relay then pauses
 */
export const createSilentTextRound = ({
  silentTexts,
  textMessages,
  inbox,
  logger,
  now = Date.now,
  silentForMs = defaultSilentForMs,
}: SilentTextRoundOptions) => {
  /** When each message is asked about again, in epoch milliseconds. */
  const askedUntil = new Map<string, number>();

  const forgetDue = (): void => {
    for (const [id, until] of askedUntil) if (until <= now()) askedUntil.delete(id);
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    forgetDue();
    const silent = await silentTexts.list({
      olderThanMs: silentForMs,
      youngerThanMs: askedForMs,
      except: [...askedUntil.keys()],
      limit: textsPerRound,
    });
    for (const { id, organization, audition, participant, ageMs } of silent) {
      if (stopping.aborted) return false;
      const correlationId = `silent-text/${id}`;
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(callDeadlineMs)]);
      try {
        const answer = await textMessages.statusOf(id, { correlationId, organization, signal });
        const event = textStatusEvent({ deliveryId: id, ...answer }, { audition, participant });
        logger.info({ audition, status: answer.status }, 'text message status read');
        if (event) {
          const { inboxEvent, dedupeKey } = event;
          await inbox.receive({ ...inboxEvent, provider: textMessages.name, dedupeKey, correlationId });
        }
      } catch (err) {
        if (!(err instanceof ProviderError)) throw err;
        if (stopping.aborted) return false;
        logger.warn({ err, organization, audition }, 'text message status not read');
        if (!faultsOfMessage.has(err.fault.kind)) return false;
      }
      askedUntil.set(id, now() + Math.max(ageMs, silentForMs));
    }
    return false;
  };
};
