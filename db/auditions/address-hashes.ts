/** The hashes of email addresses as the tables have them: with a key, because addresses can be guessed. */
import type { OrganizationId } from '../../domain/ids.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedHashes, type KeyedHashes } from '../vault/keyed-hashes.ts';
import { addressHash } from './address-hash.ts';

export interface AddressHashes {
  /** Returns the hash that is stored for an address. */
  of(organization: OrganizationId, address: string): Promise<string>;
  /** Returns the hashes with which an address can be stored: also that without a key, of earlier versions. */
  formsOf(organization: OrganizationId, address: string): Promise<readonly string[]>;
}

/** Creates the keyed hashes of the columns `address`. */
export const createKeyedAddresses = (vault: Pick<Vault, 'code'>): KeyedHashes =>
  createKeyedHashes(vault, 'email address');

/** Creates the hashes of addresses. */
export const createAddressHashes = (vault: Pick<Vault, 'code'>): AddressHashes => {
  const hashes = createKeyedAddresses(vault);
  return {
    of: (organization, address) => hashes.of(organization, addressHash(organization, address)),
    formsOf: (organization, address) => hashes.formsOf(organization, addressHash(organization, address)),
  };
};
