/**
 * Connects and disconnects accounts. One transaction contains the change, its administrative act and its consequence:
 * the webhook that resumes waiting auditions or ends the synchronisation, and the pending revocation. After a crash, all of it is stored or nothing.
 */
import { randomUUID } from 'node:crypto';
import type { CalendarChoice } from '../../domain/calendars/calendar-choice.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { createWebhookInbox } from '../inbox/webhooks.ts';
import { createVault, type Vault } from '../vault/envelope-encryption.ts';
import type { ConnectRequest, ConnectResult } from './connect-account.ts';
import { createPendingRevocations } from './pending-revocations.ts';
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
   * @returns the id of the pending revocation; undefined without `toRevoke`.
   */
  disconnect(
    connection: Pick<Connection, 'id' | 'organization' | 'provider'>,
    actor: Actor,
    toRevoke?: { readonly provider: OAuthProvider; readonly refreshToken: string },
  ): Promise<string | undefined>;
}

/** Creates the repository that connects and disconnects accounts. */
export const createAccounts = (
  db: Database,
  wrapping: KeyWrapping,
  vault: Pick<Vault, 'evict'>,
): Accounts => ({
  async connect(account, actor) {
    const { organization, provider } = account;
    const connected = await db.transaction(async (transaction) => {
      // A separate vault: its cache must not keep a data key that is rolled back with the transaction.
      const sealing = createVault(transaction, wrapping);
      const outcome = await createConnections(transaction, sealing).connect(account);
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
      await createWebhookInbox(transaction, sealing).receive({
        provider: 'castmatch',
        dedupeKey: `${id} ${randomUUID()}`,
        kind: 'connection.restored',
        event: { organization, connection: id },
        correlationId: actor.correlationId,
      });
      return outcome;
    });
    if (connected.kind === 'connected') vault.evict(connected.id);
    return connected;
  },

  async chooseCalendars({ id, organization }, actor, choice) {
    return db.transaction(async (transaction) => {
      const stored = await createConnections(transaction, createVault(transaction, wrapping)).putChoice(
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
    const revocation = await db.transaction(async (transaction) => {
      const sealing = createVault(transaction, wrapping);
      await createConnections(transaction, sealing).disconnect(organization, id, 'disconnected_here');
      await forgetDamage(transaction, { connection: id });
      await createAdministrativeActs(transaction).record({
        organization,
        ...actor,
        act: 'connection.disconnected',
        target: id,
        detail: { provider },
      });
      await createWebhookInbox(transaction, sealing).receive({
        provider: 'castmatch',
        dedupeKey: `${id} ${randomUUID()}`,
        kind: 'connection.disconnected',
        event: { organization, connection: id },
        correlationId: actor.correlationId,
      });
      if (!toRevoke) return undefined;
      return createPendingRevocations(transaction, sealing).put({
        ...toRevoke,
        organization,
        connection: id,
        correlationId: actor.correlationId,
      });
    });
    vault.evict(id);
    return revocation;
  },
});
