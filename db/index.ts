/** Creates all repositories of the database. The other layers use the database through them only. */
import type { QuotaStore } from '../domain/providers/quota-store.ts';
import type { KeyWrapping } from '../foundation/encryption/key-wrapping.ts';
import { type AdministrativeActs, createAdministrativeActs } from './access/administrative-acts.ts';
import { type ApiKeys, createApiKeys } from './access/api-keys.ts';
import { createIdempotentRequests, type IdempotentRequests } from './access/idempotent-requests.ts';
import { createOrganizations, type Organizations } from './access/organizations.ts';
import { createPayloadOrganizations, type PayloadOrganizations } from './access/payload-organizations.ts';
import { createAddressHashes } from './auditions/address-hashes.ts';
import { type Announcements, createAnnouncements } from './auditions/announcements.ts';
import { createJoinLinks, type JoinLinks } from './auditions/join-links.ts';
import { createNoticeDeliveries, type NoticeDeliveries } from './auditions/notice-deliveries.ts';
import { createParticipantFeeds, type ParticipantFeeds } from './auditions/participant-feeds.ts';
import { type AuditionReadModel, createAuditionReadModel } from './auditions/read-model.ts';
import { type AuditionRecords, createAuditionRecords } from './auditions/records.ts';
import { createResponseLinks, type ResponseLinks } from './auditions/response-links.ts';
import { createSilentMessages, type SilentMessages } from './auditions/silent-messages.ts';
import { createSlotHolds, type SlotHolds } from './auditions/slot-holds.ts';
import { createStoredNamesReader, type ReadStoredNames } from './auditions/stored-names.ts';
import { createSuppressions, type Suppressions } from './auditions/suppressions.ts';
import { createUnkeyedAddresses, type UnkeyedAddresses } from './auditions/unkeyed-addresses.ts';
import { createUnkeyedNames, type UnkeyedNames } from './auditions/unkeyed-names.ts';
import { createWaitingEntries, type WaitingEntries } from './auditions/waiting-entries.ts';
import { createMessageBudgets, type MessageBudgets } from './budgets/message-budgets.ts';
import { type BusyCalendars, createBusyCalendars } from './calendars/busy-calendars.ts';
import { type BusyTimes, createBusyTimes } from './calendars/busy-times.ts';
import { createParticipantConflicts, type ParticipantConflicts } from './calendars/participant-conflicts.ts';
import { createIsPresentRoom } from './calendars/present-room.ts';
import { createSyncedCalendars, type SyncedCalendars } from './calendars/synced-calendars.ts';
import { createSyncedEvents, type SyncedEvents } from './calendars/synced-events.ts';
import { createWrittenEvents, type WrittenEvents } from './calendars/written-events.ts';
import type { Database, DatabaseClient } from './client.ts';
import { createAccountReferences } from './connections/account-references.ts';
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
import { createMissingReferences, type MissingReferences } from './connections/missing-references.ts';
import { createPendingRevocations, type PendingRevocations } from './connections/pending-revocations.ts';
import { type Connections, createConnections } from './connections/repository.ts';
import { createSignInAttempts, type SignInAttempts } from './connections/sign-in-attempts.ts';
import {
  createUnreadableEventReports,
  type UnreadableEventReports,
} from './connections/unreadable-events.ts';
import { createOutbox, type Outbox } from './endpoints/outbox.ts';
import { createEndpointProgress, type EndpointProgress } from './endpoints/progress.ts';
import { createWebhookEndpoints, type WebhookEndpoints } from './endpoints/repository.ts';
import { createInvitationReplies, type InvitationReplies } from './inbox/invitation-replies.ts';
import { createParkedContents, type ParkedContents } from './inbox/parked-contents.ts';
import { createInboxRouting, type InboxRouting } from './inbox/routing.ts';
import { createWatchSecrets } from './inbox/watch-secrets.ts';
import { createWatchSubscriptions, type WatchSubscriptions } from './inbox/watch-subscriptions.ts';
import { createWebhookInbox, type WebhookInbox } from './inbox/webhooks.ts';
import { createOperationLedger, type OperationLedger } from './ledger/operations.ts';
import { createHostClaims, type HostClaims } from './meetings/host-claims.ts';
import { createHostHashes } from './meetings/host-hashes.ts';
import { createMeetingPreferences, type MeetingPreferences } from './meetings/meeting-preferences.ts';
import { createMeetingWatch, type MeetingWatch } from './meetings/meeting-watch.ts';
import { createRegistrants, type Registrants } from './meetings/registrants.ts';
import { createSessionRooms, type SessionRooms } from './meetings/session-rooms.ts';
import { createSettingDigests } from './meetings/setting-digests.ts';
import { createUnkeyedHosts, type UnkeyedHosts } from './meetings/unkeyed-hosts.ts';
import { type BacklogReader, createBacklogReader } from './observation/backlog.ts';
import { createPeople, type People } from './people/people.ts';
import { createProviderHealth, type ProviderHealth } from './providers/health.ts';
import { createQuotas } from './providers/quotas.ts';
import { createSenderAlerts, type SenderAlerts } from './providers/sender-alerts.ts';
import { createHeldCopies, type HeldCopies } from './recordings/held-copies.ts';
import { createHoldReasons, type HoldReasons } from './recordings/hold-reasons.ts';
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
import { type AppendObserver, createEventStore, type EventStore } from './trail/event-store.ts';
import { createTrailCodes } from './trail/trail-codes.ts';
import { createTrailTexts } from './trail/trail-texts.ts';
import { createVault, type Vault } from './vault/envelope-encryption.ts';

