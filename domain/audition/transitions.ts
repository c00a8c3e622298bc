/**
 * The transition table: which fact moves an audition from which state to which. The fold (`view.ts`), the refusal of
 * commands and the diagram in the docs use it. Imports no schemas, because the workflow's validators use it.
 */
import type { AuditionCommandName } from './commands.ts';
import type { AuditionFactType } from './events.ts';
import type { AuditionOutcome, AuditionState } from './states.ts';

export interface Transition {
  readonly from: AuditionState;
  readonly on: AuditionFactType;
  readonly to: AuditionState;
  /** Set when the transition closes the audition. `as_decided` takes the outcome from the decision. */
  readonly outcome?: AuditionOutcome | 'as_decided';
}

const open = [
  'requested',
  'holding',
  'scheduling',
  'scheduled',
  'confirmed',
  'in_progress',
  'awaiting_decision',
] as const satisfies readonly AuditionState[];

const fromAnyOpenState = (on: AuditionFactType, outcome: AuditionOutcome): readonly Transition[] =>
  open.map((from) => ({ from, on, to: 'closed', outcome }));

export const auditionTransitions: readonly Transition[] = [
  { from: 'requested', on: 'holding_started', to: 'holding' },
  { from: 'holding', on: 'slot_held', to: 'scheduling' },
  { from: 'holding', on: 'slot_refused', to: 'closed', outcome: 'failed' },
  { from: 'scheduling', on: 'scheduled', to: 'scheduled' },
  { from: 'scheduled', on: 'confirmed', to: 'confirmed' },
  { from: 'confirmed', on: 'confirmation_lost', to: 'scheduled' },
  { from: 'scheduled', on: 'slot_moved', to: 'scheduling' },
  { from: 'confirmed', on: 'slot_moved', to: 'scheduling' },
  // An early check-in has begun the session, but its slot has not begun.
  { from: 'in_progress', on: 'slot_moved', to: 'scheduling' },
  { from: 'scheduling', on: 'move_reverted', to: 'scheduled' },
  { from: 'scheduled', on: 'session_started', to: 'in_progress' },
  { from: 'confirmed', on: 'session_started', to: 'in_progress' },
  { from: 'scheduling', on: 'declined', to: 'closed', outcome: 'declined' },
  { from: 'scheduled', on: 'declined', to: 'closed', outcome: 'declined' },
  { from: 'confirmed', on: 'declined', to: 'closed', outcome: 'declined' },
  { from: 'scheduled', on: 'no_show', to: 'closed', outcome: 'no_show' },
  { from: 'confirmed', on: 'no_show', to: 'closed', outcome: 'no_show' },
  { from: 'in_progress', on: 'session_ended', to: 'awaiting_decision' },
  // The meeting is opened again soon after its end.
  { from: 'awaiting_decision', on: 'session_started', to: 'in_progress' },
  // The casting office says that a session took place which no provider reported.
  { from: 'scheduled', on: 'session_ended', to: 'awaiting_decision' },
  { from: 'confirmed', on: 'session_ended', to: 'awaiting_decision' },
  // Casting directors decide during the session, and even before it.
  { from: 'scheduled', on: 'decided', to: 'closed', outcome: 'as_decided' },
  { from: 'confirmed', on: 'decided', to: 'closed', outcome: 'as_decided' },
  { from: 'in_progress', on: 'decided', to: 'closed', outcome: 'as_decided' },
  { from: 'awaiting_decision', on: 'decided', to: 'closed', outcome: 'as_decided' },
  { from: 'closed', on: 'reopened_for_decision', to: 'awaiting_decision' },
  { from: 'closed', on: 'reopened_for_session', to: 'scheduling' },
  ...fromAnyOpenState('cancelled', 'cancelled'),
  ...fromAnyOpenState('failed', 'failed'),
];

/** Facts that can be recorded in any state and do not change it. */
export const stateNeutralFacts = [
  'meeting_created',
  'meeting_settings_changed',
  'meeting_access_changed',
  'meeting_fell_back',
  'meeting_lost',
  'backup_announced',
  'participant_joined',
  'participant_left',
  'calendar_event_written',
  'calendar_changed',
  'calendar_event_removed',
  'room_booked',
  'room_answered',
  'session_block_changed',
  'notified',
  'responded',
  'answer_ignored',
  'time_proposed',
  'delivery_reported',
  'budget_nearly_spent',
  'move_refused',
  'checked_in',
  'reminder_dropped',
  'recording_consented',
  'recording_stored',
  'recording_missing',
  'recording_deleted',
  'participant_added',
  'participant_removed',
  'taken_over',
  'step_skipped',
  'compensated',
  'attention_raised',
  'attention_overdue',
  'attention_resolved',
] as const satisfies readonly AuditionFactType[];

const stateNeutralFactSet: ReadonlySet<AuditionFactType> = new Set(stateNeutralFacts);

/** Returns the transition that the fact causes in the state, if there is one. */
export const transitionOn = (from: AuditionState, on: AuditionFactType): Transition | undefined =>
  auditionTransitions.find((transition) => transition.from === from && transition.on === on);

/** Returns whether the fact can be recorded in this state. */
export const isFactAllowed = (state: AuditionState, on: AuditionFactType): boolean =>
  stateNeutralFactSet.has(on) || transitionOn(state, on) !== undefined;

/** The states in which each command is allowed. */
export const commandStates: Readonly<Record<AuditionCommandName, readonly AuditionState[]>> = {
  respond: ['scheduling', 'scheduled', 'confirmed'],
  reschedule: ['scheduled', 'confirmed', 'in_progress'],
  cancel: open,
  'check-in': ['scheduled', 'confirmed', 'in_progress'],
  decide: ['scheduled', 'confirmed', 'in_progress', 'awaiting_decision'],
  reopen: ['closed'],
  participants: ['scheduled', 'confirmed', 'in_progress'],
  meeting: ['scheduled', 'confirmed', 'in_progress'],
};

/** Returns whether the command is allowed in this state. */
export const isCommandAllowed = (command: AuditionCommandName, state: AuditionState): boolean =>
  commandStates[command].includes(state);
