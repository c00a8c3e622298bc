/**
 * Defines the interfaces of the activities that the workflows call and the workers run. The comment above each group
 * names its task queue. Workflows import only this file of the folder.
 *
 * Every activity with an external effect takes a `key` (`{workflowId}:{step}`). Repeated calls with the same key have
 * one effect.
 */
import type { AuditionEvent, Meeting, NoticeKind } from '../domain/audition/events.ts';
import type { AuditionPlan } from '../domain/audition/plan.ts';
import type { Reminder } from '../domain/audition/reminder-plan.ts';
import type { CalendarRef, Channel, Participant } from '../domain/audition/request.ts';
import type { BusyInterval, Slot } from '../domain/audition/slot.ts';
import type { AuditionId, ConnectionId, EndpointId, OrganizationId } from '../domain/ids.ts';
import type { PublicEvent } from '../domain/platform-events/public-event.ts';
import type { CalendarProviderName, MeetingProviderName } from '../domain/providers/vendors.ts';
import type { Instant } from '../domain/time/instant.ts';
import { vendorTaskQueues } from '../providers/catalog.ts';

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

// --- internal: queue `castmatch`, quick -----------------------------------------------------------------------

export interface HoldClaim extends Correlated {
  readonly slot: Slot;
  /** 1 for the first slot, incremented by each move. Holding the same revision again is a no-op. */
  readonly revision: number;
  readonly until: Instant;
  /** The resources that the slot needs exclusively: participants and the room, scoped by the organization. */
  readonly resources: readonly string[];
}

export interface HoldSlotInput extends HoldClaim {
  readonly reminders: { readonly offsets: readonly number[]; readonly participants: readonly Participant[] };
}

type SlotRefusal =
  | { readonly kind: 'taken'; readonly resources: readonly string[] }
  | { readonly kind: 'in_the_past' };

export type HoldSlotResult = { readonly kind: 'held'; readonly reminders: readonly Reminder[] } | SlotRefusal;

type ConfirmHoldResult = { readonly kind: 'confirmed' } | SlotRefusal;

export interface InternalActivities {
  /** Claims the slot for all its resources or for none. The exclusion constraint of the database decides. */
  holdSlot(input: HoldSlotInput): Promise<HoldSlotResult>;
  /**
   * Confirms the hold of one revision: it then lasts until the end of the slot. An expired hold is claimed again, and
   * refused when another audition has taken the slot.
   */
  confirmHold(input: HoldClaim): Promise<ConfirmHoldResult>;
  /** Releases all holds of the audition except those of the revision `except`. Idempotent. */
  releaseHolds(input: Correlated & { readonly except?: number | undefined }): Promise<void>;
  /** Appends events to the audit trail and updates the read model, in one transaction. Idempotent by sequence. */
  recordEvents(input: Correlated & { readonly events: readonly AuditionEvent[] }): Promise<void>;
}

// --- calendars: one queue per provider ---------------------------------------------------------------------

export interface FindBusyInput extends Correlated {
  /** Absent in activities that an earlier release scheduled. The default is `defaultCalendarProvider`. */
  readonly provider?: CalendarProviderName | undefined;
  readonly connection: ConnectionId;
  readonly calendarIds: readonly string[];
  readonly window: { readonly from: Instant; readonly until: Instant };
}

export interface WriteEventInput extends Correlated {
  readonly key: string;
  readonly calendar: CalendarRef;
  readonly slot: Slot;
  readonly revision: number;
  readonly summary: string;
  readonly description: string;
  readonly location?: string | undefined;
}

export interface RemoveEventInput extends Correlated {
  /** The key under which the event was, or may have been, written. */
  readonly key: string;
  readonly calendar: CalendarRef;
}

export type UndoResult = { readonly result: 'undone' | 'nothing_to_undo' };

export interface CalendarActivities {
  findBusy(input: FindBusyInput): Promise<readonly BusyInterval[]>;
  /** Creates or moves the event of the audition in the calendar. */
  writeEvent(input: WriteEventInput): Promise<{ readonly eventId: string }>;
  removeEvent(input: RemoveEventInput): Promise<UndoResult>;
}

// --- meetings: one queue per provider ----------------------------------------------------------------------

interface MeetingInput extends Correlated {
  readonly key: string;
  readonly provider: MeetingProviderName;
  readonly slot: Slot;
  readonly revision: number;
  readonly topic: string;
}

export interface CreateMeetingInput extends MeetingInput {
  /** Whether another provider follows this one. If so, the activity does not wait for an open circuit to close. */
  readonly hasFallback: boolean;
}

export interface MoveMeetingInput extends MeetingInput {
  readonly meeting: Meeting;
}

export interface RemoveMeetingInput extends Correlated {
  /** The key under which the meeting was, or may have been, created. */
  readonly key: string;
  readonly provider: MeetingProviderName;
  readonly slot: Slot;
}

export interface MeetingActivities {
  createMeeting(input: CreateMeetingInput): Promise<Meeting>;
  moveMeeting(input: MoveMeetingInput): Promise<void>;
  removeMeeting(input: RemoveMeetingInput): Promise<UndoResult>;
}

// --- messaging: queues `email` and `sms` -------------------------------------------------------------------

export interface SendNoticeInput extends Correlated {
  readonly key: string;
  readonly channel: Channel;
  readonly notice: NoticeKind;
  readonly recipient: Participant;
  readonly audition: NoticeFacts;
}

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
  readonly notes?: string | undefined;
  readonly reason?: string | undefined;
}

export interface RetractNoticeInput extends Omit<SendNoticeInput, 'notice' | 'key'> {
  /** The keys of the notices to retract. When none of them was sent, no cancellation is sent. */
  readonly sentAs: readonly string[];
  readonly key: string;
}

export interface MessagingActivities {
  sendNotice(input: SendNoticeInput): Promise<{ readonly deliveryId: string }>;
  /**
   * Sends a cancellation to a recipient who may have received one of the notices, since a sent message cannot be
   * recalled.
   */
  retractNotice(input: RetractNoticeInput): Promise<UndoResult>;
}

export type AuditionActivities = InternalActivities &
  CalendarActivities &
  MeetingActivities &
  MessagingActivities;

/** All activities that a worker runs. */
export type ServiceActivities = AuditionActivities & PlatformActivities;

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
