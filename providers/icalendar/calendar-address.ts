/** Reads the addresses of attendees and organizers (RFC 5545, section 3.3.3). */
import { parameterOf, rawValueOf } from './properties.ts';

/**
 * Returns the email address of an ATTENDEE or ORGANIZER, in lower case. A `mailto` URI escapes characters and can have header
 * fields (RFC 6068, section 2): `mailto:ada%2Bcasting@example.com`. Without it, the address is the parameter EMAIL (RFC 7986,
 * section 6.2), as iCloud writes it, or the value as it is.
 */
export const addressOf = (line: string): string => {
  const value = rawValueOf(line).trim().toLowerCase();
  const [, mailed] = /^mailto:([^?]*)/.exec(value) ?? [];
  const address = mailed === undefined ? (emailOf(line) ?? value) : unescaped(mailed);
  return address.trim().replace(/^<(.*)>$/, '$1');
};

/** Returns the parameter EMAIL in lower case. */
export const emailOf = (line: string): string | undefined =>
  parameterOf(line, 'EMAIL')?.trim().toLowerCase() || undefined;

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
