/** Finds the one name of a Google calendar that can be given in several ways. */

import { isGmailAddress } from './personal-account.ts';

/** The calendar id that stands for the main calendar of the calling account. */
const primary = 'primary';

/**
 * Returns the same name for the same calendar, whichever account and organization names it. The id of the main calendar
 * is the address of its account: https://developers.google.com/workspace/calendar/api/concepts/events-calendars
 *
 * An alias address of a Workspace account cannot be recognized: only `calendars.get` resolves it, for which our scopes
 * do not suffice.
 *
 * @param account the address of the connected account
 */
export const googleCalendarName = (account: string, calendarId: string): string =>
  canonicalAddress(calendarId === primary ? account : calendarId);

/**
 * Addresses of Gmail have several spellings: dots, a part after `+`, and both domains do not matter.
 * https://support.google.com/mail/answer/7436150 and https://support.google.com/mail/answer/10313
 */
const canonicalAddress = (address: string): string => {
  const lowerCase = address.trim().toLowerCase();
  const at = lowerCase.lastIndexOf('@');
  if (at < 0 || !isGmailAddress(lowerCase)) return lowerCase;
  const [name = ''] = lowerCase.slice(0, at).split('+');
  return `${name.replaceAll('.', '')}@gmail.com`;
};
