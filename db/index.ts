/** The database as the rest of the service sees it. */
import { createAdministrativeActs } from './administrative-acts.ts';
import { createApiKeys } from './api-keys.ts';
import { createAuditionReadModel } from './audition-read-model.ts';
import type { Database } from './connection.ts';
import { createConnections } from './connections.ts';
import { createDeliveries } from './deliveries.ts';
import { createEventStore } from './event-store.ts';
import { createIdempotentRequests } from './idempotent-requests.ts';
import { createOperationLedger } from './operation-ledger.ts';
import { createOrganizations } from './organizations.ts';
import type * as contract from './repositories.ts';
import type { Sealer } from './sealer.ts';
import { createSlotHolds } from './slot-holds.ts';
import { createWebhookInbox } from './webhook-inbox.ts';

export interface Repositories {
  readonly events: contract.EventStore;
  readonly auditions: contract.AuditionReadModel;
  readonly ledger: contract.OperationLedger;
  readonly holds: contract.SlotHolds;
  readonly connections: contract.Connections;
  readonly organizations: contract.Organizations;
  readonly apiKeys: contract.ApiKeys;
  readonly administrativeActs: contract.AdministrativeActs;
  readonly idempotentRequests: contract.IdempotentRequests;
  readonly deliveries: contract.Deliveries;
  readonly inbox: contract.WebhookInbox;
}

export const createRepositories = (db: Database, sealer: Sealer): Repositories => ({
  events: createEventStore(db),
  auditions: createAuditionReadModel(db),
  ledger: createOperationLedger(db),
  holds: createSlotHolds(db),
  connections: createConnections(db, sealer),
  organizations: createOrganizations(db),
  apiKeys: createApiKeys(db),
  administrativeActs: createAdministrativeActs(db),
  idempotentRequests: createIdempotentRequests(db),
  deliveries: createDeliveries(db),
  inbox: createWebhookInbox(db, {
    seal: async (dataKey, text, place) => sealer.seal(text, `${dataKey} ${place}`),
    open: async (dataKey, sealed, place) => sealer.open(sealed, `${dataKey} ${place}`),
  }),
});
