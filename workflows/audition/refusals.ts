/** Refuses commands. A refusal leaves the workflow as an `ApplicationFailure` whose type is the refusal's code. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { AuditionCommandName } from '../../domain/audition/commands.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { commandStates, isCommandAllowed } from '../../domain/audition/transitions.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { CheckInCommand, ResolveAttentionCommand, RespondCommand } from './messages.ts';
import type { AuditionRun } from './run.ts';

/** Returns the failure of a refused update: type is the code, the details are what to do and the conflict of a slot. */
export const refusalAsFailure = (refusal: Refusal): ApplicationFailure =>
  ApplicationFailure.create({
    type: refusal.code,
    message: refusal.message,
    details: [refusal.whatToDo, ...(refusal.conflict ? [refusal.conflict] : [])],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });

/** Returns the refusal of a command that the audition's state does not allow. */
export const wrongState = (command: AuditionCommandName, state: AuditionState): Refusal =>
  state === 'closed'
    ? new Refusal(
        'audition_closed',
        'The audition is closed.',
        'Request a new audition if you need another one.',
      )
    : new Refusal(
        'wrong_state',
        `'${command}' is not possible while the audition is '${state}'.`,
        state === 'in_progress'
          ? 'Request a new audition if you need one.'
          : `Wait until the audition is ${commandStates[command].join(' or ')}.`,
      );

/** Returns the refusal of a command while another change of the audition waits for an operator. */
export const changeInProgress = (command: string): Refusal =>
  new Refusal(
    'move_in_progress',
    `'${command}' is not possible while another change of the audition waits for an operator.`,
    'Resolve the attention item of that change (GET /v1/attention), then send the command again.',
  );

/** Returns the refusal of a change that was not made before the slot began. */
export const changeMoot = (command: AuditionCommandName): Refusal =>
  new Refusal(
    'wrong_state',
    `'${command}' ended without effect: the slot began before the change was made.`,
    'The audition is as it was before. Send the command again if the change is still needed.',
  );

/** Returns the refusal of another meeting for an audition that needs none. */
export const noMeetingNeeded = (): Refusal =>
  new Refusal(
    'wrong_state',
    'The audition needs no video meeting: it takes place in person, or its slot is over.',
    'Read the audition with GET /v1/auditions/{id}.',
  );

/** Returns the refusal of a command whose effect is not known, since another run of the workflow has gone further. */
export const commandInterrupted = (): Refusal =>
  new Refusal(
    'wrong_state',
    'The workflow was reset in Temporal while the command was being carried out.',
    'Read the audition. If the command has had no effect, send it again as a new request.',
  );

/** Returns the refusal of a command whose execution was interrupted: by a reset, or by what has ended the audition. */
export const interruption = (
  { isSuperseded }: Pick<AuditionRun, 'isSuperseded'>,
  command: AuditionCommandName,
): Refusal => (isSuperseded ? commandInterrupted() : wrongState(command, 'closed'));

/** Returns the refusal of a command while an operator must decide how an audition that was taken over continues. */
const recoveryOpen = (command: AuditionCommandName): Refusal =>
  new Refusal(
    'audition_stopped',
    `'${command}' is not possible: the audition was taken over from an earlier workflow, and waits for an operator.`,
    'Resolve its attention item of the step recovery (GET /v1/attention), then send the command again.',
  );

/** Returns the refusal of an answer to an earlier slot. */
export const answerSuperseded = (): Refusal =>
  new Refusal(
    'answer_superseded',
    'The answer is about an earlier time: the audition has moved.',
    'Answer with the link of the latest message, or read the present time with GET /v1/auditions/{id}.',
  );

// Update validators must not change any state.

/** Throws a refusal when the audition's state does not allow the command. */
export const refuseUnlessAllowed = (command: AuditionCommandName, { state }: AuditionView): void => {
  if (!isCommandAllowed(command, state)) throw refusalAsFailure(wrongState(command, state));
};

