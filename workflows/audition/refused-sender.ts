/**
 * Waits while a provider refuses us as the sender of messages, because of a quota or a policy. No operator decides about the single
 * message. One message of the organization raises an attention item about the sender (`activities/messaging/refused-sender.ts`).
 */
import { condition, isCancellation } from '@temporalio/workflow';
import type { StepFailure } from '../../activities/contract.ts';
import type { AttentionStep } from '../../domain/audition/attention.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { second } from '../../domain/time/units.ts';
import type { AuditionRun } from './run.ts';

/** A failure after which the message is tried again. */
interface SenderRefused extends StepFailure {
  readonly retryAt: number;
}

/** A message that waits. */
interface WaitingStep {
  readonly step: AttentionStep;
  readonly isMoot?: (() => boolean) | undefined;
}

/** The wait of one message, over all its attempts. */
export interface SenderWait {
  /** The provider about which the message has raised the attention item. */
  readonly alertsAbout: string | undefined;
  /**
   * Waits until the message is to be tried again: at its time, or when an operator retries the attention item. Raises the item,
   * if the message is the one to do so. Rethrows cancellations.
   */
  until(failure: SenderRefused): Promise<'due' | 'moot'>;
  /** Withdraws the attention item. Idempotent. */
  end(): void;
}

/**
 * Returns whether the message waits for its sender. Once the session would begin before the next attempt, an operator must inform the
 * participant otherwise.
 */
export const canWaitForSender = (
  { journal }: AuditionRun,
  failure: StepFailure,
): failure is SenderRefused => {
  const { slot } = journal.view;
  return failure.retryAt !== undefined && (!slot || failure.retryAt < toEpochMs(slot.start));
};

/** Returns whether a message was not sent because its provider refuses us as the sender. */
export const isRefusedSender = (code: string): boolean => causes[code] !== undefined;

/** Creates the wait of one message. */
export const createSenderWait = (run: AuditionRun, { step, isMoot }: WaitingStep): SenderWait => {
  let alertsAbout: string | undefined;
  let isAsked = false;
  let isOver = false;
  let isRetryWanted = false;
  const isNeedless = () => run.isSuperseded || isMoot?.() === true;

  const raise = async ({ code, provider = '' }: SenderRefused): Promise<void> => {
    isAsked = true;
    alertsAbout = provider;
    try {
      const { action } = await run.attention.ask({
        step,
        what: `${provider} does not accept our messages: ${causes[code] ?? code}. Every message that it refuses waits, and is tried again about once an hour. No recipient is at fault.`,
        hint: 'Correct the cause at the provider (docs/runbooks/messages.md). The item is withdrawn when the message of this audition is sent. Retry tries this message immediately.',
        actions: ['retry'],
        code,
        provider,
        isBackground: true,
        isMoot: () => isOver || isNeedless(),
      });
      isRetryWanted = action === 'retry';
    } catch (error) {
      // The wait was cancelled with its item.
      if (!isCancellation(error)) throw error;
    } finally {
      isAsked = false;
    }
  };

  return {
    get alertsAbout() {
      return alertsAbout;
    },
    async until(failure) {
      isRetryWanted = false;
      if (failure.raisesAlert && !isAsked) void raise(failure);
      const ms = Math.max(failure.retryAt - Date.now(), second);
      await condition(() => isRetryWanted || isNeedless(), ms, {
        summary: `Wait until ${failure.provider ?? 'the provider'} accepts our messages`,
      });
      return isNeedless() ? 'moot' : 'due';
    },
    end() {
      isOver = true;
    },
  };
};

const causes: Readonly<Record<string, string>> = {
  quota_exhausted: 'our quota is exhausted',
  sender_refused: 'it refuses us as their sender, by its policy or for our reputation',
};
