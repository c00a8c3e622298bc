/** The database as the rest of the service sees it. */
import type { QuotaBook } from '../domain/quota-book.ts';
import type { KeyWrapping } from '../infra/encryption/key-wrapping.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { createAdministrativeActs } from './administrative-acts.ts';
import { createApiKeys } from './api-keys.ts';
import { createAuditionReadModel } from './audition-read-model.ts';
import { type AuthorizationRequests, createAuthorizationRequests } from './authorization-requests.ts';
import type { DatabaseConnection } from './connection.ts';
import { createConnections } from './connections.ts';
import { type CredentialReads, createCredentialReads } from './credential-reads.ts';
import { createDeliveries } from './deliveries.ts';
import { createEndpointProgress } from './endpoint-progress.ts';
import { createEventStore } from './event-store.ts';
import { createFallenConnections, type FallenConnections } from './fallen-connections.ts';
import { createIdempotentRequests } from './idempotent-requests.ts';
import { createInboxAddressees } from './inbox-addressees.ts';
import type { InboxAddressees, WatchSubscriptions, WebhookInbox } from './inbox-contract.ts';
import { createOperationLedger } from './operation-ledger.ts';
import { createOrganizations } from './organizations.ts';
import { createOutbox } from './outbox.ts';
import { createPendingRevocations, type PendingRevocations } from './pending-revocations.ts';
import type { EndpointProgress, Outbox, WebhookEndpoints } from './platform-contract.ts';
import { createProviderHealth, type ProviderHealth } from './provider-health.ts';
import { createQuotas } from './quotas.ts';
import type * as contract from './repositories.ts';
import { createSlotHolds } from './slot-holds.ts';
import { createVault, type Vault } from './vault.ts';
import { createWatchSubscriptions } from './watch-subscriptions.ts';
import { createWebhookEndpoints } from './webhook-endpoints.ts';
import { createWebhookInbox } from './webhook-inbox.ts';

export interface Repositories {
  readonly events: contract.EventStore;
  readonly auditions: contract.AuditionReadModel;
  readonly ledger: contract.OperationLedger;
  readonly holds: contract.SlotHolds;
  readonly connections: contract.Connections;
  readonly accounts: Accounts;
  readonly authorizationRequests: AuthorizationRequests;
  readonly fallenConnections: FallenConnections;
  readonly pendingRevocations: PendingRevocations;
  readonly credentialReads: CredentialReads;
  readonly vault: Vault;
  readonly organizations: contract.Organizations;
  readonly providerHealth: ProviderHealth;
  readonly quotas: QuotaBook;
  readonly apiKeys: contract.ApiKeys;
  readonly administrativeActs: contract.AdministrativeActs;
  readonly idempotentRequests: contract.IdempotentRequests;
  readonly deliveries: contract.Deliveries;
  readonly inbox: WebhookInbox;
  readonly addressees: InboxAddressees;
  readonly endpoints: WebhookEndpoints;
  readonly endpointProgress: EndpointProgress;
  readonly outbox: Outbox;
  readonly watches: WatchSubscriptions;
}

/** @param wrapping wraps the data keys that secrets are sealed under. */
export const createRepositories = (db: DatabaseConnection['db'], wrapping: KeyWrapping): Repositories => {
  const vault = createVault(db, wrapping);
  return {
    events: createEventStore(db),
    auditions: createAuditionReadModel(db),
    ledger: createOperationLedger(db),
    holds: createSlotHolds(db),
    connections: createConnections(db, vault),
    accounts: createAccounts(db, wrapping, vault),
    authorizationRequests: createAuthorizationRequests(db, vault),
    fallenConnections: createFallenConnections(db),
    pendingRevocations: createPendingRevocations(db, vault),
    credentialReads: createCredentialReads(db),
    vault,
    organizations: createOrganizations(db),
    providerHealth: createProviderHealth(db),
    quotas: createQuotas(db),
    apiKeys: createApiKeys(db),
    administrativeActs: createAdministrativeActs(db),
    idempotentRequests: createIdempotentRequests(db),
    deliveries: createDeliveries(db),
    watches: createWatchSubscriptions(db),
    inbox: createWebhookInbox(db, vault),
    addressees: createInboxAddressees(db),
    endpoints: createWebhookEndpoints(db, wrapping, vault),
    endpointProgress: createEndpointProgress(db),
    outbox: createOutbox(db),
  };
};