export interface Repositories {
  readonly events: EventStore;
  readonly auditions: AuditionReadModel;
  readonly auditionRecords: AuditionRecords;
  readonly participantFeeds: ParticipantFeeds;
  readonly joinLinks: JoinLinks;
  readonly responseLinks: ResponseLinks;
  readonly waitingEntries: WaitingEntries;
  readonly sessionBlocks: SessionBlocks;
  readonly blockFeeds: BlockFeeds;
  readonly blockAuditions: BlockAuditions;
  readonly blockReports: BlockReports;
  readonly ledger: OperationLedger;
  readonly hostClaims: HostClaims;
  readonly unkeyedHosts: UnkeyedHosts;
  readonly holds: SlotHolds;
  readonly storedNames: ReadStoredNames;
  readonly unkeyedNames: UnkeyedNames;
  readonly connections: Connections;
  readonly accounts: Accounts;
  readonly authorizationRequests: AuthorizationRequests;
  readonly disconnectedAccounts: DisconnectedAccounts;
  readonly connectionProblems: ConnectionProblems;
  readonly connectionFailures: ConnectionFailures;
  readonly unreadableEvents: UnreadableEventReports;
  readonly missingReferences: MissingReferences;
  readonly pendingRevocations: PendingRevocations;
  readonly signInAttempts: SignInAttempts;
  readonly vault: Vault;
  readonly organizations: Organizations;
  readonly meetingPreferences: MeetingPreferences;
  readonly meetingWatch: MeetingWatch;
  readonly registrants: Registrants;
  readonly sessionRooms: SessionRooms;
  readonly providerHealth: ProviderHealth;
  readonly backlog: BacklogReader;
  readonly quotas: QuotaStore;
  readonly apiKeys: ApiKeys;
  readonly administrativeActs: AdministrativeActs;
  readonly payloadOrganizations: PayloadOrganizations;
  readonly idempotentRequests: IdempotentRequests;
  readonly noticeDeliveries: NoticeDeliveries;
  readonly announcements: Announcements;
  readonly suppressions: Suppressions;
  readonly unkeyedAddresses: UnkeyedAddresses;
  readonly messageBudgets: MessageBudgets;
  readonly senderAlerts: SenderAlerts;
  readonly people: People;
  readonly inbox: WebhookInbox;
  readonly parkedContents: ParkedContents;
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
  readonly silentMessages: SilentMessages;
  readonly recordingHolds: RecordingHolds;
  readonly holdReasons: Pick<HoldReasons, 'sealEarlier'>;
  readonly recordingPolicies: RecordingPolicies;
}

/**
 * Creates all repositories on one database client. They share one vault.
 * @param wrapping wraps the data keys that secrets are sealed under.
 * @param keys the key database, which contains them.
 * @param observe is told of the events that are appended to trails
 */
