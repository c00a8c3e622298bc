/**
 * Defines the interfaces of the activities that the workflows call and the workers run. The comment above each group
 * names its task queue. Workflows import only this file of the folder.
 *
 * Every activity with an external effect takes a `key` (`{workflowId}:{step}`). Repeated calls with the same key have
 * one effect.
 */

import type { ObservedAttendance } from '../domain/audition/attendee.ts';
import type { AttentionItem } from '../domain/audition/attention.ts';
import type { ConflictRules } from '../domain/audition/conflict-rules.ts';
import type { StandingEffect } from '../domain/audition/effects.ts';
import type {
  AuditionFactType,
  Meeting,
  NoticeKind,
  SlotRefusalReason,
  TakeoverCause,
  TrailFact,
  TrailPosition,
} from '../domain/audition/events.ts';
import type { MeetingBackup } from '../domain/audition/meeting-backup.ts';
import type { MeetingHost } from '../domain/audition/meeting-host.ts';
import type { MeetingSettings } from '../domain/audition/meeting-settings.ts';
import type { AuditionPlan } from '../domain/audition/plan.ts';
import type { Reminder } from '../domain/audition/reminder-plan.ts';
import type { CalendarRef, Channel, Participant, WritableCalendarRef } from '../domain/audition/request.ts';
import type { BusyInterval, RoomCalendar, Slot, SlotSpec } from '../domain/audition/slot.ts';
import type { Blocker, SlotConflict } from '../domain/audition/slot-conflict.ts';
import type { UnfinishedEnding } from '../domain/audition/unfinished-ending.ts';
import type { AuditionView } from '../domain/audition/view.ts';
import type { CalendarFinding } from '../domain/calendars/calendar-finding.ts';
import type { ReconciliationRound } from '../domain/calendars/reconciliation-round.ts';
import type { SyncState } from '../domain/calendars/sync-state.ts';
import type {
  AttentionId,
  AuditionId,
  ConnectionId,
  EndpointId,
  OrganizationId,
  ParticipantId,
  RecordingId,
} from '../domain/ids.ts';
import type { PublicEvent } from '../domain/platform-events/public-event.ts';
import type {
  CalendarProviderName,
  MeetingProviderName,
  RecordedMeetingName,
} from '../domain/providers/vendors.ts';
import type { FileToStore, MissingReason, RecordingState } from '../domain/recordings/recording.ts';
import type { RecordingPolicy } from '../domain/recordings/recording-policy.ts';
import type { Instant } from '../domain/time/instant.ts';
import { catalog, vendorTaskQueues } from '../providers/catalog.ts';

/** Runs the workflows and the internal activities on the service's own database. */
export const workflowTaskQueue = 'castmatch';
/** Runs the deliveries to the platform's webhook endpoints. */
export const platformTaskQueue = 'platform';

/** All task queues, separated by the external service that they call. Tests append a suffix to the names. */
export const taskQueues = [
  workflowTaskQueue,
  ...vendorTaskQueues.map(({ name }) => name),
  platformTaskQueue,
] as const;
export type TaskQueue = (typeof taskQueues)[number];

export interface Correlated {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly correlationId: string;
}

/**
 * The input of every activity of an audition. The activity first appends the facts of `trail`. It fails as `trail_ahead`
 * (non-retryable) when the trail contains facts of another run that this run does not know, for example after a reset
 * in Temporal. It has then had no effect outside.
 */
export interface AuditionCall extends Correlated {
  readonly trail: TrailPosition;
}

/** Why a step failed. The workflow reads it from an activity's failure, and from the results of a group. */
export interface StepFailure {
  /** The kind of a provider fault, `timeout`, or `unexpected`. */
  readonly code: string;
  readonly provider?: string | undefined;
  /** The provider's code of the error. */
  readonly providerCode?: string | undefined;
  /** The connection that its owner must reconnect before the step can succeed. */
  readonly connection?: ConnectionId | undefined;
}

/**
 * A group tries each of its items once, concurrently, and returns the failures as data. The workflow then attempts
 * each failed item alone, with retries, under the same key. A group never asks an operator about an unknown outcome:
 * the item's own attempt does.
 */
interface FailedItem {
  readonly key: string;
  readonly failure: StepFailure;
}

