/** Tells what the plan of a personal Google account does to its meetings. */
import type { Slot } from '../../domain/audition/slot.ts';
import { hour } from '../../domain/time/units.ts';
import type { ConnectedAccount } from '../ports.ts';

const gmailDomains: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);

/**
 * Returns whether the address is one of Gmail, whose account is a personal one. A personal account can have an address of another
 * provider, which looks like one of a Workspace.
 */
export const isGmailAddress = (address: string): boolean =>
  gmailDomains.has(address.trim().toLowerCase().split('@').at(-1) ?? '');

/**
 * Returns whether Meet can end a meeting before its slot ends. A meeting of a personal account ends after an hour when three or more
 * people are in it; that of two people, and of a Workspace, after 24 hours, which no slot exceeds:
 * https://support.google.com/meet/answer/7317473. Google does not tell whether a personal account has a paid plan.
 * A connection of an earlier version does not tell whether it is a personal account: then the address does.
 */
export const canEndEarly = (
  { account, isPersonal = isGmailAddress(account) }: Pick<ConnectedAccount, 'account' | 'isPersonal'>,
  { start, end }: Slot,
): boolean => isPersonal && Date.parse(end) - Date.parse(start) > hour;
