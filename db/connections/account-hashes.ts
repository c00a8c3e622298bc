/** The hashes that find the connections of an account: with a key, because an account id can be an email address. */
import type { OrganizationId } from '../../domain/ids.ts';
import { sha256 } from '../digest.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedHashes, type KeyedHashes } from '../vault/keyed-hashes.ts';

/** An account, and for whom it is connected. One account can be connected for several owners. */
export interface AccountOfOwner {
  readonly organization: OrganizationId;
  readonly owner?: string | null | undefined;
  readonly provider: string;
  readonly account: { readonly id: string };
}

export interface AccountHashes {
  /** Returns the hash that is stored for an account. */
  of(account: AccountOfOwner): Promise<string>;
  /** Returns the hashes with which an account can be stored: also that without a key, of earlier versions. */
  formsOf(account: AccountOfOwner): Promise<readonly string[]>;
}

/** Creates the keyed hashes of `connections.account_reference`. */
export const createKeyedAccounts = (vault: Pick<Vault, 'code'>): KeyedHashes =>
  createKeyedHashes(vault, 'connection of an account');

/** Creates the hashes of accounts. */
export const createAccountHashes = (vault: Pick<Vault, 'code'>): AccountHashes => {
  const hashes = createKeyedAccounts(vault);
  return {
    of: (account) => hashes.of(account.organization, accountHashOf(account)),
    formsOf: (account) => hashes.formsOf(account.organization, accountHashOf(account)),
  };
};

/** Returns the hash without a key: SHA-256 of organization, owner, provider and account id. */
export const accountHashOf = ({ organization, owner, provider, account }: AccountOfOwner): string =>
  sha256(JSON.stringify([organization, owner ?? null, provider, account.id]));