// --- internal: queue `castmatch`, quick -----------------------------------------------------------------------

/** A calendar to read. With `isRoom`, it is that of a room, and its id is the room's address. */
export type CalendarToRead = CalendarRef & {
  readonly isRoom?: boolean | undefined;
  /** Whether it is only read for a participant: it is no resource of the slot, and no event is written to it. */
  readonly isBusyOnly?: boolean | undefined;
};

/** Acquires the slot, and with it every resource: participants, their calendars, the room. */
export interface ClaimSlotInput extends AuditionCall {
  readonly wish: SlotSpec;
  /** Numbers the claims of the audition. A repeated claim returns the same slot. */
  readonly claim: number;
  readonly participants: readonly Participant[];
  /** The calendars whose busy times this activity reads. All belong to the provider of the activity's queue. */
  readonly calendars: readonly CalendarToRead[];
  /** Busy times that were read before, in calendars of other providers or by `findBusy`. */
  readonly busy: readonly BusyInterval[];
  /** Absent: the default rules. The policy `override` means that the caller may override. */
  readonly rules?: ConflictRules | undefined;
  /** Conflicts that were overridden when the same slot was booked. They do not block it. */
  readonly accepted?: readonly Blocker[] | undefined;
  /** Milliseconds before the start of the slot. */
  readonly reminders: readonly number[];
  /**
   * Set for the first slot: the activity appends the fact `slot_held` under this number, in the transaction of the
   * hold. Nothing else can happen to the audition in the meantime.
   */
  readonly heldAs?: number | undefined;
}

export type ClaimSlotResult =
  | {
      readonly kind: 'held';
      readonly slot: Slot;
      readonly reminders: readonly Reminder[];
      /** The conflicts in spite of which the slot is held. */
      readonly overridden?: readonly Blocker[] | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly reason: SlotRefusalReason;
      /** Why, in one sentence without personal data: "Another audition holds that time." */
      readonly message: string;
      /** What blocks the slot; with the policy `propose`, also which slots are free instead. */
      readonly conflict?: SlotConflict | undefined;
    }
  /** Calendars that could not be read. `busy` has the busy times of the others, and of the input. */
  | {
      readonly kind: 'unreadable';
      readonly failures: readonly { readonly connection: ConnectionId; readonly failure: StepFailure }[];
      readonly busy: readonly BusyInterval[];
    };

/** What is written together with facts, in one transaction. */
interface HoldChange {
  /**
   * Releases the holds of all claims up to `through`, except those of the claim `keep`. A late attempt of a released
   * claim can no longer acquire its slot.
   */
  readonly releaseHolds?: { readonly through: number; readonly keep?: number | undefined } | undefined;
  /**
   * Whether another audition can take the held slot immediately. Set while a performer's decline can still be changed.
   */
  readonly yieldHolds?: boolean | undefined;
}

export interface RecordEventsInput extends AuditionCall, HoldChange {
  /**
   * A fact that is appended only if the state of the trail allows it. Otherwise the holds are not changed either. An
   * activity that was cancelled, and still runs, can have appended another one.
   */
  readonly ifAllowed?: TrailFact | undefined;
}

/** The trail of an audition, for a run that takes it over. */
export interface AdoptedTrail {
  readonly view: AuditionView;
  /** The number of the last numbered fact of any run. */
  readonly number: number;
  readonly effects: readonly StandingEffect[];
  /** The number of the last claim of any run, and of the claim that holds the present slot, if one does. */
  readonly claims: {
    readonly last: number;
    readonly held?: number | undefined;
    /** Whether the slot is held for another cast: a change of the cast was interrupted. */
    readonly isForOtherCast?: boolean | undefined;
  };
  /** The reminders of the present slot that are still due. */
  readonly reminders: readonly Reminder[];
  /** When the audition moved to its present slot. Undefined when it has not moved. */
  readonly movedAt?: Instant | undefined;
  /** The plan of the run that has appended last, when that is another run and Temporal still has it. */
  readonly plan?: AuditionPlan | undefined;
  /** Set when the audition is closed, and its ending requires that everything is undone. */
  readonly unfinished?: UnfinishedEnding | undefined;
}

