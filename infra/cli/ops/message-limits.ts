/** Parses and shows the limits of what organizations may send. */
import { InvalidArgumentError } from 'commander';
import { createOrganizations } from '../../../db/access/organizations.ts';
import { createMessageBudgets } from '../../../db/budgets/message-budgets.ts';
import { readPresentBudgets } from '../../../db/budgets/present-budgets.ts';
import type { Database } from '../../../db/client.ts';
import type { MessageLimits, PartialMessageLimits } from '../../../domain/budgets/message-limits.ts';
import { smsCountriesSchema } from '../../../domain/budgets/phone-country.ts';
import type { OrganizationId } from '../../../domain/ids.ts';

/** A limit that was given as an option. Null: that of the service. Commander would replace an option that is null itself. */
export interface LimitOption<Value> {
  readonly limit: Value | null;
}

/** The countries to which the operator permits text messages. */
export type GrantedCountries = NonNullable<PartialMessageLimits['smsCountries']>;

/** @throws {InvalidArgumentError} */
export const parseBudget = (text: string): LimitOption<number> => {
  if (text === 'default') return { limit: null };
  if (/^\d{1,9}$/.test(text)) return { limit: Number(text) };
  throw new InvalidArgumentError('write a whole number, or default for that of the service');
};

/** @throws {InvalidArgumentError} */
export const parseCountries = (text: string): LimitOption<GrantedCountries> => {
  if (text === 'default') return { limit: null };
  const wanted = text === 'any' ? text : text.split(',').map((country) => country.trim().toUpperCase());
  const parsed = smsCountriesSchema.safeParse(wanted);
  if (parsed.success) return { limit: parsed.data };
  throw new InvalidArgumentError('write countries of ISO 3166-1 such as FR,BE, or any, or default');
};

/** Returns what each organization has sent today, and what it may send. */
export const readBudgets = async (
  db: Database,
  defaults: MessageLimits,
  only: OrganizationId | undefined,
) => {
  const organizations = createOrganizations(db);
  const messageBudgets = createMessageBudgets(db);
  const all = (await organizations.list()).filter(({ id }) => only === undefined || id === only);
  return Promise.all(
    all.map(async ({ id: organization }) => ({
      organization,
      ...(await readPresentBudgets({ organizations, messageBudgets }, defaults, organization)),
    })),
  );
};
