/**
 * Derives the ids and the name of an account from its address. The same address always gives the same ids.
 */
import { createHash } from 'node:crypto';
import type { MicrosoftSandboxSettings } from '../settings.ts';

const guidOf = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};

/** Returns the object id of an account in the tenant. */
export const objectIdOf = (account: string): string => guidOf(account);

/** Returns the subject of an account. Microsoft's subjects differ from app to app. */
export const subjectOf = (account: string): string =>
  createHash('sha256').update(`sub ${account}`).digest('base64url');

/** Returns the display name of an account. */
export const displayNameOf = (account: string): string => account.split('@')[0] ?? account;

/** Returns whether the account is a personal one, of Outlook.com. It belongs to no organization. */
export const isPersonal = (account: string): boolean => /@(outlook|hotmail|live)\./i.test(account);

/** Returns whether events of the account's calendars can be Teams meetings: not of personal accounts, nor without a license. */
export const offersTeams = (
  account: string,
  {
    calendarsWithoutTeams,
    unlicensedOrganizers,
  }: Pick<MicrosoftSandboxSettings, 'calendarsWithoutTeams' | 'unlicensedOrganizers'>,
): boolean =>
  !isPersonal(account) && !calendarsWithoutTeams.includes(account) && !unlicensedOrganizers.includes(account);
