/**
 * Input, updates, signals and queries of the audition workflow. The workflow and the API both import this file. Updates
 * return a result or a refusal, signals carry external facts, queries read the state.
 *
 * A refusal is an `ApplicationFailure`: its `type` is a `RefusalCode`, its message explains the refusal, and its first
 * detail says what to do. The second one, of a slot that is not free, is a `SlotConflict`.
 */

import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type { CalendarChange, ReportOrder } from '../../domain/audition/calendar-change.ts';
import type { ConflictHandling } from '../../domain/audition/conflict-rules.ts';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type {
  Answer,
  Decision,
  Origin,
  SlotRefusalReason,
  TakeoverCause,
} from '../../domain/audition/events.ts';
import type { AnswerTimes } from '../../domain/audition/last-answers.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { ProposedTime, ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { Channel, Participant } from '../../domain/audition/request.ts';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import type { Slot, SlotSpec } from '../../domain/audition/slot.ts';
import type { SlotConflict } from '../../domain/audition/slot-conflict.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AttentionId, AuditionId, ConnectionId, ParticipantId } from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { AuditionCompensation } from './compensations.ts';
import type { EmailEntry } from './email-entries.ts';

export const auditionWorkflowType = 'audition';

/** The input of the workflow. */
export interface AuditionInput {
  readonly plan: AuditionPlan;
  /** Set when the audition continues as new. */
  readonly carried?: CarriedState | undefined;
  /** Set when this workflow takes over an audition whose workflow has ended. */
  readonly takeover?: Takeover | undefined;
}

/** Why a workflow takes over an audition: its earlier workflow was lost, or a closed audition is reopened. */
export type Takeover =
  | {
      readonly cause: TakeoverCause;
      readonly correlationId: string;
      /** The operator who has asked for it. Absent: the service has found it. */
      readonly principal?: string | undefined;
    }
  | { readonly cause: 'reopen'; readonly command: ReopenCommand };

