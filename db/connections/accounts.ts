/**
 * Connects and disconnects accounts. One transaction contains the change, its administrative act and its consequence:
 * the webhook that resumes waiting auditions or ends the synchronisation, and the pending revocation. After a crash, all of it is stored or nothing.
 */
import { randomUUID } from 'node:crypto';
import type { CalendarChoice } from '../../domain/calendars/calendar-choice.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { createWebhookInbox } from '../inbox/webhooks.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import type { AccountReferences } from './account-references.ts';
import type { ConnectRequest, ConnectResult } from './connect-account.ts';
import { type GrantUse, readGrantUse } from './grant-use.ts';
import { createPendingRevocations, type RevocableGrant } from './pending-revocations.ts';
import { type Connection, createConnections } from './repository.ts';
import { forgetDamage } from './unreadable-events.ts';

export interface Accounts {
  /** Connects an account as `Connections.connect` does. When it was known before, notifies the auditions that wait for it. */
  connect(account: ConnectRequest, actor: Actor): Promise<ConnectResult>;
  /**
   * Stores the choice of calendars of an account. Returns false when the account is not connected. Idempotent; each call
   * records an administrative act.
   */
  chooseCalendars(
    connection: Pick<Connection, 'id' | 'organization'>,
    actor: Actor,
    choice: CalendarChoice,
  ): Promise<boolean>;
  /**
   * Disconnects an account, erases its credentials, and notifies the synchronisation of its calendars.
   * @param toRevoke the grant to revoke at the provider. It is stored, sealed, until it is revoked.
   * @returns the pending revocation; undefined without `toRevoke`.
   */
  disconnect(
    connection: Pick<Connection, 'id' | 'organization' | 'provider'>,
    actor: Actor,
    toRevoke?: {
      readonly provider: OAuthProvider;
      readonly refreshToken: string;
      /** The provider's id of the account. */
      readonly accountId: string;
    },
  ): Promise<StoredRevocation | undefined>;
}

interface StoredRevocation {
  readonly id: string;
  /** Whether other connections use the grant, which must then not be revoked. */
  readonly grantUse: GrantUse;
}

/** Creates the repository that connects and disconnects accounts. */
export const createAccounts = (db: Database, vault: Vault, references: AccountReferences): Accounts => ({
  async connect(account, actor) {
    const { organization, provider } = account;
    return db.transaction(async (transaction) => {
      const outcome = await createConnections(transaction, vault, references).connect(account);
      if (outcome.kind !== 'connected') return outcome;
      const { id, wasKnown } = outcome;
      await createAdministrativeActs(transaction).record({
        organization,
        ...actor,
        act: 'connection.connected',
        target: id,
        detail: { provider, again: wasKnown },
      });
      if (!wasKnown) return outcome;
      await createWebhookInbox(transaction, vault).receive({
        provider: 'castmatch',
        dedupeKey: `${id} ${randomUUID()}`,
        kind: 'connection.restored',
        event: { organization, connection: id, principal: actor.principal },
        correlationId: actor.correlationId,
      });
      return outcome;
    });
  },

  async chooseCalendars({ id, organization }, actor, choice) {
    return db.transaction(async (transaction) => {
      const stored = await createConnections(transaction, vault, references).putChoice(
        organization,
        id,
        choice,
      );
      if (!stored) return false;
      await createAdministrativeActs(transaction).record({
        organization,
        ...actor,
        act: 'connection.calendars_chosen',
        target: id,
        detail: { writesToMain: choice.written === undefined, busyCount: choice.busy.length },
      });
      return true;
    });
  },

  async disconnect({ id, organization, provider }, actor, toRevoke) {
    return db.transaction(async (transaction) => {
      const connections = createConnections(transaction, { ...vault, destroy: async () => {} }, references);
      await connections.disconnect(organization, id);
      await forgetDamage(transaction, { connection: id });
      await createAdministrativeActs(transaction).record({
        organization,
        ...actor,
        act: 'connection.disconnected',
        target: id,
        detail: { provider },
      });
      await createWebhookInbox(transaction, vault).receive({
        provider: 'castmatch',
        dedupeKey: `${id} ${randomUUID()}`,
        kind: 'connection.disconnected',
        event: { organization, connection: id, principal: actor.principal },
        correlationId: actor.correlationId,
      });
      const revocation =
        toRevoke &&
        (await storeRevocation(transaction, vault, references, {
          ...toRevoke,
          organization,
          connection: id,
          correlationId: actor.correlationId,
        }));
      // Last, and before the commit: when the transaction fails, the account is connected and is disconnected again.
      await vault.destroy(id);
      return revocation;
    });
  },
});

/** Another organization can disconnect the account simultaneously. Then both see it used, and the worker revokes it. */
const storeRevocation = async (
  transaction: Database,
  vault: Vault,
  references: AccountReferences,
  { accountId, ...grant }: RevocableGrant & { readonly refreshToken: string; readonly accountId: string },
): Promise<StoredRevocation> => {
  const { connection, provider } = grant;
  const providerAccount = references.of(provider, accountId);
  const grantUse = await readGrantUse(transaction, { connection, provider, providerAccount });
  const id = await createPendingRevocations(transaction, vault).put({ ...grant, providerAccount });
  return { id, grantUse };
};
