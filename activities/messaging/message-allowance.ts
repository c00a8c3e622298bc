/** Decides whether an organization may send a message, and counts it, immediately before it is handed over. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Organizations } from '../../db/access/organizations.ts';
import type { MessageBudgets } from '../../db/budgets/message-budgets.ts';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import { effectiveLimits, type MessageLimits, mayUseReserve } from '../../domain/budgets/message-limits.ts';
import { isSmsAllowed } from '../../domain/budgets/phone-country.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { SendNoticeInput } from '../contract.ts';

/** Appends a fact to the trail of the audition. Idempotent by the key of the fact. */
export type AppendFact = (fact: TrailFact) => Promise<unknown>;

/**
 * Why a message is not sent. Both are failure types that the workflow reads, so they are never renamed.
 * - `budget_spent`: the organization has sent what it may send today.
 * - `country_not_allowed`: it sends no text messages to the country of the number. The list can have changed since the request.
 */
type Refusal = 'budget_spent' | 'country_not_allowed';

const explanations: Readonly<Record<Refusal, string>> = {
  budget_spent: "the organization's budget of the day is spent; the message was not sent",
  country_not_allowed: 'no text messages are sent to the country of the number; the message was not sent',
};

const refused = (reason: Refusal): ApplicationFailure =>
  ApplicationFailure.create({
    type: reason,
    message: explanations[reason],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });

export interface MessageAllowance {
  /**
   * Counts the message under the key of its notice. Idempotent. With the message that nearly spends the budget, appends
   * `budget_nearly_spent`.
   * @param units segments of a text message, or 1 email
   * @returns whether this call has counted it. An earlier attempt, which may have sent it, has done so otherwise
   * @throws {ApplicationFailure} `budget_spent` or `country_not_allowed`, neither of which is retried
   */
  take(notice: SendNoticeInput, units: number, append: AppendFact): Promise<boolean>;
  /** Takes the count back, because the message was certainly not sent. */
  giveBack(key: string): Promise<void>;
}

interface Dependencies {
  readonly organizations: Pick<Organizations, 'limits'>;
  readonly messageBudgets: Pick<MessageBudgets, 'charge' | 'release'>;
  readonly defaultLimits: MessageLimits;
}

/** Creates the allowance. */
export const createMessageAllowance = ({
  organizations,
  messageBudgets,
  defaultLimits,
}: Dependencies): MessageAllowance => ({
  async take(input, units, append) {
    const { key, organization, channel, notice, recipient, audition, correlationId, corrects } = input;
    const limits = effectiveLimits(defaultLimits, await organizations.limits(organization));
    const { phone } = recipient;
    // A text message that was sent is corrected, although its country has been removed from the list.
    const isCorrection = notice === 'cancellation' && corrects === 'sms';
    if (
      channel === 'sms' &&
      !isCorrection &&
      phone !== undefined &&
      !isSmsAllowed(phone, limits.smsCountries)
    ) {
      throw refused('country_not_allowed');
    }
    const now = Date.now();
    const charged = await messageBudgets.charge({
      key,
      organization,
      channel,
      units,
      budget: limits[channel],
      mayUseReserve: mayUseReserve({ notice, slotStart: audition.slot.start }, now),
    });
    if (charged.kind === 'spent') throw refused('budget_spent');
    const { day, used, budget, isWarning, isFirst } = charged;
    if (!isWarning) return isFirst;
    // Before the hand-over: a killed attempt finds the same charge, and appends the fact once.
    await append({
      key: `budget:${channel}:${day}:${budget}`,
      at: toInstant(now),
      correlationId,
      fact: { type: 'budget_nearly_spent', channel, day, used, budget },
    });
    return isFirst;
  },

  giveBack: (key) => messageBudgets.release(key),
});
