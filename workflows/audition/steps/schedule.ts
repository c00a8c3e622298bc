/** Steps 2 to 4 in their order: meeting, calendars, invitations; what cannot be undone comes last. */
import type { Slot } from '../../../domain/audition/slot.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { bookSlot } from './book.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { createMeeting } from './meeting.ts';
import { notify } from './notices.ts';

/** From a held slot to an audition that everybody knows of. */
export const schedule = async (run: AuditionRun, slot: Slot): Promise<void> => {
  await createMeeting(run, slot);
  await writeCalendarEvents(run, slot, 1);
  await bookSlot(run, slot, 1);
  await notify(run, { notice: 'invitation', label: 'r1' });
  settleSchedule(run);
};

/** The audition is scheduled; it may be confirmed at once by early answers. */
export const settleSchedule = (run: AuditionRun): void => {
  const { journal } = run;
  run.scheduledAt = Date.now();
  run.answerEscalated = false;
  journal.record({ type: 'scheduled' });
  confirmWhenAccepted(run);
  journal.save();
};
