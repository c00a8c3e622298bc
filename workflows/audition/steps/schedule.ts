/** Steps 2 to 4 in their order: meeting, calendars, invitations; what cannot be undone comes last. */
import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { bookSlot } from './book-slot.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { createMeeting } from './meeting.ts';
import { notify } from './notices.ts';

/** From a held slot to an audition that everybody knows of. */
export const schedule = async (run: AuditionRun, slot: Slot): Promise<void> => {
  await createMeeting(run, slot);
  await writeCalendarEvents(run, slot, 1);
  await bookSlot(run, slot, 1);
  await notify(run, { notice: 'invitation', label: 'r1' });
  completeSchedule(run, run.reminders);
};

/** The audition is scheduled; it may be confirmed at once by early answers. Reminders that it is too late for lapse. */
export const completeSchedule = (run: AuditionRun, reminders: readonly Reminder[]): void => {
  const { journal } = run;
  run.scheduledAt = Date.now();
  run.reminders = reminders.filter(({ at }) => toEpochMs(at) > run.scheduledAt);
  run.answerEscalated = false;
  run.record({ type: 'scheduled' });
  confirmWhenAccepted(run);
  journal.flushInBackground();
};