export const createRepositories = (
  db: DatabaseClient['db'],
  wrapping: KeyWrapping,
  keys: Database,
  observe?: AppendObserver,
): Repositories => {
  const vault = createVault(keys, wrapping);
  const texts = createTrailTexts(vault);
  const protection = { texts, codes: createTrailCodes(wrapping) };
  const accountReferences = createAccountReferences(wrapping);
  const addressHashes = createAddressHashes(vault);
  const holdReasons = createHoldReasons(db, vault);
  const unkeyedNames = createUnkeyedNames(db, vault);
  const storedNames = createStoredNamesReader(vault, (names) => unkeyedNames.key(names));
  const isPresentRoom = createIsPresentRoom(storedNames, texts);
  return {
    events: createEventStore(db, protection, observe),
    auditions: createAuditionReadModel(db, texts),
    auditionRecords: createAuditionRecords(db, texts),
    participantFeeds: createParticipantFeeds(db, texts),
    joinLinks: createJoinLinks(db, vault),
    responseLinks: createResponseLinks(db, vault),
    waitingEntries: createWaitingEntries(db),
    sessionBlocks: createSessionBlocks(db),
    blockFeeds: createBlockFeeds(db),
    blockAuditions: createBlockAuditions(db, texts),
    blockReports: createBlockReports(db),
    ledger: createOperationLedger(db, vault),
    hostClaims: createHostClaims(db, createHostHashes(vault)),
    unkeyedHosts: createUnkeyedHosts(db, vault),
    holds: createSlotHolds(db, storedNames, protection, observe),
    storedNames,
    unkeyedNames,
    connections: createConnections(db, vault, accountReferences),
    accounts: createAccounts(db, vault, accountReferences),
    authorizationRequests: createAuthorizationRequests(db, vault),
    disconnectedAccounts: createDisconnectedAccounts(db),
    connectionProblems: createConnectionProblems(db),
    connectionFailures: createConnectionFailures(db),
    unreadableEvents: createUnreadableEventReports(db, storedNames),
    missingReferences: createMissingReferences(db, vault, accountReferences),
    pendingRevocations: createPendingRevocations(db, vault),
    signInAttempts: createSignInAttempts(db, wrapping),
    vault,
    organizations: createOrganizations(db),
    meetingPreferences: createMeetingPreferences(db, vault),
    meetingWatch: createMeetingWatch(db),
    registrants: createRegistrants(db),
    sessionRooms: createSessionRooms(db, vault, createSettingDigests(db, vault)),
    providerHealth: createProviderHealth(db),
    backlog: createBacklogReader(db),
    quotas: createQuotas(db, vault),
    apiKeys: createApiKeys(db),
    administrativeActs: createAdministrativeActs(db),
    payloadOrganizations: createPayloadOrganizations(db),
    idempotentRequests: createIdempotentRequests(db, vault),
    noticeDeliveries: createNoticeDeliveries(db, addressHashes),
    announcements: createAnnouncements(db, addressHashes),
    suppressions: createSuppressions(db, addressHashes),
    unkeyedAddresses: createUnkeyedAddresses(db, vault),
    messageBudgets: createMessageBudgets(db),
    senderAlerts: createSenderAlerts(db),
    people: createPeople(db, keys, vault),
    watchSubscriptions: createWatchSubscriptions(db, createWatchSecrets(wrapping.references('watch secret'))),
    syncedCalendars: createSyncedCalendars(db, vault),
    syncedEvents: createSyncedEvents(db, isPresentRoom),
    busyCalendars: createBusyCalendars(db, vault, storedNames),
    busyTimes: createBusyTimes(db),
    participantConflicts: createParticipantConflicts(db, isPresentRoom),
    writtenEvents: createWrittenEvents(db, vault, storedNames),
    inbox: createWebhookInbox(db, vault),
    parkedContents: createParkedContents(db, vault),
    inboxRouting: createInboxRouting(db, accountReferences, vault),
    invitationReplies: createInvitationReplies(db, addressHashes),
    endpoints: createWebhookEndpoints(db, vault),
    endpointProgress: createEndpointProgress(db, texts),
    outbox: createOutbox(db),
    recordings: createRecordings(db, holdReasons),
    recordingAccesses: createRecordingAccesses(db),
    recordingAttention: createRecordingAttention(db),
    recordingDeletions: createRecordingDeletions(db, holdReasons),
    heldCopies: createHeldCopies(db),
    silentMessages: createSilentMessages(db),
    recordingHolds: createRecordingHolds(db, holdReasons),
    holdReasons,
    recordingPolicies: createRecordingPolicies(db),
  };
};
