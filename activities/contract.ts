/**
 * The activities by their contracts: what the workflows call and the workers serve. Each group lives on the task
 * queue named beside it. Workflows import these types and nothing else of this folder.
 *
 * Every activity with an outside effect takes a `key` (`{workflowId}:{step}`): given twice, the effect happens once.
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

/** Workflows, and activities on our own database. */
export const workflowTaskQueue = 'castmatch';
/** Deliveries to the platform's webhook endpoints. */
export const platformTaskQueue = 'platform';

/** Task queues by what they wait for; the worker that serves them appends nothing, tests append a suffix. */
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

// --- booking: queue `castmatch`, quick and internal -----------------------------------------------------------

export interface HoldClaim extends Correlated {
  readonly slot: Slot;
  /** 1 for the first slot, one more with each move. Holding the same revision again is a no-op. */
  readonly revision: number;
  readonly until: Instant;
  /** What the slot needs exclusively: participants and the room, scoped by the organization. */
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
  /** Claims the slot for all its resources or for none; the database's exclusion constraint is the judge. */
  holdSlot(input: HoldSlotInput): Promise<HoldSlotResult>;
  /**
   * Makes the holds of one revision last to the end of the slot: the slot is booked, not merely held. A hold that ran
   * out meanwhile is claimed anew, and refused when another audition was quicker.
   */
  confirmHold(input: HoldClaim): Promise<ConfirmHoldResult>;
  /** Frees all holds of the audition but those of `except`. Idempotent. */
  releaseHolds(input: Correlated & { readonly except?: number | undefined }): Promise<void>;
  /** Appends to the audit trail and folds into the read model, in one transaction. Idempotent by sequence. */
  recordEvents(input: Correlated & { readonly events: readonly AuditionEvent[] }): Promise<void>;
}

// --- calendars: one queue per provider ---------------------------------------------------------------------

export interface FindBusyInput extends Correlated {
  /** Absent from activities that an earlier release scheduled: then `defaultCalendarProvider`. */
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
  /** First writing and moving alike: makes the event of `key` be as described. */
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
  /** Whether another provider is tried after this one: then there is no use in waiting for a circuit to close. */
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

/** What a notice says. Names and addresses travel encrypted in the payload and are stored nowhere by us. */
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
  /** The keys of the notices to be corrected: where none of them went out, nothing needs correcting. */
  readonly sentAs: readonly string[];
  readonly key: string;
}

export interface MessagingActivities {
  sendNotice(input: SendNoticeInput): Promise<{ readonly deliveryId: string }>;
  /** A sent message cannot be unsent: whoever got one gets a cancellation, whoever got none gets none. */
  retractNotice(input: RetractNoticeInput): Promise<UndoResult>;
}

export type AuditionActivities = InternalActivities &
  CalendarActivities &
  MeetingActivities &
  MessagingActivities;

/** All that a worker serves. */
export type ServiceActivities = AuditionActivities & PlatformActivities;

// --- the platform's endpoints: queue `platform` -----------------------------------------------------------------

export interface EndpointTarget {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly correlationId: string;
}

/** Nothing more is to be sent: the endpoint is disabled or removed, or its receiver has just said so. */
export type EndpointUnavailable =
  | { readonly kind: 'disabled' }
  | { readonly kind: 'gone'; readonly message: string; readonly answer: string };

export type DeliveryOutcome =
  | { readonly kind: 'up_to_date'; readonly through: number }
  /** There is more, and it is for another attempt. */
  | { readonly kind: 'more' }
  | EndpointUnavailable;

/** Up to where a replay has come. */
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
 * Those that send fail as `endpoint_failed` when the receiver does not take a message; the first detail says which
 * message, and what the answer was.
 */
export interface PlatformActivities {
  /** Sends, in their order, the events of one audition that the endpoint has not been told of. */
  deliverEvents(input: EndpointTarget & { readonly auditionId: AuditionId }): Promise<DeliveryOutcome>;
  /** Sends what happened in that time again, audition by audition, under the same ids. */
  replayEvents(input: ReplayEventsInput): Promise<ReplayOutcome>;
  /** Sends one message that is of no audition. */
  tellEndpoint(
    input: TellEndpointInput,
  ): Promise<{ readonly kind: 'accepted'; readonly answer: string } | EndpointUnavailable>;
  /** Undefined where somebody else has disabled it for another reason, or it is no more. */
  disableEndpoint(
    input: EndpointTarget & { readonly reason: string },
  ): Promise<{ readonly at: Instant; readonly others: readonly EndpointId[] } | undefined>;
}
