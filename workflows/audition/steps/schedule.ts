/** Steps 2 to 4: meeting, room, calendar events, notices. Messages cannot be undone and come last. */

import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { labelText } from '../label.ts';
import type { NoticeBatch } from '../open-notices.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { type Completion, type SlotRevision, writeCalendarEvents } from './calendar-events.ts';
import { moveMeeting } from './meeting.ts';
import { notify } from './notices.ts';
import { bookRoom, releaseFormerRooms } from './room.ts';

/** Arranges everything for a held slot and starts to invite all participants. */
export const schedule = async (run: AuditionRun, at: SlotRevision): Promise<void> => {
  // A reopened audition can still have its meeting. Otherwise one is created.
  await moveMeeting(run, at);
  const { held } = run.claims;
  // A claim whose calendars could not be read has kept its slot.
  const completion = held > 1 ? completionOf(run, held) : { draft: run.journal.draft({ type: 'scheduled' }) };
  if (at.slot.roomCalendar) await bookRoom(run, at);
  await writeCalendarEvents(run, at, { completion });
  releaseFormerRooms(run);
  announce(run, run.reminders, {
    notice: 'invitation',
    label: labelText({ kind: 'slot', revision: at.revision }),
  });
};

/** Returns what completes the arrangement of a slot. @param claim the claim that holds it; other claims are released */
export const completionOf = (run: AuditionRun, claim: number): Completion => ({
  draft: run.journal.draft({ type: 'scheduled' }),
  releaseHolds: { through: run.claims.last, keep: claim },
});

/** Sets the deadlines of the scheduled audition, and starts to send the notice. Drops reminders of the past. */
export const announce = (run: AuditionRun, reminders: readonly Reminder[], batch: NoticeBatch): void => {
  run.scheduledAt = Date.now();
  run.reminders = reminders.filter(({ at }) => toEpochMs(at) > run.scheduledAt);
  run.answerEscalated = false;
  run.sessionAsked = false;
  run.absence = undefined;
  confirmWhenAccepted(run);
  notify(run, batch);
};
