/** Seals and opens the secrets of a `connections` row. A sealed value opens only in its own column and connection. */
import { z } from 'zod';
import type { CalendarChoice } from '../../domain/calendars/calendar-choice.ts';
import type { Credential } from '../../domain/connections/grant.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

interface ConnectionKey {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
}

interface ProviderAccount {
  /** The provider's id of the account. */
  readonly id: string;
  /** Display name, usually an email address. */
  readonly name: string;
  /** Whether it belongs to a person and to no organization. Undefined: unknown. */
  readonly isPersonal?: boolean | undefined;
}

const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  isPersonal: z.boolean().optional(),
});

const credentialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('oauth'), refreshToken: z.string() }),
  z.object({
    kind: z.literal('app_password'),
    serverUrl: z.string(),
    username: z.string(),
    password: z.string(),
  }),
  z.object({ kind: z.literal('feed_address'), address: z.string() }),
]);

const chosenCalendarSchema = z.object({ calendarId: z.string(), name: z.string() });
const calendarChoiceSchema = z.object({
  written: chosenCalendarSchema.optional(),
  busy: z.array(chosenCalendarSchema),
});

export interface ConnectionSecrets {
  readonly account: SealedField<ProviderAccount>;
  readonly credential: SealedField<Credential>;
  readonly accessToken: SealedField<string>;
  readonly calendarChoice: SealedField<CalendarChoice>;
}

interface SealedField<Value> {
  seal(of: ConnectionKey, value: Value): Promise<string>;
  /** @throws the errors of `Vault.open`. */
  open(of: ConnectionKey, sealed: string): Promise<Value>;
}

/** Creates the functions that seal and open the secrets of a connection. */
export const createConnectionSecrets = (vault: Vault): ConnectionSecrets => {
  const sealing = <Value>(what: string, schema: z.ZodType<Value>): SealedField<Value> => {
    const contextOf = ({ id, organization }: ConnectionKey) => `${what} of ${id} of ${organization}`;
    return {
      seal: (of, value) => vault.seal(of.id, JSON.stringify(value), contextOf(of)),
      open: async (of, sealed) => schema.parse(JSON.parse(await vault.open(of.id, sealed, contextOf(of)))),
    };
  };
  return {
    account: sealing('account', accountSchema),
    credential: sealing('credential', credentialSchema),
    accessToken: sealing('access token', z.string()),
    calendarChoice: sealing('calendar choice', calendarChoiceSchema),
  };
};
