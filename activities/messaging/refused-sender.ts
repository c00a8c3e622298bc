/**
 * Handles the refusal of us as the sender of messages: an exhausted quota, or a policy of the provider. All messages of the
 * provider wait in their workflows, and one of them raises an attention item for its organization.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { SenderAlerts } from '../../db/providers/sender-alerts.ts';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { minute } from '../../domain/time/units.ts';
import { withJitter } from '../failures.ts';

/** A message that can be refused. */
interface Message {
  readonly key: string;
  readonly organization: OrganizationId;
  /** The provider about which the workflow of the message has raised the attention item. */
  readonly alertsAbout?: string | undefined;
}

/** Attempts to send a message. */
export type AttemptToSend = <Result>(message: Message, attempt: () => Promise<Result>) => Promise<Result>;

/** Beyond the next attempt of the message that holds the alert, which can be late. */
const alertMarginMs = 10 * minute;

/** The messages that wait are tried again over this time, and not simultaneously. */
const maxJitterMs = 5 * minute;

/**
 * Creates the function that attempts to send a message. Once a message is sent whose workflow has the attention item, the next
 * refusal raises another.
 *
 * @throws {ApplicationFailure} that is not retried, when the sender is refused: its details have `retryAt`, the time of the
 *   next attempt, and `raisesAlert` in the message that raises the item.
 */
export const createAttemptToSend =
  (alerts: SenderAlerts): AttemptToSend =>
  async (message, attempt) => {
    const { key: holder, organization, alertsAbout } = message;
    try {
      const result = await attempt();
      if (alertsAbout !== undefined) await alerts.release({ organization, sender: alertsAbout, holder });
      return result;
    } catch (error) {
      if (!(error instanceof ProviderError) || !isRefusal(error.fault)) throw error;
      const { provider, operation, fault, vendor } = error;
      const now = Date.now();
      const waitMs = withJitter(fault.untilMs - now, Math.random, maxJitterMs);
      const raisesAlert = await alerts.claim(
        { organization, sender: provider, holder },
        waitMs + alertMarginMs,
      );
      throw ApplicationFailure.create({
        type: fault.kind,
        message: error.message,
        nonRetryable: true,
        category: ApplicationFailureCategory.BENIGN,
        details: [
          {
            provider,
            operation,
            code: vendor.code,
            status: vendor.status,
            retryAt: now + waitMs,
            raisesAlert,
          },
        ],
      });
    }
  };

type Refusal = Extract<ProviderFault, { readonly kind: 'quota_exhausted' | 'sender_refused' }>;

const isRefusal = (fault: ProviderFault): fault is Refusal =>
  fault.kind === 'quota_exhausted' || fault.kind === 'sender_refused';
