/** Writes an event of ours again, after a person has moved or deleted it, or after its calendar has lost it. */

import { patched } from '@temporalio/workflow';
import type { CalendarChange } from '../../../domain/audition/calendar-change.ts';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { isWritableCalendar } from '../../../domain/audition/writable-calendar.ts';
import { isHostedMeeting } from '../../../domain/providers/vendors.ts';
import { unlessAborted } from '../ending.ts';
import { labelText } from '../label.ts';
import type { AuditionRun } from '../run.ts';
import { type SlotRevision, writeCalendarEvents } from './calendar-events.ts';
import { moveMeeting } from './meeting.ts';
import { meetingDeleted } from './meeting-loss.ts';
import { announceMovedEntries } from './notices.ts';
import { bookRoom } from './room.ts';

/** Auditions restore events in the background since this patch. Before, an abort of that ended the audition. */
const backgroundPatch = 'restore-events-in-background';

/**
 * Writes the event again as it was. An operator who aborts that leaves the event as it is; the audition goes on. A move of the
 * audition withdraws it.
 * @param meeting the meeting at the time of the report. The conference of a deleted event is lost
 */
export const restoreEvent = async (
  run: AuditionRun,
  report: CalendarChange,
  meeting: Meeting | undefined = run.journal.view.meeting,
): Promise<void> => {
  const { slot, revision } = run.journal.view;
  if (!slot) return;
  const at = { slot, revision };
  if (!patched(backgroundPatch)) {
    return report.isForMeeting ? restoreMeeting(run, report, at, meeting) : restoreUses(run, report, at);
  }
  const isMoot = () => run.journal.view.revision !== revision;
  await unlessAborted(async () => {
    if (!report.isForMeeting) await restoreUses(run, report, at, isMoot);
  });
  // After the participant's event, whose text states the join link. Simultaneous writes of one event would conflict.
  if (run.ending || isMoot() || !(report.isForMeeting || report.hostsMeeting)) return;
  await unlessAborted(() => restoreMeeting(run, report, at, meeting));
};

/**
 * Writes the event again for the room and the participant. The number of facts distinguishes the writing from all others.
 * @param isMoot makes it work in the background: returns whether the audition has moved on to another slot
 */
const restoreUses = async (
  run: AuditionRun,
  { participant, connection }: CalendarChange,
  at: SlotRevision,
  isMoot?: () => boolean,
): Promise<void> => {
  const label = labelText({ kind: 'restored', revision: at.revision, number: run.journal.number });
  if (at.slot.roomCalendar?.connection === connection) await bookRoom(run, at, { label, isMoot });
  const owner = run.plan.participants.find(({ id }) => id === participant);
  if (!owner?.calendar || !isWritableCalendar(owner.calendar) || isMoot?.()) return;
  const only = [{ owner: owner.id, calendar: owner.calendar }];
  await writeCalendarEvents(run, at, { only, label, isMoot, isBackground: isMoot !== undefined });
  announceMovedEntries(run);
};

/**
 * Writes the event again for the meeting. The conference of a deleted event is lost: the meeting is replaced, and everyone
 * gets the new link. An event that was only moved has its conference, and is moved with its other uses.
 */
const restoreMeeting = async (
  run: AuditionRun,
  { change, isForMeeting }: CalendarChange,
  { slot, revision }: SlotRevision,
  meeting: Meeting | undefined,
): Promise<void> => {
  if (!meeting || meeting.provider === 'manual' || isHostedMeeting(meeting.provider)) return;
  if (run.journal.view.meeting?.id !== meeting.id) return;
  if (change.kind === 'deleted') return meetingDeleted(run, { origin: 'system', meetingId: meeting.id });
  if (!isForMeeting && change.kind !== 'lost') return;
  const isMoot = () => run.journal.view.revision !== revision;
  await moveMeeting(run, { slot, revision }, isMoot, `:restored-${run.journal.number}`);
};
