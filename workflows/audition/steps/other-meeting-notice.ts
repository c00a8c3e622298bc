/** Notifies the participants that the audition has another meeting. */

import { patched } from '@temporalio/workflow';
import { hasMovedEntries } from '../email-entries.ts';
import { labelText } from '../label.ts';
import type { AuditionRun } from '../run.ts';
import { isNearSession } from './backup.ts';
import { type SlotRevision, writeCalendarEvents } from './calendar-events.ts';
import { announceMovedEntries, notify } from './notices.ts';

/** The first releases sent nothing, because the join links lead to the present meeting. */
const noticePatch = 'notice-of-other-meeting';

/** In earlier versions, the entry by email stayed beside a skipped event that another meeting had written. */
const entryPatch = 'entry-after-other-meeting';

/**
 * Writes the link of the present meeting to the calendar events, and sends it to the participants. An event that was skipped is
 * written too: its participant then gets the email that removes the other entry.
 * @param number makes the keys of the events and notices unique. Default: that of the request of the meeting
 */
export const sendLink = async (
  run: AuditionRun,
  at: SlotRevision,
  number = run.meetingsRequested,
): Promise<void> => {
  const label = labelText({ kind: 'meeting', revision: at.revision, number });
  await writeCalendarEvents(run, at, { label });
  // An operator can have skipped the new meeting.
  notify(run, { notice: 'update', label, changed: run.journal.view.meeting ? 'link' : 'no_link' });
  if (hasMovedEntries(run) && patched(entryPatch)) announceMovedEntries(run);
};

/**
 * Sends the update once for each move, because its key has the number of the meeting. Without join links, the caller sends the new
 * link. Participants who have not been at the earlier meeting, and whose session does not begin soon, need no notice: their link
 * leads to the present meeting. Participants who know the plan for an audition without video keep to it.
 */
export const notifyOfOtherMeeting = (run: AuditionRun): void => {
  const { revision, meeting, backupAnnouncedAs } = run.journal.view;
  if (!run.plan.joinLinks || !meeting || backupAnnouncedAs === revision) return;
  if (!isNearSession(run) && !hasAnyoneArrived(run)) return;
  if (!patched(noticePatch)) return;
  const label = labelText({ kind: 'meeting', revision, number: run.meetingsRequested });
  notify(run, { notice: 'update', label, changed: 'meeting' });
};

/** A participant who was at the earlier meeting can be waiting in it, or have its telephone number from the page of the link. */
const hasAnyoneArrived = ({ journal }: AuditionRun): boolean =>
  journal.view.participants.some(({ checkedIn, presence }) => checkedIn || presence !== undefined);
