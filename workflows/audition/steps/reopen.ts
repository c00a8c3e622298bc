/** Reopens a closed audition: corrects its outcome, or schedules it again. */
import { isCancellation } from '@temporalio/workflow';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { reopeningRefusal } from '../../../domain/audition/reopening.ts';
import { inRoom } from '../../../domain/audition/rooms.ts';
import type { SlotSpec } from '../../../domain/audition/slot.ts';
import { Refusal } from '../../../domain/errors.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { releaseOtherClaims } from '../change.ts';
import { Aborted } from '../ending.ts';
import type { ReopenCommand } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { type Claimed, claimSlot, slotRefused } from './claim.ts';
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
  const { origin, reason, correlationId, principal } = command;
  const cause = { correlationId, principal };
  const source = { origin, ...(reason ? { reason } : {}) };
  if (command.to === 'decision') {
    run.record({ type: 'reopened_for_decision', ...source }, cause);
    run.firstResult = { kind: 'held' };
    run.journal.flushInBackground();
    return undefined;
  }
  // The audition keeps its room, unless the new slot names another.
  const claimed = await claimUnlessAborted(run, inRoom(command.wish, journal.view.slot));
  if (claimed instanceof Refusal) return claimed;
  if (claimed.kind === 'refused') return slotRefused(claimed);
  const meeting = standingMeeting(run);
  const { slot, reminders, number } = claimed;
  const revision = run.journal.view.revision + 1;
  run.saga.register({ id: 'holds', stage: 'hold', kind: 'release_holds' });
  run.claims = { last: number, held: number };
  // The meetings of before were removed, and the ledger refuses their keys. This number is higher than all of theirs.
  run.meetingsRequested = run.journal.number;
  run.reminders = reminders;
  run.record({ type: 'reopened_for_session', slot, revision, ...source }, cause);
  if (meeting) run.record({ type: 'meeting_created', meeting }, cause);
  run.firstResult = { kind: 'held' };
  run.journal.flushInBackground();
  await schedule(run, { slot, revision });
  return undefined;
};

/** Until the slot is held, the audition is closed: an abort or a cancellation leaves it closed, with nothing held. */
const claimUnlessAborted = async (run: AuditionRun, wish: SlotSpec): Promise<Claimed | Refusal> => {
  try {
    return await claimSlot(run, wish, { handling: {} });
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

/** Returns the meeting if it was not removed when the audition was closed: nothing is undone after a session. */
const standingMeeting = ({ journal, saga }: AuditionRun): Meeting | undefined => {
  const { meeting } = journal.view;
  const isStanding = saga.pending.some(
    (entry) => entry.kind === 'remove_meeting' && entry.provider === meeting?.provider,
  );
  return isStanding ? meeting : undefined;
};
