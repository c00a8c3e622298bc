/** Records the answers of participants, and confirms, ends or escalates the audition accordingly. */

import type { FactSource } from '../../../domain/audition/principal.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import type { ParticipantView } from '../../../domain/audition/view.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../../domain/time/epoch.ts';
import { second } from '../../../domain/time/units.ts';
import { runChange } from '../change.ts';
import { labelText } from '../label.ts';
import type { RespondCommand, SlotRefusal } from '../messages.ts';
import { answerSuperseded } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';
import { claimSlot } from './claim.ts';
import { labelOfEntryDue, removeDeclinedEntry, restoreDeclinedEntry } from './declined-entry.ts';
import { notify } from './notices.ts';

/** Records an answer. A repeated answer changes nothing. A performer who declines can change that for some time. */
export const recordAnswer = (
  run: AuditionRun,
  { participant, answer, origin, correlationId, principal, at }: RespondCommand,
): void => {
  const source = { correlationId, principal };
  const { journal } = run;
  // A clock that is ahead must not make later answers look earlier.
  const answered = Math.min(at === undefined ? Date.now() : toEpochMs(at), Date.now());
  run.answeredAt = { ...run.answeredAt, [participant]: answered };
  const before = journal.view.participants.find(({ id }) => id === participant);
  if (!before || before.answer === answer) return;
  const finalAt = before.kind === 'performer' && answer === 'declined' ? declineFinalAt(run) : undefined;
  const entryDue = answer === 'declined' ? undefined : labelOfEntryDue(run, before, origin);
  journal.record(
    {
      type: 'responded',
      participant,
      answer,
      origin,
      ...(finalAt ? { finalAt: toInstant(finalAt) } : {}),
      ...(entryDue === undefined ? {} : { entryDue }),
    },
    source,
  );
  if (finalAt !== undefined) run.slotTakenAs = undefined;
  if (journal.view.state === 'confirmed' && !allAccepted(run)) {
    journal.record({ type: 'confirmation_lost' }, source);
  }
  if (finalAt !== undefined && finalAt <= Date.now()) {
    run.end({ type: 'declined', participant }, source);
    return;
  }
  if (answer === 'declined') return before.kind === 'performer' ? undefined : declinedFinally(run, before);
  if (entryDue !== undefined) restoreDeclinedEntry(run, participant, entryDue);
  confirmWhenAccepted(run, source);
};

const declinedFinally = (run: AuditionRun, { id }: ParticipantView): void => {
  const decliner = run.journal.view.participants.find((participant) => participant.id === id);
  if (!decliner) return;
  askAboutDecline(run, decliner);
  removeDeclinedEntry(run, decliner);
};

/**
 * Returns whether the participant has given another answer after this one. The time of an answer by email has whole seconds
 * (RFC 5545, section 3.3.5): within a second, the last one counts. An answer without a time was given now.
 */
export const isEarlierAnswer = (
  { answeredAt }: AuditionRun,
  { participant, at }: Pick<RespondCommand, 'participant' | 'at'>,
): boolean => {
  const last = answeredAt[participant];
  return at !== undefined && last !== undefined && toEpochMs(at) + second <= last;
};

/** A decline becomes final after the grace of the policy, and at the latest when the slot begins. */
const declineFinalAt = ({ plan, journal }: AuditionRun): number => {
  const final = Date.now() + plan.policy.declineGrace;
  const { slot } = journal.view;
  return slot ? Math.min(final, toEpochMs(slot.start)) : final;
};

/** Returns the performer whose decline is not final yet. */
export const pendingDecline = ({
  journal,
}: AuditionRun): { id: ParticipantId; finalAt: number } | undefined => {
  const declined = journal.view.participants.find(
    ({ answer, answerFinalAt }) => answer === 'declined' && answerFinalAt !== undefined,
  );
  return declined?.answerFinalAt && { id: declined.id, finalAt: toEpochMs(declined.answerFinalAt) };
};

/** Returns whether the command changes a decline that is not final yet. */
export const isWithdrawnDecline = (run: AuditionRun, { participant, answer }: RespondCommand): boolean =>
  answer !== 'declined' && pendingDecline(run)?.id === participant;

/**
 * Records that a performer no longer declines. Another audition can have taken the slot in the meantime, so the slot is
 * claimed again first. Returns a refusal when it was taken.
 */
