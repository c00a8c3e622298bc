/**
 * The contract of the audition workflow: what may be said to it and what it answers. Imported by the workflow and by
 * the API, so that neither can drift. Updates where the caller wants an answer or may be refused, signals for facts
 * from outside, queries for state.
 *
 * A refusal is an `ApplicationFailure` whose `type` is a `RefusalCode`, whose message is the sentence for a person
 * and whose first detail is what to do.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type {
  Answer,
  Decision,
  DeliveryStatus,
  Origin,
  SlotRefusalReason,
} from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AttentionId, AuditionId, ConnectionId, ParticipantId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { AuditionCompensation } from './compensations.ts';

export const auditionWorkflowType = 'audition';

/** `carried` is set when a long audition continues as new. */
export interface AuditionInput {
  readonly plan: AuditionPlan;
  readonly carried?: CarriedState | undefined;
}

/** What an audition takes with it when it continues as new. A contract with runs of last month: only add to it. */
interface CarriedState {
  readonly view: AuditionView;
  readonly reminders: readonly Reminder[];
  readonly compensations: readonly AuditionCompensation[];
  readonly attentionRaised: number;
  readonly answerEscalated: boolean;
  readonly decisionEscalated: boolean;
  readonly scheduledAt: number;
  readonly movedAt?: number | undefined;
  readonly room?: MeetingStatus | undefined;
  readonly appliedFacts?: readonly string[] | undefined;
}

/** The meeting's room, as the provider last told of it. */
export interface MeetingStatus {
  /** Of the slot, when it was told: after a move it counts no more. */
  readonly revision: number;
  readonly isOpen: boolean;
  readonly origin: Origin;
  /** When that happened, epoch milliseconds. */
  readonly since: number;
}

/** Who asks, from where, under which correlation id. */
export interface CommandContext {
  readonly origin: Origin;
  readonly correlationId: string;
}

/**
 * The first result of a start, waited for by update-with-start: the slot is held, or was refused (and the audition
 * is closed as failed), or a person has to look at it first.
 */
export type FirstResult =
  | { readonly kind: 'held'; readonly view: AuditionView }
  | { readonly kind: 'refused'; readonly reason: SlotRefusalReason; readonly view: AuditionView }
  | { readonly kind: 'needs_attention'; readonly view: AuditionView }
  /** It was ended, by a cancellation say, before there was a slot. */
  | { readonly kind: 'ended'; readonly view: AuditionView };

export const firstResultUpdate = defineUpdate<FirstResult>('firstResult');

export interface RespondCommand extends CommandContext {
  readonly participant: ParticipantId;
  readonly answer: Answer;
}
export const respondUpdate = defineUpdate<AuditionView, [RespondCommand]>('respond');

export interface RescheduleCommand extends CommandContext {
  readonly slot: Slot;
  readonly reason?: string | undefined;
}
/** Answers once the new slot is held and everything has moved to it, or a person was asked about a step of that. */
export const rescheduleUpdate = defineUpdate<AuditionView, [RescheduleCommand]>('reschedule');

export interface CancelCommand extends CommandContext {
  readonly reason?: string | undefined;
}
/** Answers once everything is undone, or a person was asked about a step of that. */
export const cancelUpdate = defineUpdate<AuditionView, [CancelCommand]>('cancel');

export interface CheckInCommand extends CommandContext {
  readonly participant: ParticipantId;
}
export const checkInUpdate = defineUpdate<AuditionView, [CheckInCommand]>('checkIn');

export type DecideCommand = CommandContext &
  (
    | { readonly decision: Exclude<Decision, 'callback'> }
    | {
        readonly decision: 'callback';
        readonly next: {
          readonly id: AuditionId;
          readonly slot: Slot;
          readonly round: AuditionView['round'];
        };
      }
  );
export const decideUpdate = defineUpdate<AuditionView, [DecideCommand]>('decide');

export interface ResolveAttentionCommand extends CommandContext {
  readonly id: AttentionId;
  readonly action: AttentionAction;
  /** With `override`: the join link of a meeting that a person made by hand. */
  readonly joinUrl?: string | undefined;
  /** Which operator. */
  readonly by: string;
}
export const resolveAttentionUpdate = defineUpdate<AuditionView, [ResolveAttentionCommand]>(
  'resolveAttention',
);

/**
 * A fact from outside: told at least once, in whatever order. What came through the inbox carries its id there, and is
 * applied once.
 */
export interface ExternalFact {
  readonly inboxId?: string | undefined;
}

export interface DeliveryReport extends ExternalFact {
  readonly participant: ParticipantId;
  readonly channel: Channel;
  readonly deliveryId: string;
  readonly status: DeliveryStatus;
  readonly code?: string | undefined;
}
export const deliveryReportedSignal = defineSignal<[DeliveryReport]>('deliveryReported');

export interface MeetingReport extends ExternalFact {
  readonly origin: Origin;
  /** The provider's id of the meeting. A report about another one than the audition's is ignored. */
  readonly meetingId?: string | undefined;
  /** When it happened, as the provider says: puts reports in order that arrive out of it. */
  readonly at?: Instant | undefined;
}
export const meetingStartedSignal = defineSignal<[MeetingReport]>('meetingStarted');
export const meetingEndedSignal = defineSignal<[MeetingReport]>('meetingEnded');

export interface ConnectionRestored extends ExternalFact {
  readonly connection: ConnectionId;
  readonly correlationId: string;
}
/** The account works again: what waits for that is tried again. */
export const connectionRestoredSignal = defineSignal<[ConnectionRestored]>('connectionRestored');

export const viewQuery = defineQuery<AuditionView>('view');