export interface InternalActivities {
  /**
   * Reads busy times, chooses a slot (a fixed one, or the best of a window) and claims it for all resources or for
   * none. The exclusion constraint of the database decides. Runs on the queue of the calendars' provider, or on
   * `castmatch` when there are no calendars to read.
   */
  claimSlot(input: ClaimSlotInput): Promise<ClaimSlotResult>;
  /**
   * Appends the facts of `trail` to the audit trail, updates the read model and changes the holds, in one transaction.
   * Idempotent. Returns the sequence of the trail's last event, and whether the fact of `ifAllowed` is in the trail.
   */
  recordEvents(
    input: RecordEventsInput,
  ): Promise<{ readonly sequence: number; readonly isAllowed?: boolean | undefined }>;
  /** Returns the trail and the standing effects of the audition. Returns undefined when it has no trail. */
  adoptTrail(
    input: Correlated & {
      readonly reminders: readonly number[];
      readonly participants: readonly Participant[];
    },
  ): Promise<AdoptedTrail | undefined>;
}

// --- calendars: one queue per provider ---------------------------------------------------------------------

export interface FindBusyInput extends AuditionCall {
  readonly provider: CalendarProviderName;
  readonly connection: ConnectionId;
  readonly calendarIds: readonly string[];
  /** The addresses of rooms, which are read with the same connection. */
  readonly rooms?: readonly string[] | undefined;
  /** Calendars that are only read, of the same connection. */
  readonly busyOnly?: readonly string[] | undefined;
  /** Whether tentative events count. Absent: they do. */
  readonly tentative?: ConflictRules['tentative'] | undefined;
  readonly window: { readonly from: Instant; readonly until: Instant };
}

/** The content of the calendar events of an audition, the same in each calendar. */
export interface EventContent {
  readonly slot: Slot;
  readonly revision: number;
  readonly summary: string;
  readonly description: string;
  readonly location?: string | undefined;
  /**
   * Whether the event states the join link of the audition, not that of a participant: several people can read the event. The
   * activity adds it.
   */
  readonly joinLink?: true | undefined;
}

export interface EventToWrite {
  readonly key: string;
  readonly participant: ParticipantId;
  readonly calendar: WritableCalendarRef;
}

export interface WriteEventInput extends AuditionCall, EventToWrite {
  readonly content: EventContent;
}

export interface WriteEventsInput extends AuditionCall {
  readonly events: readonly EventToWrite[];
  readonly content: EventContent;
  /**
   * What the activity records when all events are written: facts, if the state of the audition still allows them and
   * its slot has the revision of the content, and the holds to release. Without the facts, no hold is released.
   */
  readonly whenAllWritten?: ({ readonly facts: readonly TrailFact[] } & HoldChange) | undefined;
}

export interface WriteEventsResult {
  /** The activity has appended `calendar_event_written` for each, under its key. */
  readonly written: readonly { readonly key: string; readonly eventId: string }[];
  readonly failed: readonly FailedItem[];
  /** Which facts of `whenAllWritten` are in the trail. Empty when an event failed. */
  readonly recorded: readonly AuditionFactType[];
}

export interface BookRoomInput extends AuditionCall {
  readonly key: string;
  readonly room: RoomCalendar;
  /** The name of the room. */
  readonly name: string;
  readonly content: EventContent;
}

export interface RemoveEventInput extends AuditionCall {
  /** The keys under which the event was, or may have been, written. */
  readonly keys: readonly string[];
  readonly calendar: WritableCalendarRef;
}

export type UndoResult = { readonly result: 'undone' | 'nothing_to_undo' };

export interface CalendarActivities {
  findBusy(input: FindBusyInput): Promise<readonly BusyInterval[]>;
  /** Creates or moves the event of the audition in the calendar. */
  writeEvent(input: WriteEventInput): Promise<{ readonly eventId: string }>;
  /** Writes the events of several calendars of one provider, of at most `largestEventGroup` connections. */
  writeEvents(input: WriteEventsInput): Promise<WriteEventsResult>;
  /**
   * Books the room, as a guest of the event of the audition in the main calendar of the room's connection. The room
   * answers later. When a participant has that calendar, both use one event. `removeEvent` ends the booking.
   */
  bookRoom(input: BookRoomInput): Promise<{ readonly eventId: string }>;
  removeEvent(input: RemoveEventInput): Promise<UndoResult>;
}

