/**
 * Keys the hashes of names that can be guessed, such as addresses: without the key database and the master keys, a stored hash does not
 * confirm a guess. The key does not change with the master keys, so that equal names have equal hashes for as long as rows exist.
 */
import type { OrganizationId } from '../../domain/ids.ts';
import type { Vault } from './envelope-encryption.ts';

/** Whose hashes are compared with each other. The hosts of meetings, and calendars, are compared across organizations. */
type HashOwner = OrganizationId | 'hosts' | 'calendars';

export interface KeyedHashes {
  /** Returns the keyed form of a SHA-256 in hexadecimal digits: `v1:` and the code. */
  of(owner: HashOwner, hash: string): Promise<string>;
  /** Returns both forms in which a row can have the hash, the keyed one first. Earlier versions have stored it without a key. */
  formsOf(owner: HashOwner, hash: string): Promise<readonly [keyed: string, plain: string]>;
}

/** The keyed form begins with it. */
export const keyedPrefix = 'v1:';

/** Returns the id of the data key of an owner's hashes. */
export const hashKeyId = (owner: HashOwner): string => `hashes:${owner}`;

/** Returns the function that returns the keyed form of a SHA-256, as `KeyedHashes.of` does, without waiting. */
export const readHashing = async (
  vault: Pick<Vault, 'coder'>,
  owner: HashOwner,
  purpose: string,
): Promise<(hash: string) => string> => {
  const codeOf = await vault.coder(hashKeyId(owner), purpose);
  return (hash) => `${keyedPrefix}${codeOf(hash)}`;
};

/** Creates the hashes of one purpose. Those of different purposes are not comparable. */
export const createKeyedHashes = (vault: Pick<Vault, 'code'>, purpose: string): KeyedHashes => {
  const of = async (owner: HashOwner, hash: string): Promise<string> =>
    `${keyedPrefix}${await vault.code(hashKeyId(owner), hash, purpose)}`;
  return {
    of,
    formsOf: async (owner, hash) => [await of(owner, hash), hash],
  };
};
