/** What the workflow refuses, and how a refusal travels: as a failure whose type is the refusal's code. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { AuditionCommandName } from '../../domain/audition/commands.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { commandStates, isCommandAllowed } from '../../domain/audition/transitions.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { CheckInCommand, ResolveAttentionCommand, RespondCommand } from './messages.ts';

export const refusalAsFailure = (refusal: Refusal): ApplicationFailure =>
  ApplicationFailure.create({
    type: refusal.code,
    message: refusal.message,
    details: [refusal.whatToDo],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });

export const wrongState = (command: AuditionCommandName, state: AuditionState): Refusal =>
  state === 'closed'
    ? new Refusal(
        'audition_closed',
        'The audition is closed.',
        'Start a new audition if there is to be another.',
      )
    : new Refusal(
        'wrong_state',
        `'${command}' is not possible while the audition is '${state}'.`,
        `Wait until it is ${commandStates[command].join(' or ')}.`,
      );

/** Validators read and refuse; they never change anything. */
export const refuseUnlessAllowed = (command: AuditionCommandName, { state }: AuditionView): void => {
  if (!isCommandAllowed(command, state)) throw refusalAsFailure(wrongState(command, state));
};

export const refuseAnswer = ({ participant }: RespondCommand, view: AuditionView): void => {
  refuseUnlessAllowed('respond', view);
  refuseUnknownParticipant(participant, view);
};

export const refuseCheckIn = ({ participant }: CheckInCommand, view: AuditionView, opensMs: number): void => {
  refuseUnlessAllowed('check-in', view);
  refuseUnknownParticipant(participant, view);
  const opensAt = view.slot ? toEpochMs(view.slot.start) - opensMs : Number.POSITIVE_INFINITY;
  if (Date.now() >= opensAt) return;
  throw refusalAsFailure(
    new Refusal(
      'check_in_not_open',
      'It is too early to check in.',
      `Check in from ${toInstant(opensAt)} on.`,
    ),
  );
};

export const refuseResolution = (
  { id, action, joinUrl }: ResolveAttentionCommand,
  view: AuditionView,
): void => {
  const item = view.attention.find((open) => open.id === id);
  if (!item) {
    throw refusalAsFailure(
      new Refusal(
        'attention_not_found',
        'Nothing waits under that id: it was resolved or withdrawn.',
        'List what is open with GET /v1/attention.',
      ),
    );
  }
  if (!item.actions.includes(action) || (action === 'override' && !joinUrl)) {
    throw refusalAsFailure(
      new Refusal(
        'action_not_offered',
        `'${action}' is not possible here.`,
        `Choose one of ${item.actions.join(', ')}; override needs a joinUrl.`,
      ),
    );
  }
};

const refuseUnknownParticipant = (participant: ParticipantId, view: AuditionView): void => {
  if (view.participants.some(({ id }) => id === participant)) return;
  throw refusalAsFailure(
    new Refusal(
      'unknown_participant',
      `'${participant}' does not take part in this audition.`,
      `Name one of ${view.participants.map(({ id }) => id).join(', ')}.`,
    ),
  );
};