export const withdrawDecline = async (
  run: AuditionRun,
  command: RespondCommand,
): Promise<Refusal | undefined> => {
  const { slot, announcedAs } = run.journal.view;
  // A move that was in progress has come first: the answer is about the slot before it.
  if (command.revision !== undefined && !announcedAs.includes(command.revision)) return answerSuperseded();
  // The participant has declined again, while this answer waited.
  if (isEarlierAnswer(run, command)) return answerSuperseded();
  if (!slot || pendingDecline(run)?.id !== command.participant) {
    recordAnswer(run, command);
    return undefined;
  }
  return runChange(run, 'respond', (change) => {
    change.withdrawsDecline = true;
    return reclaim(run, slot, command);
  });
};

/** Why a performer who has declined cannot get the time again. */
const lostSlot: Readonly<Record<SlotRefusal['reason'], string>> = {
  taken: 'The time was given to another audition after the decline.',
  busy: 'A calendar of the audition has another event at that time since the decline.',
  blackout: 'The time was blocked for auditions after the decline.',
  in_the_past: 'The time of the audition has begun.',
  nothing_free: 'The time is no longer free.',
};

const reclaim = async (
  run: AuditionRun,
  slot: Slot,
  command: RespondCommand,
): Promise<Refusal | undefined> => {
  const { overridden } = run.journal.view;
  const claimed = await claimSlot(run, { kind: 'fixed', slot }, { accepted: overridden });
  if (claimed.kind === 'refused') {
    return new Refusal('slot_taken', lostSlot[claimed.reason], 'Contact the casting office.');
  }
  run.claims = { ...run.claims, held: claimed.number };
  recordAnswer(run, command);
  await run.journal.flush({
    releaseHolds: { through: run.claims.last, keep: claimed.number },
    yieldHolds: false,
  });
  return undefined;
};

/** Confirms a scheduled audition once all required participants have accepted. */
export const confirmWhenAccepted = (run: AuditionRun, source?: FactSource): void => {
  if (run.journal.view.state === 'scheduled' && allAccepted(run)) {
    run.journal.record({ type: 'confirmed' }, source);
  }
};

/** Returns whether all required participants have accepted. */
export const allAccepted = ({ journal }: AuditionRun): boolean =>
  journal.view.participants.every(({ required, answer }) => !required || answer === 'accepted');

const askAboutDecline = (run: AuditionRun, { id, kind, required }: ParticipantView): void => {
  if (!required) return;
  askAboutSlot(
    run,
    {
      step: 'answer',
      what: `The ${kind} ${id} declined but is required.`,
      hint: 'Reschedule or replace the participant, then skip; or abort.',
      actions: ['skip', 'abort'],
      isMoot: () => hasBegun(run) || answerOf(run, id) !== 'declined',
    },
    (action) => {
      if (action === 'abort') failForMissingAnswer(run, 'declined');
    },
  );
};

/** Asks again, after a take-over, about participants who have declined. A missing answer is a deadline of its own. */
export const askAboutDeclines = (run: AuditionRun): void => {
  for (const participant of run.journal.view.participants) {
    if (participant.answer === 'declined' && participant.kind !== 'performer')
      askAboutDecline(run, participant);
  }
};

/** Asks an operator what to do about performers who have not answered. Does nothing when all have answered. */
export const escalateMissingAnswer = (run: AuditionRun): void => {
  run.answerEscalated = true;
  const unanswered = run.journal.view.participants.filter(
    ({ kind, answer }) => kind === 'performer' && answer === 'none',
  );
  if (unanswered.length === 0) return;
  const ids = unanswered.map(({ id }) => id).join(', ');
  askAboutSlot(
    run,
    {
      step: 'answer',
      what: `Performer ${ids} has not answered the invitation.`,
      hint: 'Retry to send a reminder, skip to continue waiting, or abort.',
      actions: ['retry', 'skip', 'abort'],
      isMoot: () => hasBegun(run) || unanswered.every(({ id }) => answerOf(run, id) !== 'none'),
    },
    (action) => {
      if (action === 'abort') failForMissingAnswer(run, 'unanswered');
      if (action === 'retry') {
        const label = labelText({ kind: 'again', revision: run.journal.view.revision });
        notify(run, { notice: 'reminder', label, to: unanswered.map(({ id }) => id) });
      }
    },
  );
};

/** Once the slot has begun, an answer no longer matters. */
const hasBegun = ({ journal }: AuditionRun): boolean => {
  const { slot, state } = journal.view;
  return !isCommandAllowed('respond', state) || (slot !== undefined && Date.now() >= toEpochMs(slot.start));
};

const answerOf = (
  { journal }: AuditionRun,
  participant: ParticipantId,
): ParticipantView['answer'] | undefined =>
  journal.view.participants.find(({ id }) => id === participant)?.answer;

const failForMissingAnswer = (run: AuditionRun, code: 'declined' | 'unanswered'): void =>
  run.end({ type: 'failed', code, reason: 'An operator aborted: a required participant has not accepted.' });