/** Throws a refusal when an operator must first decide how the audition continues. */
export const refuseDuringRecovery = (
  { isRecovering }: Pick<AuditionRun, 'isRecovering'>,
  command: AuditionCommandName,
): void => {
  if (isRecovering) throw refusalAsFailure(recoveryOpen(command));
};

/** Throws a refusal when the participant cannot answer now. */
export const refuseAnswer = (command: RespondCommand, view: AuditionView): void => {
  const refusal = refusalOfAnswer(command, view);
  if (refusal) throw refusalAsFailure(refusal);
};

/** Returns why the participant cannot answer now. */
export const refusalOfAnswer = (
  { participant, revision }: RespondCommand,
  view: AuditionView,
): Refusal | undefined => {
  if (!isCommandAllowed('respond', view.state)) return wrongState('respond', view.state);
  const unknown = refusalOfParticipant(participant, view);
  if (unknown) return unknown;
  if (revision !== undefined && !view.announcedAs.includes(revision)) return answerSuperseded();
  // Whether the session took place is then a question to the casting office.
  return view.slot && Date.now() >= toEpochMs(view.slot.end) ? slotOver() : undefined;
};

const slotOver = (): Refusal =>
  new Refusal(
    'wrong_state',
    "'respond' is not possible: the slot of the audition is over.",
    'Say whether the session took place (GET /v1/attention), decide, or reschedule.',
  );

/**
 * Returns whether slot or cast can change now. A session that an early check-in has begun can change until its slot
 * begins.
 */
export const isChangeable = (
  command: 'reschedule' | 'participants',
  { state, slot }: AuditionView,
): boolean =>
  isCommandAllowed(command, state) &&
  (state !== 'in_progress' || (slot !== undefined && Date.now() < toEpochMs(slot.start)));

/** Throws a refusal when slot or cast cannot change now. */
export const refuseUnlessChangeable = (command: 'reschedule' | 'participants', view: AuditionView): void => {
  if (!isChangeable(command, view)) throw refusalAsFailure(wrongState(command, view.state));
};

/** Throws a refusal when the participant cannot check in now. @param opensMs check-in time before the start */
export const refuseCheckIn = ({ participant }: CheckInCommand, view: AuditionView, opensMs: number): void => {
  refuseUnlessAllowed('check-in', view);
  refuseUnknownParticipant(participant, view);
  const opensAt = view.slot ? toEpochMs(view.slot.start) - opensMs : Number.POSITIVE_INFINITY;
  if (Date.now() >= opensAt) return;
  throw refusalAsFailure(
    new Refusal(
      'check_in_not_open',
      'It is too early to check in.',
      `Check in at ${toInstant(opensAt)} or later.`,
    ),
  );
};

/** Throws a refusal when there is no such attention item, or when it does not offer the action. */
export const refuseResolution = (
  { id, action, joinUrl }: ResolveAttentionCommand,
  view: AuditionView,
): void => {
  const item = view.attention.find((openItem) => openItem.id === id);
  if (!item) {
    throw refusalAsFailure(
      new Refusal(
        'attention_not_found',
        'There is no open attention item with this id: it was resolved or withdrawn.',
        'List the open items with GET /v1/attention.',
      ),
    );
  }
  if (!item.actions.includes(action) || (action === 'override' && !joinUrl)) {
    throw refusalAsFailure(
      new Refusal(
        'action_not_offered',
        `The attention item does not offer '${action}'.`,
        `Choose one of ${item.actions.join(', ')}; override needs a joinUrl.`,
      ),
    );
  }
};

const refuseUnknownParticipant = (participant: ParticipantId, view: AuditionView): void => {
  const refusal = refusalOfParticipant(participant, view);
  if (refusal) throw refusalAsFailure(refusal);
};

const refusalOfParticipant = (participant: ParticipantId, view: AuditionView): Refusal | undefined =>
  view.participants.some(({ id }) => id === participant)
    ? undefined
    : new Refusal(
        'unknown_participant',
        `'${participant}' does not take part in this audition.`,
        `Use one of ${view.participants.map(({ id }) => id).join(', ')}.`,
      );