// --- meetings: one queue per provider ----------------------------------------------------------------------

interface MeetingInput extends AuditionCall {
  readonly key: string;
  readonly provider: MeetingProviderName;
  readonly slot: Slot;
  readonly revision: number;
  readonly topic: string;
  /** Absent: the meeting has the settings of the host's account. */
  readonly settings?: MeetingSettings;
  /** The preferred host. Absent: the first host of the organization that is free. */
  readonly host?: MeetingHost;
}

export interface CreateMeetingInput extends MeetingInput {
  /** Whether another provider follows this one. If so, the activity does not wait for an open circuit to close. */
  readonly hasFallback: boolean;
}

export interface MoveMeetingInput extends MeetingInput {
  readonly meeting: Meeting;
}

export interface RemoveMeetingInput extends AuditionCall {
  /** The keys under which the meeting was, or may have been, created. */
  readonly keys: readonly string[];
  readonly provider: MeetingProviderName;
  readonly slot: Slot;
}

export interface CheckMeetingInput extends AuditionCall {
  readonly provider: MeetingProviderName;
  readonly meeting: Meeting;
  readonly slot: Slot;
  /** The wanted settings of the meeting. Undefined: those of the host's account. */
  readonly settings?: MeetingSettings | undefined;
}

/**
 * `absent`: the provider does not have the meeting. `unusable`: the provider cannot be used now, for the reason that the
 * failure states.
 */
export type MeetingCheck =
  | { readonly status: 'present' | 'absent' }
  | { readonly status: 'unusable'; readonly failure: StepFailure };

export interface MeetingActivities {
  /**
   * Looks whether the meeting can take place at its provider. Starts or stops its automatic recording when a consent was
   * given or withdrawn since the meeting was created.
   */
  checkMeeting(input: CheckMeetingInput): Promise<MeetingCheck>;
  /** Reads who was in the meeting. Undefined when the provider does not report it. Changes nothing. */
  readAttendance(
    input: CheckMeetingInput,
  ): Promise<{ readonly attendance?: readonly ObservedAttendance[] | undefined }>;
  createMeeting(input: CreateMeetingInput): Promise<Meeting>;
  /**
   * Moves the meeting and returns it. Returns a new meeting, created under `key`, when the provider no longer has the
   * old one, or when its host has another meeting at the new time. The old meeting is then removed.
   */
  moveMeeting(input: MoveMeetingInput): Promise<Meeting>;
  removeMeeting(input: RemoveMeetingInput): Promise<UndoResult>;
}

// --- messaging: queues `email` and `sms` -------------------------------------------------------------------

/**
 * The content of a notice. Names and addresses are encrypted in the payload, and the service stores them nowhere else.
 */
export interface NoticeFacts {
  readonly project: AuditionPlan['project'];
  readonly role: AuditionPlan['role'];
  readonly round: AuditionPlan['round'];
  readonly slot: Slot;
  readonly revision: number;
  readonly joinUrl?: string | undefined;
  /** Whether the notice states the recipient's own join link, in place of `joinUrl`. The activity finds it. */
  readonly joinLink?: true | undefined;
  readonly notes?: string | undefined;
  readonly reason?: string | undefined;
  /**
   * What an update tells, when the time is the same. `no_link`: the meeting is gone, and there is no other. `backup`: how
   * the audition takes place without a meeting.
   */
  readonly changed?: 'place' | 'link' | 'no_link' | 'backup' | undefined;
  /** Set when `changed` is `backup`. */
  readonly backup?: MeetingBackup | undefined;
  /** Increases with each fact of the audition. Sent as iCalendar's SEQUENCE. */
  readonly sequence?: number | undefined;
}

export interface NoticeToSend {
  readonly key: string;
  readonly recipient: Participant;
  readonly channel: Channel;
}

export interface SendNoticeInput extends AuditionCall, NoticeToSend {
  readonly notice: NoticeKind;
  readonly audition: NoticeFacts;
  /**
   * Whether an operator has decided to send the notice (again). Only then a notice is sent that an earlier attempt may
   * have sent. When absent, another activity execution than the one that has asked counts as the decision. A run that
   * takes over, and a move that is reverted, execute the activity again without a decision.
   */
  readonly isOperatorRetry?: boolean | undefined;
}

