/**
 * Moves the audition to another slot. The new slot is held before the old one is released. Meeting and calendar events
 * are moved first, then all participants are notified. An operator's abort returns to the old slot; a cancellation
 * undoes everything.
 */

import { CancellationScope } from '@temporalio/workflow';
import { isFree, subtractInterval } from '../../../domain/audition/free-slots.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { Refusal } from '../../../domain/errors.ts';
import { internalActivities } from '../../internal-activities.ts';
import { Aborted } from '../ending.ts';
import type { RescheduleCommand } from '../messages.ts';
import { wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { bookSlot } from './book-slot.ts';
import { findBusyTimes } from './busy-times.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { hold } from './hold.ts';
import { moveMeeting } from './meeting.ts';
import { notify } from './notices.ts';
import { completeSchedule } from './schedule.ts';

/** Moves the audition. Returns undefined when it has moved or was moved back, a refusal when it stays in its slot. */
export const reschedule = async (
  run: AuditionRun,
  command: RescheduleCommand,
): Promise<Refusal | undefined> => {
  const { journal } = run;
  const before = journal.view;
  if (!isCommandAllowed('reschedule', before.state) || !before.slot)
    return wrongState('reschedule', before.state);
  let reminders: readonly Reminder[] = [];
  try {
    const held = await holdNewSlot(run, command, before.slot, before.revision + 1);
    if (held instanceof Refusal) return held;
    reminders = held;
    await moveMeetingAndEvents(run, command.slot, journal.view.revision);
    await bookSlot(run, command.slot, journal.view.revision);
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
    if (journal.view.revision > before.revision) await revertMove(run, before, before.slot, error.message);
    return undefined;
  }
  await notify(run, { notice: 'update', label: `r${journal.view.revision}`, reason: command.reason });
  await releaseOtherHolds(run, journal.view.revision);
  completeSchedule(run, reminders);
  return undefined;
};

const holdNewSlot = async (
  run: AuditionRun,
  { slot, origin, reason, correlationId }: RescheduleCommand,
  old: Slot,
  revision: number,
): Promise<Refusal | readonly Reminder[]> => {
  const busy = await findBusyTimes(run, { from: slot.start, until: slot.end });
  // The audition's own events make its old slot busy, but they will move.
  if (!isFree(slot, subtractInterval(busy, old)))
    return slotTaken('A participant has another appointment at that time.');
  const held = await hold(run, slot, revision);
  if (held.kind === 'taken') return slotTaken('Another audition holds that time.');
  if (held.kind === 'in_the_past') {
    return new Refusal('slot_in_the_past', 'The slot has already begun.', 'Choose a slot in the future.');
  }
  const { state } = run.journal.view;
  if (!run.ending && !isCommandAllowed('reschedule', state)) {
    // The session began while the new slot was being held: the audition stays in the old slot.
    await releaseOtherHolds(run, revision - 1);
    return wrongState('reschedule', state);
  }
  const moved = { slot, revision, until: held.until, origin, ...(reason ? { reason } : {}) };
  run.record({ type: 'slot_moved', ...moved }, correlationId);
  run.movedAt = Date.now();
  run.journal.flushInBackground();
  return held.reminders;
};

const moveMeetingAndEvents = async (run: AuditionRun, slot: Slot, revision: number): Promise<void> => {
  await allOrNone([() => moveMeeting(run, slot, revision), () => writeCalendarEvents(run, slot, revision)]);
};

/** Runs the tasks concurrently. When one fails, cancels the others and waits for their end before it throws. */
const allOrNone = async (tasks: readonly (() => Promise<void>)[]): Promise<void> => {
  const scope = new CancellationScope();
  const running = tasks.map((task) => scope.run(task));
  try {
    await Promise.all(running);
  } catch (error) {
    scope.cancel();
    await Promise.allSettled(running);
    throw error;
  }
};

/** Moves back to the old slot, as a new revision, because meeting and events may already have moved. */
const revertMove = async (
  run: AuditionRun,
  before: AuditionView,
  old: Slot,
  reason: string,
): Promise<void> => {
  const revision = run.journal.view.revision + 1;
  const held = await hold(run, old, revision);
  if (held.kind === 'taken') {
    run.end({ type: 'failed', code: 'slot_taken', reason: 'The old slot could not be held again.' });
    return;
  }
  await moveMeetingAndEvents(run, old, revision);
  if (held.kind === 'held') await bookSlot(run, old, revision);
  run.reminders = held.kind === 'held' ? held.reminders : [];
  // Restart the no-show grace: participants may have waited for the move.
  run.scheduledAt = Date.now();
  run.movedAt = run.scheduledAt;
  run.record({
    type: 'move_reverted',
    slot: old,
    revision,
    until: held.until,
    reason,
    announcedAs: [...before.announcedAs],
    answers: before.participants.flatMap(({ id, answer }) =>
      answer === 'none' ? [] : [{ participant: id, answer }],
    ),
  });
  confirmWhenAccepted(run);
  // A slot that has begun cannot be held again. Its old hold was never released and stays.
  await releaseOtherHolds(run, held.kind === 'held' ? revision : before.revision);
  run.journal.flushInBackground();
};

/** Releases all holds except that of one revision. */
const releaseOtherHolds = ({ plan }: AuditionRun, except: number): Promise<void> =>
  internalActivities('Release the other slot').releaseHolds({
    ...correlatedIds(plan),
    except,
  });

const slotTaken = (message: string): Refusal =>
  new Refusal('slot_taken', message, 'Choose another slot; POST /v1/availability lists free ones.');
