/** The database as the rest of the service sees it. */
import type { QuotaBook } from '../domain/providers/quota-book.ts';
import type { KeyWrapping } from '../foundation/encryption/key-wrapping.ts';
import { createAdministrativeActs } from './access/administrative-acts.ts';
import { createApiKeys } from './access/api-keys.ts';
import { createIdempotentRequests } from './access/idempotent-requests.ts';
import { createOrganizations } from './access/organizations.ts';
import { createDeliveries } from './auditions/notice-deliveries.ts';
import { createAuditionReadModel } from './auditions/read-model.ts';
import { createSlotHolds } from './auditions/slot-holds.ts';
import type { DatabaseConnection } from './client.ts';
import { type Accounts, createAccounts } from './connections/accounts.ts';
import {
  type AuthorizationRequests,
  createAuthorizationRequests,
} from './connections/authorization-requests.ts';
import { createFallenConnections, type FallenConnections } from './connections/disconnected-accounts.ts';
import { createPendingRevocations, type PendingRevocations } from './connections/pending-revocations.ts';
import { createConnections } from './connections/repository.ts';
import { createOutbox } from './endpoints/outbox.ts';
import { createEndpointProgress } from './endpoints/progress.ts';
import { createWebhookEndpoints } from './endpoints/repository.ts';
import { createInboxAddressees } from './inbox/routing.ts';
import { createWatchSubscriptions } from './inbox/watch-subscriptions.ts';
import { createWebhookInbox } from './inbox/webhooks.ts';
import type { InboxAddressees, WatchSubscriptions, WebhookInbox } from './inbox-contract.ts';
import { createOperationLedger } from './ledger/operations.ts';
import type { EndpointProgress, Outbox, WebhookEndpoints } from './platform-contract.ts';
import { createProviderHealth, type ProviderHealth } from './providers/health.ts';
import { createQuotas } from './providers/quotas.ts';
import type * as contract from './repositories.ts';
import { createEventStore } from './trail/event-store.ts';
import { type CredentialReads, createCredentialReads } from './vault/credential-reads.ts';
import { createVault, type Vault } from './vault/envelope-encryption.ts';

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
