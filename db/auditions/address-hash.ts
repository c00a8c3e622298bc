/** Hashes email addresses. No table stores an address. */
import { domainToASCII } from 'node:url';
import { comparableEmail } from '../../domain/audition/mailto.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { sha256 } from '../digest.ts';

/**
 * Returns the hash of an address. All spellings have one hash: in upper or lower case, with the domain in Unicode or in
 * Punycode, with a local part in quotes that needs none. The hash differs between organizations, so that it does not tell which of them share a recipient.
 */
export const addressHash = (organization: OrganizationId, address: string): string =>
  sha256(`${organization}\n${canonicalAddress(address)}`);

/** Mail servers treat the local part as case-insensitive, although RFC 5321, section 2.4, lets them differ. */
const canonicalAddress = (address: string): string => {
  const lowerCase = comparableEmail(address);
  const at = lowerCase.lastIndexOf('@');
  const domain = lowerCase.slice(at + 1);
  return `${withoutQuotes(lowerCase.slice(0, at))}@${domainToASCII(domain) || domain}`;
};

/** `"ada"` and `ada` are one mailbox, and in quotes a backslash only protects the next character (RFC 5321, section 4.1.2). */
const withoutQuotes = (local: string): string =>
  /^".*"$/.test(local) ? local.slice(1, -1).replaceAll(/\\(.)/g, '$1') : local;
