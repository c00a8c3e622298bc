/**
 * Input, updates, signals and queries of the audition workflow. The workflow and the API both import this file. Updates
 * return a result or a refusal, signals carry external facts, queries read the state.
 *
 * A refusal is an `ApplicationFailure`: its `type` is a `RefusalCode`, its message explains the refusal, and its first
 * detail says what to do.
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

/** The input of the workflow. `carried` is set when an audition continues as new. */
export interface AuditionInput {
  readonly plan: AuditionPlan;
  readonly carried?: CarriedState | undefined;
}

/** The state that continue-as-new carries over. Compatible with running workflows: only add optional fields. */
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

/** The status of the meeting according to the provider's last report. */
export interface MeetingStatus {
  /** The slot's revision at the time of the report. After a move, the status no longer counts. */
  readonly revision: number;
  readonly isOpen: boolean;
  readonly origin: Origin;
  /** When the meeting was opened or closed, epoch milliseconds. */
  readonly since: number;
}

/** The source and the correlation id of a command. */
export interface CommandContext {
  readonly origin: Origin;
  readonly correlationId: string;
}

/**
 * The first result of an audition, returned to update-with-start: the slot is held, the slot was refused (the audition
 * is closed as failed), or an operator must resolve an attention item first.
 */
export type FirstResult =
  | { readonly kind: 'held'; readonly view: AuditionView }
  | { readonly kind: 'refused'; readonly reason: SlotRefusalReason; readonly view: AuditionView }
  | { readonly kind: 'needs_attention'; readonly view: AuditionView }
  /** The audition ended before a slot was held, for example by a cancellation. */
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
/** Returns when everything has moved to the new slot, or when a step of the move waits for an operator. */
export const rescheduleUpdate = defineUpdate<AuditionView, [RescheduleCommand]>('reschedule');

export interface CancelCommand extends CommandContext {
  readonly reason?: string | undefined;
}
/** Returns when each compensation is done or waits for an operator. */
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
  /** With `override`: the join link of a meeting that was created manually. */
  readonly joinUrl?: string | undefined;
  /** The operator. */
  readonly by: string;
}
export const resolveAttentionUpdate = defineUpdate<AuditionView, [ResolveAttentionCommand]>(
  'resolveAttention',
);

/** An external fact. It arrives at least once and in any order. Facts with an inbox id are applied once. */
export interface ExternalFact {
  /** The id in the inbox. Absent when the fact did not come through the inbox. */
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
  /** The provider's id of the meeting. Reports about other meetings are ignored. */
  readonly meetingId?: string | undefined;
  /** The time of the event according to the provider. Orders reports that arrive out of order. */
  readonly at?: Instant | undefined;
}
export const meetingStartedSignal = defineSignal<[MeetingReport]>('meetingStarted');
export const meetingEndedSignal = defineSignal<[MeetingReport]>('meetingEnded');
export const meetingDeletedSignal = defineSignal<[MeetingReport]>('meetingDeleted');

export interface ConnectionRestored extends ExternalFact {
  readonly connection: ConnectionId;
  readonly correlationId: string;
}
/** The account is connected again. Retries the steps that wait for it. */
export const connectionRestoredSignal = defineSignal<[ConnectionRestored]>('connectionRestored');

export const viewQuery = defineQuery<AuditionView>('view');
