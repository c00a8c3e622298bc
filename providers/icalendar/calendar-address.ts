/** Reads the addresses of attendees and organizers (RFC 5545, section 3.3.3). */
import { comparableEmail, emailOfMailto } from '../../domain/audition/mailto.ts';
import { parameterOf, rawValueOf } from './parameters.ts';

/**
 * Returns the email address of an ATTENDEE or ORGANIZER in the form in which addresses are compared. A value that is no `mailto` URI
 * gives way to the parameter EMAIL (RFC 7986, section 6.2), as iCloud writes it.
 */
export const addressOf = (line: string): string => {
  const value = rawValueOf(line).trim();
  const stated = /^mailto:/i.test(value) ? undefined : emailOf(line);
  return stated ?? emailOfMailto(value);
};

/** Returns the parameter EMAIL in the form in which addresses are compared. */
export const emailOf = (line: string): string | undefined =>
  comparableEmail(parameterOf(line, 'EMAIL') ?? '') || undefined;
