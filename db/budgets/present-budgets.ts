/** What an organization may send today, and what it has sent: for the API and for the commands of the operator. */
import type { Channel } from '../../domain/audition/request.ts';
import {
  effectiveLimits,
  type MessageLimits,
  type PartialMessageLimits,
  reserveOf,
  warningAt,
} from '../../domain/budgets/message-limits.ts';
import type { SmsCountries } from '../../domain/budgets/phone-country.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Organizations } from '../access/organizations.ts';
import type { MessageBudgets } from './message-budgets.ts';

/** The budget of a channel, in segments of text messages or in emails. */
interface PresentBudget {
  readonly budget: number;
  readonly used: number;
  /** Without the reserve. */
  readonly left: number;
  readonly reserve: number;
  readonly isNearlySpent: boolean;
}

interface PresentBudgets extends Readonly<Record<Channel, PresentBudget>> {
  /** In UTC. */
  readonly day: string;
  readonly smsCountries: SmsCountries;
  /** The limits that the organization has set itself. */
  readonly own: PartialMessageLimits;
}

interface BudgetRepositories {
  readonly organizations: Pick<Organizations, 'limits'>;
  readonly messageBudgets: Pick<MessageBudgets, 'today'>;
}

/**
 * Returns the budgets of today.
 * @param defaults what an organization may send when nothing else is set for it
 */
export const readPresentBudgets = async (
  { organizations, messageBudgets }: BudgetRepositories,
  defaults: MessageLimits,
  organization: OrganizationId,
): Promise<PresentBudgets> => {
  const [stored, { day, used }] = await Promise.all([
    organizations.limits(organization),
    messageBudgets.today(organization),
  ]);
  const limits = effectiveLimits(defaults, stored);
  const budgetOf = (channel: Channel): PresentBudget => ({
    budget: limits[channel],
    used: used[channel],
    left: Math.max(limits[channel] - used[channel], 0),
    reserve: reserveOf(limits[channel]),
    isNearlySpent: used[channel] >= warningAt(limits[channel]),
  });
  return {
    day,
    sms: budgetOf('sms'),
    email: budgetOf('email'),
    smsCountries: limits.smsCountries,
    own: stored.own,
  };
};
