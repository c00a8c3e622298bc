/** Steps 2 to 4: meeting, calendar events, invitations. Messages cannot be undone and come last. */
import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { bookSlot } from './book-slot.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { createMeeting } from './meeting.ts';
import { notify } from './notices.ts';

/** Arranges everything for a held slot and invites all participants. */
export const schedule = async (run: AuditionRun, slot: Slot): Promise<void> => {
  await createMeeting(run, slot);
  await writeCalendarEvents(run, slot, 1);
  await bookSlot(run, slot, 1);
  await notify(run, { notice: 'invitation', label: 'r1' });
  completeSchedule(run, run.reminders);
};

/** Records that the audition is scheduled, and confirmed if all have accepted early. Drops reminders of the past. */
export const completeSchedule = (run: AuditionRun, reminders: readonly Reminder[]): void => {
  const { journal } = run;
  run.scheduledAt = Date.now();
  run.reminders = reminders.filter(({ at }) => toEpochMs(at) > run.scheduledAt);
  run.answerEscalated = false;
  run.record({ type: 'scheduled' });
  confirmWhenAccepted(run);
  journal.flushInBackground();
};
