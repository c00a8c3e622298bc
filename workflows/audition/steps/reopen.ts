/** Reopens a closed audition: corrects its outcome, or schedules it again. */
import { isCancellation } from '@temporalio/workflow';
import { reopeningRefusal } from '../../../domain/audition/reopening.ts';
import type { SlotSpec } from '../../../domain/audition/slot.ts';
import { Refusal } from '../../../domain/errors.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { releaseOtherClaims } from '../change.ts';
import { Aborted } from '../ending.ts';
import type { ReopenCommand } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { type Claimed, claimSlot } from './claim.ts';
import { schedule } from './schedule.ts';

/**
 * Reopens the audition. Returns a refusal, and changes nothing, when the audition is not closed, its time to be reopened
 * is over, its outcome cannot be corrected in this way, or no slot can be held.
 */
export const reopen = async (run: AuditionRun, command: ReopenCommand): Promise<Refusal | undefined> => {
  const { journal, plan } = run;
  const period = { reopenWithin: plan.policy.reopenWithin, now: toInstant(Date.now()) };
  const refusal = reopeningRefusal(journal.view, command.to, period);
  if (refusal) return refusal;
  const { origin, reason, correlationId } = command;
  const source = { origin, ...(reason ? { reason } : {}) };
  if (command.to === 'decision') {
    run.record({ type: 'reopened_for_decision', ...source }, correlationId);
    run.firstResult = { kind: 'held' };
    run.journal.flushInBackground();
    return undefined;
  }
  const claimed = await claimUnlessAborted(run, command.wish);
  if (claimed instanceof Refusal) return claimed;
  if (claimed.kind === 'refused') {
    run.firstResult ??= { kind: 'refused', reason: claimed.reason, message: claimed.message };
    return new Refusal('slot_taken', claimed.message, 'Choose another slot.');
  }
  const { slot, reminders, number } = claimed;
  const revision = run.journal.view.revision + 1;
  run.saga.register({ id: 'holds', stage: 'hold', kind: 'release_holds' });
  run.claims = { last: number, held: number };
  // The meetings of before were removed, and the ledger refuses their keys. This number is higher than all of theirs.
  run.meetingsRequested = run.journal.number;
  run.reminders = reminders;
  run.record({ type: 'reopened_for_session', slot, revision, ...source }, correlationId);
  run.firstResult = { kind: 'held' };
  run.journal.flushInBackground();
  await schedule(run, { slot, revision });
  return undefined;
};

/** Until the slot is held, the audition is closed: an abort or a cancellation leaves it closed, with nothing held. */
const claimUnlessAborted = async (run: AuditionRun, wish: SlotSpec): Promise<Claimed | Refusal> => {
  try {
    return await claimSlot(run, wish);
  } catch (error) {
    if (isCancellation(error)) await releaseOtherClaims(run);
    if (!(error instanceof Aborted)) throw error;
    return new Refusal(
      'move_aborted',
      'An operator aborted the reopening.',
      'The audition stays closed. Ask the operator for the reason, or choose another slot.',
    );
  }
};
