/**
 * References of provider accounts that are equal in all organizations. A grant belongs to an account and this service:
 * revoking it in one organization ends it in all others (https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke).
 */
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';

export interface AccountReferences {
  /** Id of the key of new references, which begin with it and a colon. */
  readonly newestKeyId: string;
  /** Returns the reference that a connection stores. */
  of(provider: string, accountId: string): string;
  /** Returns the references under every key of the ring: one of them is stored by each connection of the account. */
  allOf(provider: string, accountId: string): readonly string[];
}

const valueOf = (provider: string, accountId: string): string => JSON.stringify([provider, accountId]);

/** Creates the references. */
export const createAccountReferences = (wrapping: Pick<KeyWrapping, 'references'>): AccountReferences => {
  const references = wrapping.references('provider account');
  return {
    newestKeyId: references.newestKeyId,
    of: (provider, accountId) => references.newest(valueOf(provider, accountId)),
    allOf: (provider, accountId) => references.all(valueOf(provider, accountId)),
  };
};
