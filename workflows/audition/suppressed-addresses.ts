/**
 * Remembers about which addresses an operator was asked, because nothing is sent to them. Each audition asks once about
 * an address for all of its reminders. An invitation, an update or a cancellation that is not sent is asked about each
 * time.
 */
import type { Channel } from '../../domain/audition/request.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { AuditionRun } from './run.ts';

interface Address {
  readonly recipient: ParticipantId;
  readonly channel: Channel;
}

/** The codes after which nothing more is sent to an address. */
const suppressingCodes: ReadonlySet<string | undefined> = new Set(['bounced', 'complained', 'suppressed']);

/** Returns whether nothing more is sent to an address after a report with this code. */
export const isSuppressingCode = (code: string | undefined): boolean => suppressingCodes.has(code);

/** Remembers the address when the code says that nothing more is sent to it. Returns whether it was known before. */
export const rememberSuppressed = (run: AuditionRun, address: Address, code: string | undefined): boolean =>
  isSuppressingCode(code) && rememberForbidden(run, address);

/** Remembers an address to which nothing is sent, such as a number of a forbidden country. Returns whether it was known before. */
export const rememberForbidden = (run: AuditionRun, address: Address): boolean => {
  const key = addressKey(address);
  if (run.suppressedAddresses.includes(key)) return true;
  run.suppressedAddresses = [...run.suppressedAddresses, key];
  return false;
};

/** Forgets the addresses of a participant who was replaced or has left. */
export const forgetSuppressed = (run: AuditionRun, recipient: ParticipantId): void => {
  run.suppressedAddresses = run.suppressedAddresses.filter((key) => !key.startsWith(`${recipient}:`));
};

const addressKey = ({ recipient, channel }: Address): string => `${recipient}:${channel}`;
