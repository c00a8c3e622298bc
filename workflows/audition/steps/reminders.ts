/** Sends the reminders that are due. */

import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { labelText } from '../label.ts';
import type { AuditionRun } from '../run.ts';
import { notify } from './notices.ts';

/**
 * Sends the reminders that are due. When workers were away, several can be due: a participant gets only the last of
 * them, none shortly before the next one, and none after the slot has begun. The trail says which were dropped.
 */
export const sendDueReminders = (run: AuditionRun): void => {
  const { slot, revision } = run.journal.view;
  const now = Date.now();
  const due = run.reminders.filter(({ at }) => toEpochMs(at) <= now);
  run.reminders = run.reminders.filter((reminder) => !due.includes(reminder));
  if (!slot) return;
  if (now >= toEpochMs(slot.start)) {
    for (const reminder of due) drop(run, reminder, reminder.participants, 'overdue');
    return;
  }
  const hasDeclined = isDeclined(run);
  for (const [index, reminder] of due.entries()) {
    const lateness = now - toEpochMs(reminder.at);
    // A reminder that is nearer to the next one than to its own time would be the second of two together.
    const near = run.reminders.filter(({ at }) => toEpochMs(at) - now < lateness);
    const later = [...due.slice(index + 1), ...near].flatMap(({ participants }) => participants);
    const superseded = reminder.participants.filter((id) => later.includes(id));
    if (superseded.length > 0) drop(run, reminder, superseded, 'superseded');
    const to = reminder.participants.filter((id) => !later.includes(id) && !hasDeclined(id));
    const { offsetMs } = reminder;
    const label = labelText({ kind: 'reminder', revision, offsetMs });
    if (to.length > 0) notify(run, { notice: 'reminder', label, to, offsetMs });
  }
};

const drop = (
  run: AuditionRun,
  { offsetMs }: Reminder,
  participants: readonly ParticipantId[],
  reason: 'overdue' | 'superseded',
): void => run.record({ type: 'reminder_dropped', offsetMs, participants: [...participants], reason });

/** Participants who have declined get no reminder. */
const isDeclined = ({ journal }: AuditionRun) => {
  const declined = journal.view.participants.filter(({ answer }) => answer === 'declined');
  return (id: ParticipantId): boolean => declined.some((participant) => participant.id === id);
};
