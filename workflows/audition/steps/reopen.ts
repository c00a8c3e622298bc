/** Reopens a closed audition: corrects its outcome, or schedules it again. */
import type { AuditionOutcome } from '../../../domain/audition/states.ts';
import { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { ReopenCommand } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { claimSlot } from './claim.ts';
import { schedule } from './schedule.ts';

/**
 * Reopens the audition. Returns a refusal, and changes nothing, when the audition is not closed, its time to be reopened
 * is over, its outcome cannot be corrected in this way, or no slot can be held.
 */
export const reopen = async (run: AuditionRun, command: ReopenCommand): Promise<Refusal | undefined> => {
  const refusal = refuseReopening(run, command);
  if (refusal) return refusal;
  const { origin, reason, correlationId } = command;
  const source = { origin, ...(reason ? { reason } : {}) };
  if (command.to === 'decision') {
    run.record({ type: 'reopened_for_decision', ...source }, correlationId);
    run.firstResult = { kind: 'held' };
    run.journal.flushInBackground();
    return undefined;
  }
  const claimed = await claimSlot(run, command.wish);
  if (claimed.kind === 'refused') {
    run.firstResult = { kind: 'refused', reason: claimed.reason, message: claimed.message };
    return new Refusal('slot_taken', claimed.message, 'Choose another slot.');
  }
  const { slot, reminders, number } = claimed;
  const revision = run.journal.view.revision + 1;
  run.saga.register({ id: 'holds', stage: 'hold', kind: 'release_holds' });
  run.claims = { last: number, held: number };
  run.reminders = reminders;
  run.record({ type: 'reopened_for_session', slot, revision, ...source }, correlationId);
  run.firstResult = { kind: 'held' };
  run.journal.flushInBackground();
  await schedule(run, { slot, revision });
  return undefined;
};

const refuseReopening = ({ journal, plan }: AuditionRun, { to }: ReopenCommand): Refusal | undefined => {
  const { state, outcome, stateSince } = journal.view;
  if (state !== 'closed' || outcome === undefined) {
    return new Refusal(
      'wrong_state',
      'The audition is not closed.',
      'Send the command to the open audition.',
    );
  }
  if (Date.now() > toEpochMs(stateSince) + plan.policy.reopenWithin) {
    return new Refusal(
      'reopen_expired',
      'The audition was closed too long ago to be reopened.',
      'Request a new audition.',
    );
  }
  return reopenings[outcome].includes(to)
    ? undefined
    : new Refusal(
        'outcome_not_reopenable',
        `An audition that was closed as ${outcome} cannot be reopened for a ${to}.`,
        `It can be reopened for ${reopenings[outcome].join(' or ')}.`,
      );
};

/** What each outcome can be reopened for. A session that was cancelled did not take place. */
const reopenings: Readonly<Record<AuditionOutcome, readonly ReopenCommand['to'][]>> = {
  callback: ['decision'],
  booked: ['decision'],
  released: ['decision', 'session'],
  no_show: ['decision', 'session'],
  declined: ['session'],
  cancelled: ['session'],
  failed: ['session'],
};
