/** Writes the events that an operator has skipped, when the owner of the account has connected it again. */

import { condition, patched } from '@temporalio/workflow';
import type { ConnectionId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { type OwnedWritableCalendar, writableCalendarsOf } from '../calendars.ts';
import {
  eventRequested,
  eventSkipped,
  isEventAwaited,
  isEventSkipped,
  isSkippedInTrail,
} from '../email-entries.ts';
import { unlessAborted } from '../ending.ts';
import { labelText } from '../label.ts';
import type { AuditionRun } from '../run.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { announceMovedEntries, movedEntryFollowsEventPatch } from './notices.ts';

/** In earlier versions, no reconnection wrote an event again after an operator had aborted its writing. */
const abortedPatch = 'skipped-event-after-abort';

/** In earlier versions, only an event whose entry emails make was known to be skipped. */
const skippedFactPatch = 'skipped-event-in-the-trail';

/** Returns whether the event was skipped and is not being written. A participant without email has no entry by email. */
const isSkipped = (run: AuditionRun, { calendar }: OwnedWritableCalendar): boolean =>
  isEventSkipped(run, calendar) ||
  (!isEventAwaited(run, calendar) && isSkippedInTrail(run, calendar) && patched(skippedFactPatch));

/**
 * Starts to write the skipped events of the connection: the calendar can still have the event of an earlier slot. Then the entries that
 * emails have made meanwhile are removed. Waits for the change in progress, which can write the same events. Auditions without
 * skipped events do nothing.
 */
export const writeSkippedEvents = (run: AuditionRun, connection: ConnectionId): void => {
  const skipped = () =>
    writableCalendarsOf(run).filter((one) => one.calendar.connection === connection && isSkipped(run, one));
  if (skipped().length === 0 || run.ending || !patched(movedEntryFollowsEventPatch)) return;
  void run.runInBackground(async (detach) => {
    detach();
    await condition(() => run.change === undefined);
    const { slot, revision, state } = run.journal.view;
    const only = skipped();
    if (!slot || only.length === 0 || (state !== 'scheduled' && state !== 'confirmed')) return;
    for (const { calendar } of only) eventRequested(run, calendar);
    const isMoot = () => run.journal.view.revision !== revision || Date.now() >= toEpochMs(slot.end);
    const label = labelText({ kind: 'restored', revision, number: run.journal.number });
    await unlessAborted(() =>
      writeCalendarEvents(run, { slot, revision }, { only, label, isMoot, isBackground: true }),
    );
    // An operator has aborted the writing. The next reconnection starts it again.
    const unwritten = only.filter(({ calendar }) => isEventAwaited(run, calendar));
    if (unwritten.length > 0 && patched(abortedPatch))
      for (const { calendar } of unwritten) eventSkipped(run, calendar);
    announceMovedEntries(run);
  });
};
