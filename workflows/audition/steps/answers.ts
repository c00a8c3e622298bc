/** Records the answers of participants, and confirms, ends or escalates the audition accordingly. */
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import type { ParticipantView } from '../../../domain/audition/view.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { askInBackground } from '../background-question.ts';
import type { RespondCommand } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { notify } from './notices.ts';

/** Records an answer. A repeated answer changes nothing. A performer who declines ends the audition. */
export const recordAnswer = (
  run: AuditionRun,
  { participant, answer, origin, correlationId }: RespondCommand,
): void => {
  const { journal } = run;
  const before = journal.view.participants.find(({ id }) => id === participant);
  if (!before || before.answer === answer) return;
  journal.record({ type: 'responded', participant, answer, origin }, correlationId);
  if (answer === 'declined') return handleDecline(run, before, correlationId);
  if (journal.view.state === 'confirmed' && !allAccepted(run)) {
    journal.record({ type: 'confirmation_lost' }, correlationId);
  }
  confirmWhenAccepted(run, correlationId);
};

/** Confirms a scheduled audition once all required participants have accepted. */
export const confirmWhenAccepted = (run: AuditionRun, correlationId?: string): void => {
  if (run.journal.view.state === 'scheduled' && allAccepted(run)) {
    run.journal.record({ type: 'confirmed' }, correlationId);
  }
};

const allAccepted = ({ journal }: AuditionRun): boolean =>
  journal.view.participants.every(({ required, answer }) => !required || answer === 'accepted');

const handleDecline = (
  run: AuditionRun,
  { id, kind, required }: ParticipantView,
  correlationId: string,
): void => {
  if (kind === 'performer') {
    run.end({ type: 'declined', participant: id }, correlationId);
    return;
  }
  if (run.journal.view.state === 'confirmed' && required) {
    run.journal.record({ type: 'confirmation_lost' }, correlationId);
  }
  if (!required) return;
  askInBackground(
    run,
    {
      step: 'answer',
      what: `The ${kind} ${id} declined but is required.`,
      hint: 'Reschedule or find a substitute, then skip; or abort.',
      actions: ['skip', 'abort'],
      isMoot: () => answerOf(run, id) !== 'declined',
    },
    (action) => {
      if (action === 'abort') failForMissingAnswer(run, 'declined');
    },
  );
};

/** Asks an operator what to do about performers who have not answered. Does nothing when all have answered. */
export const escalateMissingAnswer = (run: AuditionRun): void => {
  run.answerEscalated = true;
  const unanswered = run.journal.view.participants.filter(
    ({ kind, answer }) => kind === 'performer' && answer === 'none',
  );
  if (unanswered.length === 0) return;
  const ids = unanswered.map(({ id }) => id).join(', ');
  const { revision } = run.journal.view;
  askInBackground(
    run,
    {
      step: 'answer',
      what: `Performer ${ids} has not answered the invitation.`,
      hint: 'Retry to send a reminder, skip to continue waiting, or abort.',
      actions: ['retry', 'skip', 'abort'],
      isMoot: () =>
        run.journal.view.revision !== revision ||
        !isCommandAllowed('respond', run.journal.view.state) ||
        unanswered.every(({ id }) => answerOf(run, id) !== 'none'),
    },
    async (action) => {
      if (action === 'abort') failForMissingAnswer(run, 'unanswered');
      if (action === 'retry') {
        const label = `r${run.journal.view.revision}:again`;
        await notify(run, { notice: 'reminder', label, to: unanswered.map(({ id }) => id) });
        run.journal.flushInBackground();
      }
    },
  );
};

const answerOf = (
  { journal }: AuditionRun,
  participant: ParticipantId,
): ParticipantView['answer'] | undefined =>
  journal.view.participants.find(({ id }) => id === participant)?.answer;

const failForMissingAnswer = (run: AuditionRun, code: 'declined' | 'unanswered'): void =>
  run.end({ type: 'failed', code, reason: 'An operator aborted: a required participant has not accepted.' });
