/** Reads what an organization may send in a day, for the operator commands that show it. */
import type { z } from 'zod';
import type { MessageLimits } from '../../domain/budgets/message-limits.ts';
import { UsageError } from './cli-configuration.ts';
import { defaultsFor, serviceVariables } from './defaults.ts';
import { setValues } from './environment-values.ts';
import { formOf } from './variable-types.ts';
import { type Variables, variables } from './variables.ts';

const limitVariables = variables.pick({
  CASTMATCH_ENV: true,
  SMS_DAILY_BUDGET: true,
  EMAIL_DAILY_BUDGET: true,
  SMS_COUNTRIES: true,
});
const shape: Readonly<Record<string, z.ZodType>> = limitVariables.shape;

/** Returns the limits of the parsed variables. */
export const messageLimitsOf = (
  set: Pick<Variables, 'SMS_DAILY_BUDGET' | 'EMAIL_DAILY_BUDGET' | 'SMS_COUNTRIES'>,
): MessageLimits => ({
  sms: set.SMS_DAILY_BUDGET,
  email: set.EMAIL_DAILY_BUDGET,
  smsCountries: set.SMS_COUNTRIES,
});

/**
 * Reads the limits from the environment.
 *
 * @throws {UsageError} with one line for each variable that is missing or malformed.
 */
export const readMessageLimits = (env: NodeJS.ProcessEnv = process.env): MessageLimits => {
  const values = setValues(env);
  // As in the service, a missing environment has the strictest rules.
  const environment = limitVariables.shape.CASTMATCH_ENV.catch('production').parse(values['CASTMATCH_ENV']);
  const parsed = limitVariables.safeParse({
    ...defaultsFor(environment, [serviceVariables]),
    CASTMATCH_ENV: environment,
    ...values,
  });
  if (parsed.success) return messageLimitsOf(parsed.data);
  const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))];
  throw new UsageError(
    names.map((name) => `Set ${name} as for the service, to ${formOf(shape[name])}.`).join('\n'),
  );
};
