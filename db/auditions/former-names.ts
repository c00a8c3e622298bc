/**
 * Keeps the names that calendars had without a key, for as long as an id is sealed whose context has the former name. The names are
 * sealed under the key of the names: a copy of the main database does not confirm a guess.
 */
import type { Vault } from '../vault/envelope-encryption.ts';
import { namesKeyId } from './stored-names.ts';

/** A row whose sealed id has the name of the calendar in its context. */
interface NamedRow {
  readonly calendar: string;
  /** Null: the id was sealed with the present name. */
  readonly sealedFormerName: string | null;
}

const contextOf = (keyed: string): string => `former name of ${keyed}`;

/** Returns the sealed former name of the calendar that has this name now. */
export const sealFormerName = (vault: Pick<Vault, 'seal'>, keyed: string, former: string): Promise<string> =>
  vault.seal(namesKeyId, former, contextOf(keyed));

/** Returns the name of the calendar in the context of the sealed id. @throws the errors of `Vault.open` */
export const nameWhenSealed = async (
  vault: Pick<Vault, 'open'>,
  { calendar, sealedFormerName }: NamedRow,
): Promise<string> =>
  sealedFormerName === null ? calendar : vault.open(namesKeyId, sealedFormerName, contextOf(calendar));