export interface SendNoticesInput extends AuditionCall {
  readonly notice: NoticeKind;
  readonly audition: NoticeFacts;
  readonly notices: readonly NoticeToSend[];
}

export interface SendNoticesResult {
  /** The activity has appended `notified` for each, under its key. */
  readonly sent: readonly { readonly key: string; readonly deliveryId: string }[];
  readonly failed: readonly FailedItem[];
}

export interface RetractNoticeInput extends AuditionCall {
  readonly key: string;
  readonly channel: Channel;
  readonly recipient: Participant;
  readonly audition: NoticeFacts;
  /** The keys of the notices to retract. When none of them was sent, no cancellation is sent. */
  readonly sentAs: readonly string[];
}

export interface MessagingActivities {
  sendNotice(input: SendNoticeInput): Promise<{ readonly deliveryId: string }>;
  /** Sends a notice to several recipients, each on its channel. At most `largestNoticeGroup` of them. */
  sendNotices(input: SendNoticesInput): Promise<SendNoticesResult>;
  /**
   * Sends a cancellation to a recipient who may have received one of the notices, since a sent message cannot be
   * recalled.
   */
  retractNotice(input: RetractNoticeInput): Promise<UndoResult>;
}

/**
 * The rate limit of a task queue counts activities, not the messages or events in them. Groups are therefore small. A
 * group of this size on each of the queue's slots stays below the rate of the channels' providers.
 */
export const largestNoticeGroup = 10;
/**
 * How many text messages a group of emails contains. The group is on the queue of the emails. With so few on each of its
 * slots, the text messages stay below their own rate.
 */
export const textMessagesPerEmailGroup = 2;
/** The largest number of connections whose calendars one activity writes to. Usually an audition has two. */
export const largestEventGroup = 5;

export type AuditionActivities = InternalActivities &
  CalendarActivities &
  MeetingActivities &
  MessagingActivities;

/** All activities that a worker runs. */
export type ServiceActivities = AuditionActivities &
  RecordingActivities &
  PlatformActivities &
  ReconciliationActivities &
  CalendarSyncActivities;

// --- recordings: queues of the meeting provider, `media` and `castmatch` ----------------------------------------

/** Runs the transfers of recordings. */
export const mediaTaskQueue = catalog.storage.taskQueue.name;

/** The recordings of one meeting. */
export interface RecordingCall extends Correlated {
  readonly provider: RecordedMeetingName;
  readonly meetingId: string;
}

/** A recording at its provider, with what is known of it here. */
export interface FoundRecording {
  readonly id: RecordingId;
  /** The provider's id of the opening of the meeting. */
  readonly instance: string;
  readonly state: RecordingState;
  /** Whether the provider is not done with some of its files. */
  readonly isProcessing: boolean;
  /** Files that are ready at the provider and not stored here. */
  readonly toStore: readonly FileToStore[];
  /** How many files are stored here. */
  readonly storedFiles: number;
}

export interface FindRecordingsResult {
  readonly recordings: readonly FoundRecording[];
  readonly policy: RecordingPolicy;
  /** Whether recordings of the meeting are in the trash of the provider. Absent: the input did not ask. */
  readonly isInTrash?: boolean | undefined;
}

export interface StoreFileInput extends RecordingCall, FileToStore {
  readonly key: string;
  readonly instance: string;
}

