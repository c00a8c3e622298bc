/**
 * Keys the hashes of names that can be guessed, such as addresses: without the key database and the master keys, a stored hash does not
 * confirm a guess. The key does not change with the master keys, so that equal names have equal hashes for as long as rows exist.
 */
import type { OrganizationId } from '../../domain/ids.ts';
import type { Vault } from './envelope-encryption.ts';

export interface KeyedHashes {
  /** Returns the keyed form of a SHA-256 in hexadecimal digits: `v1:` and the code. */
  of(organization: OrganizationId, hash: string): Promise<string>;
  /** Returns both forms in which a row can have the hash. Earlier versions have stored it without a key. */
  formsOf(organization: OrganizationId, hash: string): Promise<readonly string[]>;
}

/** The hashes of earlier versions, as a pattern of PostgreSQL. */
export const unkeyedHash = '^[0-9a-f]{64}$';

/** Returns the id of the data key of an organization's hashes. */
const hashKeyId = (organization: OrganizationId): string => `hashes:${organization}`;

/** Creates the hashes of one purpose. Those of different purposes are not comparable. */
export const createKeyedHashes = (vault: Pick<Vault, 'code'>, purpose: string): KeyedHashes => {
  const of = async (organization: OrganizationId, hash: string): Promise<string> =>
    `v1:${await vault.code(hashKeyId(organization), hash, purpose)}`;
  return {
    of,
    formsOf: async (organization, hash) => [await of(organization, hash), hash],
  };
};
