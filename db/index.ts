/** Creates all repositories of the database. The other layers use the database through them only. */
import type { QuotaStore } from '../domain/providers/quota-store.ts';
import type { KeyWrapping } from '../foundation/encryption/key-wrapping.ts';
import { type AdministrativeActs, createAdministrativeActs } from './access/administrative-acts.ts';
import { type ApiKeys, createApiKeys } from './access/api-keys.ts';
import { createIdempotentRequests, type IdempotentRequests } from './access/idempotent-requests.ts';
import { createOrganizations, type Organizations } from './access/organizations.ts';
import { type Announcements, createAnnouncements } from './auditions/announcements.ts';
import { createJoinLinks, type JoinLinks } from './auditions/join-links.ts';
import { createNoticeDeliveries, type NoticeDeliveries } from './auditions/notice-deliveries.ts';
import { createParticipantFeeds, type ParticipantFeeds } from './auditions/participant-feeds.ts';
import { type AuditionReadModel, createAuditionReadModel } from './auditions/read-model.ts';
import { type AuditionRecords, createAuditionRecords } from './auditions/records.ts';
import { createSlotHolds, type SlotHolds } from './auditions/slot-holds.ts';
import { createSuppressions, type Suppressions } from './auditions/suppressions.ts';
import { createWaitingEntries, type WaitingEntries } from './auditions/waiting-entries.ts';
import { type BusyCalendars, createBusyCalendars } from './calendars/busy-calendars.ts';
import { type BusyTimes, createBusyTimes } from './calendars/busy-times.ts';
import { createParticipantConflicts, type ParticipantConflicts } from './calendars/participant-conflicts.ts';
import { createSyncedCalendars, type SyncedCalendars } from './calendars/synced-calendars.ts';
import { createSyncedEvents, type SyncedEvents } from './calendars/synced-events.ts';
import { createWrittenEvents, type WrittenEvents } from './calendars/written-events.ts';
import type { DatabaseClient } from './client.ts';
import { type Accounts, createAccounts } from './connections/accounts.ts';
import {
  type AuthorizationRequests,
  createAuthorizationRequests,
} from './connections/authorization-requests.ts';
import { type ConnectionFailures, createConnectionFailures } from './connections/connection-failures.ts';
import { type ConnectionProblems, createConnectionProblems } from './connections/connection-problems.ts';
import {
  createDisconnectedAccounts,
  type DisconnectedAccounts,
} from './connections/disconnected-accounts.ts';
import { createPendingRevocations, type PendingRevocations } from './connections/pending-revocations.ts';
import { type Connections, createConnections } from './connections/repository.ts';
import {
  createUnreadableEventReports,
  type UnreadableEventReports,
} from './connections/unreadable-events.ts';
import { createOutbox, type Outbox } from './endpoints/outbox.ts';
import { createEndpointProgress, type EndpointProgress } from './endpoints/progress.ts';
import { createWebhookEndpoints, type WebhookEndpoints } from './endpoints/repository.ts';
import { createInvitationReplies, type InvitationReplies } from './inbox/invitation-replies.ts';
import { createInboxRouting, type InboxRouting } from './inbox/routing.ts';
import { createWatchSubscriptions, type WatchSubscriptions } from './inbox/watch-subscriptions.ts';
import { createWebhookInbox, type WebhookInbox } from './inbox/webhooks.ts';
import { createOperationLedger, type OperationLedger } from './ledger/operations.ts';
import { createHostClaims, type HostClaims } from './meetings/host-claims.ts';
import { createMeetingPreferences, type MeetingPreferences } from './meetings/meeting-preferences.ts';
import { createRegistrants, type Registrants } from './meetings/registrants.ts';
import { createSessionRooms, type SessionRooms } from './meetings/session-rooms.ts';
import { createProviderHealth, type ProviderHealth } from './providers/health.ts';
import { createQuotas } from './providers/quotas.ts';
import { createHeldCopies, type HeldCopies } from './recordings/held-copies.ts';
import { createRecordingAccesses, type RecordingAccesses } from './recordings/recording-accesses.ts';
import { createRecordingAttention, type RecordingAttention } from './recordings/recording-attention.ts';
import { createRecordingDeletions, type RecordingDeletions } from './recordings/recording-deletions.ts';
import { createRecordingHolds, type RecordingHolds } from './recordings/recording-holds.ts';
import { createRecordingPolicies, type RecordingPolicies } from './recordings/recording-policies.ts';
import { createRecordings, type Recordings } from './recordings/recordings.ts';
import { type BlockAuditions, createBlockAuditions } from './session-blocks/block-auditions.ts';
import { type BlockFeeds, createBlockFeeds } from './session-blocks/block-feeds.ts';
import { type BlockReports, createBlockReports } from './session-blocks/block-reports.ts';
import { createSessionBlocks, type SessionBlocks } from './session-blocks/session-blocks.ts';
import { createEventStore, type EventStore } from './trail/event-store.ts';
import { createVault, type Vault } from './vault/envelope-encryption.ts';