export interface StoredFileResult {
  readonly storageKey: string;
  /** In bytes. */
  readonly size: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

export interface RecordingAttentionInput extends RecordingCall {
  readonly item: AttentionItem;
  /** The workflow that resolves the item. */
  readonly workflowId: string;
  /** Set when the provider has no recording that can be stored. It becomes a fact of the audition, once per item. */
  readonly missing?: MissingReason | undefined;
}

export interface RecordingActivities {
  /** Lists the recordings of the meeting at its provider, and stores what is found. Queue of the provider. */
  findRecordings(input: RecordingCall & { readonly checkTrash: boolean }): Promise<FindRecordingsResult>;
  /**
   * Streams a file from the provider into the storage. Continues where a killed attempt has stopped. The file appears in the
   * storage when it is complete. Queue `media`.
   */
  storeFile(input: StoreFileInput): Promise<StoredFileResult>;
  /** Deletes what `storeFile` has stored under the key, parts of an incomplete upload included. Queue `media`. */
  discardFile(input: StoreFileInput): Promise<UndoResult>;
  /** Records that all files of a recording are stored. It becomes a fact of the audition, once. */
  completeRecording(input: RecordingCall & { readonly recording: RecordingId }): Promise<void>;
  /**
   * Moves the recording to the trash of the provider, or deletes it there, unless it has a legal hold or is not stored here.
   * Queue of the provider.
   */
  removeAtProvider(
    input: RecordingCall & {
      readonly key: string;
      readonly recording: RecordingId;
      readonly instance: string;
      readonly action: 'trash' | 'delete';
    },
  ): Promise<{ readonly result: 'removed' | 'absent' | 'held' | 'not_stored' }>;
  /** Shows an attention item to the operators, or shows it again as overdue. Idempotent by the id of the item. */
  raiseRecordingAttention(input: RecordingAttentionInput): Promise<void>;
  /** Removes an attention item. Idempotent. */
  settleRecordingAttention(input: RecordingCall & { readonly id: AttentionId }): Promise<void>;
}

// --- calendar synchronisation: the queue of the calendars' provider -------------------------------------------

export interface SyncCalendarsInput {
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly provider: CalendarProviderName;
  readonly correlationId: string;
  /** The calendars to read, as notifications name them. Undefined: all calendars of the connection. */
  readonly only?: readonly string[] | undefined;
  /** Subscriptions that the vendor has ended or is about to end. */
  readonly lostSubscriptions?: readonly string[] | undefined;
  /** Lists all events and compares them with what this service believes. The rounds after the first one continue. */
  readonly reconcile?: ReconciliationRound | undefined;
}

/** The state of one calendar. `calendar` is a hash: the calendar's id can be an email address. */
export interface CalendarSyncState {
  readonly calendar: string;
  readonly state: SyncState;
  readonly listedCount: number;
  readonly error?: string | undefined;
  readonly pushError?: string | undefined;
}

export type SyncCalendarsResult =
  /** No open audition uses the calendars, the account is disconnected, or the synchronisation is switched off. */
  | { readonly kind: 'ended'; readonly reason: 'unused' | 'disconnected' | 'disabled' }
  /** The owner must connect the account again. */
  | { readonly kind: 'needs_reauthorization'; readonly nextPollMs: number }
  | {
      readonly kind: 'synced';
      readonly calendars: readonly CalendarSyncState[];
      /** Whether there is more to read now. */
      readonly isMore: boolean;
      readonly nextPollMs: number;
      /** When a subscription must be replaced. */
      readonly renewAt?: Instant | undefined;
      /** What the reconciliation has found in this round. */
      readonly findings?: readonly CalendarFinding[] | undefined;
      /** Whether the requested reconciliation of all calendars is complete. */
      readonly isReconciled?: boolean | undefined;
    };

export interface CalendarSyncActivities {
  /**
   * Reads what has changed in the calendars of a connection, stores it, and signals the auditions whose events a person
   * has changed. Renews the subscriptions. Continues where an earlier attempt has stopped. A calendar that cannot be
   * read does not hinder the others.
   */
  syncCalendars(input: SyncCalendarsInput): Promise<SyncCalendarsResult>;
}

// --- reconciliation: queue `castmatch` ---------------------------------------------------------------------

/** How the read model, the trail, the ledger, the holds and Temporal can disagree about an audition. */
export type ReconciliationFault =
  /** The read model shows the audition as open, and no workflow runs. */
  | 'workflow_ended'
  /** The audition is closed and must be undone. Its meeting, events or holds stand, and no workflow runs. */
  | 'effects_left'
  /** The audition is closed and has open attention items, and no workflow runs that could resolve them. */
  | 'items_left'
  /** Slots are held for an audition that does not exist. */
  | 'holds_orphaned'
  /** The read model lacks events of the trail. */
  | 'view_stale';

/** An audition that a comparison found. It can be in order by the time of the repair. */
export interface Suspect {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly fault: ReconciliationFault;
}

export interface ComparedPage {
  readonly compared: number;
  readonly suspects: readonly Suspect[];
  /** Where the next page begins. Absent after the last page. */
  readonly next?: AuditionId | undefined;
}

export interface ComparePageInput {
  /** The last audition of the page before. Absent for the first page. */
  readonly after?: AuditionId | undefined;
  readonly limit: number;
}

/** What a repair did, or what the workflow must do. */
export type Repair =
  | { readonly kind: 'in_order' }
  | { readonly kind: 'repaired'; readonly repair: 'holds_released' | 'view_rebuilt' }
  | {
      readonly kind: 'take_over';
      readonly plan: AuditionPlan;
      readonly cause: TakeoverCause;
      /** Whether the last workflow has completed. A failed or terminated one is taken over by one workflow only. */
      readonly isCompleted: boolean;
    };

export interface Finding extends Suspect {
  readonly repair: 'taken_over' | 'holds_released' | 'view_rebuilt';
}

export interface ReconciliationActivities {
  /** Compares a page of the auditions that the read model shows as open with Temporal and with their trails. */
  compareOpenAuditions(input: ComparePageInput): Promise<ComparedPage>;
  /** Compares holds and attention items with their auditions: these do not exist, or are closed. */
  compareRemains(input: { readonly limit: number }): Promise<ComparedPage>;
  /** Compares a page of all trails with the read model and the ledger. */
  compareTrails(input: ComparePageInput): Promise<ComparedPage>;
  /** Compares again, and repairs what does not need a workflow. Idempotent. */
  repairAudition(input: Suspect & { readonly correlationId: string }): Promise<Repair>;
  /** Logs and counts the findings. */
  reportFindings(input: {
    readonly findings: readonly Finding[];
    readonly correlationId: string;
  }): Promise<void>;
}

// --- the platform's endpoints: queue `platform` -----------------------------------------------------------------

export interface EndpointTarget {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly correlationId: string;
}

/** No more events are sent. `disabled`: the endpoint is disabled or removed. `gone`: the receiver answered 410. */
export type EndpointUnavailable =
  | { readonly kind: 'disabled' }
  | { readonly kind: 'gone'; readonly message: string; readonly answer: string };

export type DeliveryOutcome =
  | { readonly kind: 'up_to_date'; readonly through: number }
  /** More events are left for another attempt. */
  | { readonly kind: 'more' }
  | EndpointUnavailable;

/** The last event that a replay has processed. */
export interface ReplayCursor {
  readonly auditionId: AuditionId;
  readonly through: number;
}

export interface ReplayEventsInput extends EndpointTarget {
  readonly from: Instant;
  readonly until: Instant;
  readonly after?: ReplayCursor | undefined;
}

export type ReplayOutcome =
  | { readonly kind: 'done'; readonly sent: number }
  | { readonly kind: 'more'; readonly sent: number; readonly after: ReplayCursor }
  | EndpointUnavailable;

export interface TellEndpointInput extends EndpointTarget {
  readonly message: { readonly id: string; readonly event: PublicEvent };
  readonly evenIfDisabled: boolean;
}

/**
 * The sending activities fail as `endpoint_failed` when the receiver rejects a message. The first detail of the failure
 * contains the message id and the answer.
 */
export interface PlatformActivities {
  /** Sends the undelivered events of one audition in order. */
  deliverEvents(input: EndpointTarget & { readonly auditionId: AuditionId }): Promise<DeliveryOutcome>;
  /** Sends the events of the time range again, audition by audition, under the same ids. */
  replayEvents(input: ReplayEventsInput): Promise<ReplayOutcome>;
  /** Sends one message that does not belong to an audition. */
  tellEndpoint(
    input: TellEndpointInput,
  ): Promise<{ readonly kind: 'accepted'; readonly answer: string } | EndpointUnavailable>;
  /** Disables the endpoint. Returns undefined when it was already disabled for another reason or removed. */
  disableEndpoint(
    input: EndpointTarget & { readonly reason: string },
  ): Promise<{ readonly at: Instant; readonly others: readonly EndpointId[] } | undefined>;
}
