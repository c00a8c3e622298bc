/** Seals the id of a synchronized calendar. The data key is that of the connection, so disconnecting destroys it. */
import type { ConnectionId } from '../../domain/ids.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

interface CalendarKey {
  readonly connection: ConnectionId;
  /** The stored resource. */
  readonly calendar: string;
}

const contextOf = ({ connection, calendar }: CalendarKey): string => `id of ${calendar} of ${connection}`;

/** Returns the sealed id. */
export const sealCalendarId = (
  vault: Pick<Vault, 'seal'>,
  of: CalendarKey,
  calendarId: string,
): Promise<string> => vault.seal(of.connection, calendarId, contextOf(of));

/** Returns the id. @throws the errors of `Vault.open` */
export const openCalendarId = (
  vault: Pick<Vault, 'open'>,
  of: CalendarKey,
  sealed: string,
): Promise<string> => vault.open(of.connection, sealed, contextOf(of));

/** Resolves to undefined when the text cannot be opened, because its data key was destroyed. */
export const ifReadable = async <Opened>(open: () => Promise<Opened>): Promise<Opened | undefined> => {
  try {
    return await open();
  } catch (error) {
    if (error instanceof NotAuthentic) return undefined;
    throw error;
  }
};
