/** The hashes of the hosts of meetings: with a key, because the account of a host is usually an email address. */
import { sha256 } from '../digest.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedHashes, type KeyedHashes } from '../vault/keyed-hashes.ts';

/** One key for all organizations, because the exclusion constraint compares the hosts of all of them. */
export const ownerOfHosts = 'hosts';

export interface HostHashes {
  /** Returns the hash that is stored for a host, and the one without a key, which earlier versions have stored. */
  formsOf(host: string): Promise<readonly [keyed: string, plain: string]>;
}

/** Creates the keyed hashes of `meeting_host_claims.host`. */
export const createKeyedHosts = (vault: Pick<Vault, 'code'>): KeyedHashes =>
  createKeyedHashes(vault, 'meeting host');

/** Creates the hashes of hosts. */
export const createHostHashes = (vault: Pick<Vault, 'code'>): HostHashes => {
  const hashes = createKeyedHosts(vault);
  return { formsOf: (host) => hashes.formsOf(ownerOfHosts, sha256(host)) };
};