export interface Repositories {
  readonly events: EventStore;
  readonly auditions: AuditionReadModel;
  readonly auditionRecords: AuditionRecords;
  readonly participantFeeds: ParticipantFeeds;
  readonly joinLinks: JoinLinks;
  readonly waitingEntries: WaitingEntries;
  readonly sessionBlocks: SessionBlocks;
  readonly blockFeeds: BlockFeeds;
  readonly blockAuditions: BlockAuditions;
  readonly blockReports: BlockReports;
  readonly ledger: OperationLedger;
  readonly hostClaims: HostClaims;
  readonly holds: SlotHolds;
  readonly connections: Connections;
  readonly accounts: Accounts;
  readonly authorizationRequests: AuthorizationRequests;
  readonly disconnectedAccounts: DisconnectedAccounts;
  readonly connectionProblems: ConnectionProblems;
  readonly connectionFailures: ConnectionFailures;
  readonly unreadableEvents: UnreadableEventReports;
  readonly pendingRevocations: PendingRevocations;
  readonly vault: Vault;
  readonly organizations: Organizations;
  readonly meetingPreferences: MeetingPreferences;
  readonly registrants: Registrants;
  readonly sessionRooms: SessionRooms;
  readonly providerHealth: ProviderHealth;
  readonly quotas: QuotaStore;
  readonly apiKeys: ApiKeys;
  readonly administrativeActs: AdministrativeActs;
  readonly idempotentRequests: IdempotentRequests;
  readonly noticeDeliveries: NoticeDeliveries;
  readonly announcements: Announcements;
  readonly suppressions: Suppressions;
  readonly inbox: WebhookInbox;
  readonly inboxRouting: InboxRouting;
  readonly invitationReplies: InvitationReplies;
  readonly endpoints: WebhookEndpoints;
  readonly endpointProgress: EndpointProgress;
  readonly outbox: Outbox;
  readonly watchSubscriptions: WatchSubscriptions;
  readonly syncedCalendars: SyncedCalendars;
  readonly syncedEvents: SyncedEvents;
  readonly busyCalendars: BusyCalendars;
  readonly busyTimes: BusyTimes;
  readonly participantConflicts: ParticipantConflicts;
  readonly writtenEvents: WrittenEvents;
  readonly recordings: Recordings;
  readonly recordingAccesses: RecordingAccesses;
  readonly recordingAttention: RecordingAttention;
  readonly recordingDeletions: RecordingDeletions;
  readonly heldCopies: HeldCopies;
  readonly recordingHolds: RecordingHolds;
  readonly recordingPolicies: RecordingPolicies;
}

/**
 * Creates all repositories on one database client. They share one vault.
 * @param wrapping wraps the data keys that secrets are sealed under.
 */
export const createRepositories = (db: DatabaseClient['db'], wrapping: KeyWrapping): Repositories => {
  const vault = createVault(db, wrapping);
  return {
    events: createEventStore(db),
    auditions: createAuditionReadModel(db),
    auditionRecords: createAuditionRecords(db),
    participantFeeds: createParticipantFeeds(db),
    joinLinks: createJoinLinks(db, vault),
    waitingEntries: createWaitingEntries(db),
    sessionBlocks: createSessionBlocks(db),
    blockFeeds: createBlockFeeds(db),
    blockAuditions: createBlockAuditions(db),
    blockReports: createBlockReports(db),
    ledger: createOperationLedger(db, vault),
    hostClaims: createHostClaims(db),
    holds: createSlotHolds(db),
    connections: createConnections(db, vault),
    accounts: createAccounts(db, wrapping, vault),
    authorizationRequests: createAuthorizationRequests(db, vault),
    disconnectedAccounts: createDisconnectedAccounts(db),
    connectionProblems: createConnectionProblems(db),
    connectionFailures: createConnectionFailures(db),
    unreadableEvents: createUnreadableEventReports(db),
    pendingRevocations: createPendingRevocations(db, vault),
    vault,
    organizations: createOrganizations(db),
    meetingPreferences: createMeetingPreferences(db, vault),
    registrants: createRegistrants(db),
    sessionRooms: createSessionRooms(db, vault),
    providerHealth: createProviderHealth(db),
    quotas: createQuotas(db),
    apiKeys: createApiKeys(db),
    administrativeActs: createAdministrativeActs(db),
    idempotentRequests: createIdempotentRequests(db),
    noticeDeliveries: createNoticeDeliveries(db),
    announcements: createAnnouncements(db),
    suppressions: createSuppressions(db),
    watchSubscriptions: createWatchSubscriptions(db),
    syncedCalendars: createSyncedCalendars(db, vault),
    syncedEvents: createSyncedEvents(db),
    busyCalendars: createBusyCalendars(db, vault),
    busyTimes: createBusyTimes(db),
    participantConflicts: createParticipantConflicts(db),
    writtenEvents: createWrittenEvents(db, vault),
    inbox: createWebhookInbox(db, vault),
    inboxRouting: createInboxRouting(db),
    invitationReplies: createInvitationReplies(db),
    endpoints: createWebhookEndpoints(db, wrapping, vault),
    endpointProgress: createEndpointProgress(db),
    outbox: createOutbox(db),
    recordings: createRecordings(db),
    recordingAccesses: createRecordingAccesses(db),
    recordingAttention: createRecordingAttention(db),
    recordingDeletions: createRecordingDeletions(db),
    heldCopies: createHeldCopies(db),
    recordingHolds: createRecordingHolds(db),
    recordingPolicies: createRecordingPolicies(db),
  };
};