/** The state that continue-as-new carries over. Compatible with running workflows: only add optional fields. */
interface CarriedState {
  readonly view: AuditionView;
  readonly reminders: readonly Reminder[];
  readonly compensations: readonly AuditionCompensation[];
  /** The number of the last fact. */
  readonly factNumber: number;
  /** The number of the last claim of a slot, and of the claim that holds the present slot. */
  readonly claims: { readonly last: number; readonly held: number };
  /** How many meetings were requested. It numbers their idempotency keys. */
  readonly meetingsRequested: number;
  readonly appliedUpdates: readonly string[];
  readonly sessionAsked: boolean;
  readonly answerEscalated: boolean;
  readonly decisionEscalated: boolean;
  readonly scheduledAt: number;
  readonly movedAt: number;
  readonly meetingStatus?: MeetingStatus | undefined;
  readonly appliedFacts: readonly string[];
  readonly suppressedAddresses?: readonly string[] | undefined;
  readonly emailEntries?: readonly EmailEntry[] | undefined;
  readonly answeredAt?: AnswerTimes | undefined;
  readonly meetingCheckedAs?: number | undefined;
  readonly meetingEndedAs?: number | undefined;
  /** The last reports about calendars. */
  readonly reportOrders?: readonly ReportOrder[] | undefined;
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

/** The source of a command. */
export interface CommandContext {
  readonly origin: Origin;
  readonly correlationId: string;
  /** See `domain/audition/principal.ts`. Commands of earlier versions lack it. */
  readonly principal?: string | undefined;
}

/** The answer to an update: the sequence of the last event of the trail. The read model contains that event. */
export interface UpdateAnswer {
  readonly sequence: number;
  /** Set when the command waits for an operator. The trail will contain its result. */
  readonly isPending?: true | undefined;
}

/** Why no slot could be held, one sentence about it without personal data, and what blocks the slot. */
export interface SlotRefusal {
  readonly reason: SlotRefusalReason;
  readonly message: string;
  readonly conflict?: SlotConflict | undefined;
}

/**
 * The first result of an audition, returned to update-with-start: the slot is held, the slot was refused (the audition
 * is closed as failed), or an operator must resolve an attention item first.
 */
export type FirstResult = UpdateAnswer &
  (
    | { readonly kind: 'held' }
    | ({ readonly kind: 'refused' } & SlotRefusal)
    | { readonly kind: 'needs_attention' }
    /** The audition ended before a slot was held, for example by a cancellation. */
    | { readonly kind: 'ended' }
  );

export const firstResultUpdate = defineUpdate<FirstResult>('firstResult');

export interface RespondCommand extends CommandContext {
  readonly participant: ParticipantId;
  readonly answer: Answer;
  /** The revision of the slot that the participant has seen. Absent when the answer is about the present slot. */
  readonly revision?: number | undefined;
  /** When the participant answered. Absent when that is now. */
  readonly at?: Instant | undefined;
}
export const respondUpdate = defineUpdate<UpdateAnswer, [RespondCommand]>('respond');

export interface RescheduleCommand extends CommandContext {
  readonly wish: SlotSpec;
  readonly reason?: string | undefined;
  /** What happens when the slot is not free. */
  readonly conflicts?: ConflictHandling | undefined;
}
/** Returns when everything has moved to the new slot, or when a step of the move waits for an operator. */
export const rescheduleUpdate = defineUpdate<UpdateAnswer, [RescheduleCommand]>('reschedule');

export interface CancelCommand extends CommandContext {
  readonly reason?: string | undefined;
}
/** Returns when each compensation is done or waits for an operator. */
export const cancelUpdate = defineUpdate<UpdateAnswer, [CancelCommand]>('cancel');

export interface CheckInCommand extends CommandContext {
  readonly participant: ParticipantId;
}
export const checkInUpdate = defineUpdate<UpdateAnswer, [CheckInCommand]>('checkIn');

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
export const decideUpdate = defineUpdate<UpdateAnswer, [DecideCommand]>('decide');

/** A change of the cast. A participant is replaced by removing one and adding another. */
export type CastChange =
  | { readonly kind: 'add'; readonly participant: Participant }
  | { readonly kind: 'remove'; readonly participant: ParticipantId };

export interface ParticipantsCommand extends CommandContext {
  readonly changes: readonly CastChange[];
  /** What happens when the slot is not free for the cast. Undefined in commands of earlier versions: it is refused. */
  readonly conflicts?: ConflictHandling | undefined;
}
export const participantsUpdate = defineUpdate<UpdateAnswer, [ParticipantsCommand]>('participants');

export interface MeetingCommand extends CommandContext {
  /** The provider of the other meeting. Default: the next one in the order of the audition. */
  readonly provider?: MeetingProviderName | undefined;
}
/** Moves everyone to another meeting. Returns when it exists, or when an operator is asked. */
export const meetingUpdate = defineUpdate<UpdateAnswer, [MeetingCommand]>('meeting');

/** Reopens a closed audition. It is the input of a new workflow, because the workflow of a closed audition has ended. */
export type ReopenCommand = CommandContext & { readonly reason?: string | undefined } & (
    | { readonly to: 'decision' }
    | { readonly to: 'session'; readonly wish: SlotSpec }
  );

export interface ResolveAttentionCommand extends CommandContext {
  readonly id: AttentionId;
  readonly action: AttentionAction;
  /** With `override`: the join link of a meeting that was created manually. */
  readonly joinUrl?: string | undefined;
  /** The operator. */
  readonly by: string;
  /** Why the operator decided so. */
  readonly note?: string | undefined;
}
export const resolveAttentionUpdate = defineUpdate<UpdateAnswer, [ResolveAttentionCommand]>(
  'resolveAttention',
);

/** An external fact. It arrives at least once and in any order. Facts with an inbox id are applied once. */
export interface ExternalFact {
  /** The id in the inbox. Absent when the fact did not come through the inbox. */
  readonly inboxId?: string | undefined;
  /** See `domain/audition/principal.ts`. Reports of earlier versions lack it. */
  readonly principal?: string | undefined;
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

/** A person may have changed how people get into the meeting. The audition asks the provider how they do now. */
export const meetingChangedSignal = defineSignal<[MeetingReport]>('meetingChanged');

/**
 * The provider of the meeting has failed shortly before the session, or no longer has the meeting. The audition looks for itself.
 * Repeated while the provider fails, so a lost signal costs some seconds.
 */
export const meetingDoubtedSignal = defineSignal<[MeetingReport]>('meetingDoubted');

/** The casting session of the audition has another room than the meeting of the report. */
export const roomLeftSignal = defineSignal<[MeetingReport]>('roomLeft');

/** Shows that a participant is present, or has left. */
export type PresenceReport = ExternalFact & {
  readonly at: Instant;
  readonly correlationId: string;
} & (
    | {
        /** The participant went to the meeting, or to the waiting list, with the personal join link. */
        readonly what: 'checked_in';
        readonly participant: ParticipantId;
      }
    | {
        /** The casting office has admitted the performer. */
        readonly what: 'admitted';
        readonly participant: ParticipantId;
      }
    | {
        readonly what: 'joined' | 'left';
        readonly meetingId: string;
        /** The participant, when the provider has registered this person. */
        readonly participant?: ParticipantId | undefined;
        /** How the provider names the person. */
        readonly name?: string | undefined;
        readonly email?: string | undefined;
      }
  );
/** Reports of the same few seconds arrive together. */
export const presenceReportedSignal = defineSignal<[readonly PresenceReport[]]>('presenceReported');

/** The join link of a participant was revoked: its registration ends with it. */
export const linkRevokedSignal = defineSignal<[ExternalFact]>('linkRevoked');

/**
 * A participant has consented to the recording, or does not any more. The trail has the consent: the signal only says that
 * the automatic recording of the meeting must follow it. Without a payload, an earlier version of the API has sent it.
 */
export const consentChangedSignal = defineSignal<[ExternalFact?]>('consentChanged');

/** Another audition has taken the slot that this one yields while a decline can be changed. */
export const slotTakenSignal = defineSignal('slotTaken');

export interface ConnectionRestored extends ExternalFact {
  readonly connection: ConnectionId;
  readonly correlationId: string;
}
export interface ConnectionDisconnected extends ExternalFact {
  readonly connection: ConnectionId;
  readonly correlationId: string;
}

/** The account is connected again. Retries the steps that wait for it. */
export const connectionRestoredSignal = defineSignal<[ConnectionRestored]>('connectionRestored');

/** The account is disconnected: a question about a change in its calendars has no answer any more. */
export const connectionDisconnectedSignal = defineSignal<[ConnectionDisconnected]>('connectionDisconnected');

/** A person has changed the event of the audition in a calendar, or an event beside it conflicts with the slot. */
export const calendarChangedSignal = defineSignal<[CalendarChange]>('calendarChanged');

/** A participant has answered in a calendar or by email. */
export const answerReportedSignal = defineSignal<[ReportedAnswer]>('answerReported');

/** A participant proposes another time. */
export const timeProposedSignal = defineSignal<[ProposedTime]>('timeProposed');

/** The session block of the slot was changed, and the slot is outside of its sessions, or inside again. */
export const sessionBlockChangedSignal = defineSignal<[SessionBlockChange]>('sessionBlockChanged');

/** Returns the plan with all changes of the cast. A reopened audition starts with it. */
export const planQuery = defineQuery<AuditionPlan>('plan');
export const viewQuery = defineQuery<AuditionView>('view');
