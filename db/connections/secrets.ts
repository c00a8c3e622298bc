/** What is sealed in a row of `connections`. Nothing opens in another's place, nor another connection's. */
import { z } from 'zod';
import type { Credential } from '../../domain/connections/grant.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

interface ConnectionKey {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
}

export interface ProviderAccount {
  /** The provider's own id of it. */
  readonly id: string;
  /** What a person knows it by. */
  readonly name: string;
}

const accountSchema = z.object({ id: z.string(), name: z.string() });

const credentialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('oauth'), refreshToken: z.string() }),
  z.object({
    kind: z.literal('app_password'),
    serverUrl: z.string(),
    username: z.string(),
    password: z.string(),
  }),
]);

export interface ConnectionSecrets {
  readonly account: SealedField<ProviderAccount>;
  readonly credential: SealedField<Credential>;
  readonly accessToken: SealedField<string>;
}

interface SealedField<Value> {
  seal(of: ConnectionKey, value: Value): Promise<string>;
  /** Throws what the vault throws. */
  open(of: ConnectionKey, sealed: string): Promise<Value>;
}

export const createConnectionSecrets = (vault: Vault): ConnectionSecrets => {
  const sealing = <Value>(what: string, schema: z.ZodType<Value>): SealedField<Value> => {
    const place = ({ id, organization }: ConnectionKey) => `${what} of ${id} of ${organization}`;
    return {
      seal: (of, value) => vault.seal(of.id, JSON.stringify(value), place(of)),
      open: async (of, sealed) => schema.parse(JSON.parse(await vault.open(of.id, sealed, place(of)))),
    };
  };
  return {
    account: sealing('account', accountSchema),
    credential: sealing('credential', credentialSchema),
    accessToken: sealing('access token', z.string()),
  };
};
