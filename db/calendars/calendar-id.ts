/** Seals the id of a synchronized calendar. The data key is that of the connection, so disconnecting destroys it. */
import type { ConnectionId } from '../../domain/ids.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import { nameWhenSealed } from '../auditions/former-names.ts';
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

/** A row of `synced_calendars`. */
interface SealedCalendarId extends CalendarKey {
  readonly sealedCalendarId: string;
  readonly sealedFormerName: string | null;
}

/** Returns the id. @throws the errors of `Vault.open` */
export const openCalendarId = async (vault: Pick<Vault, 'open'>, row: SealedCalendarId): Promise<string> => {
  const { connection, sealedCalendarId } = row;
  const calendar = await nameWhenSealed(vault, row);
  return vault.open(connection, sealedCalendarId, contextOf({ connection, calendar }));
};

/** Resolves to undefined when the text cannot be opened, because its data key was destroyed. */
export const ifReadable = async <Opened>(open: () => Promise<Opened>): Promise<Opened | undefined> => {
  try {
    return await open();
  } catch (error) {
    if (error instanceof NotAuthentic) return undefined;
    throw error;
  }
};
