/**
 * The calendar entries of participants whose events are in a connected calendar, or will be: which events are there, and
 * which entries are still to be announced after a take-over.
 */
import { patched } from '@temporalio/workflow';
import { isAnnouncement } from '../../../domain/audition/announcement.ts';
import { isToFormerAddress } from '../../../domain/audition/notice-address.ts';
import type { Participant } from '../../../domain/audition/request.ts';
import { isSameCalendar } from '../../../domain/audition/same-calendar.ts';
import { hasWritableCalendar } from '../../../domain/audition/writable-calendar.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { type OwnedWritableCalendar, writableCalendarsOf } from '../calendars.ts';
import type { AuditionCompensation } from '../compensations.ts';
import {
  entryIsSurplus,
  eventWritten,
  isEntryOfSkipped,
  isEventSkipped,
  isSkippedInTrail,
  keepEntryByEmail,
} from '../email-entries.ts';
import type { AuditionRun } from '../run.ts';
import { removalId } from './calendar-events.ts';
import { dueEntryNotice, isEntryDeclined, movedEntryNotice, notifyOne } from './notices.ts';

/** In earlier versions, an event whose writing had an unknown result counted as written. */
const writtenFactPatch = 'written-events-after-takeover';

/** In earlier versions, an event in another calendar of the same connection counted. */
const sameCalendarPatch = 'event-in-the-same-calendar';

/**
 * Returns whether the calendar has the event, after a take-over. The ledger also has writings with an unknown result. The trail has
 * the events of earlier calendars of the participant too, and does not name the calendar.
 */
export const isEventWritten = (
  { saga, journal }: AuditionRun,
  owner: ParticipantId,
  calendar: Participant['calendar'],
): boolean =>
  saga.pending.some(
    (removal) => removal.id === removalId({ participant: owner }) && isOf(removal, calendar),
  ) &&
  (journal.view.calendarEvents.some(
    (event) => event.participant === owner && event.connection === calendar?.connection,
  ) ||
    !patched(writtenFactPatch));

/** Returns whether the removal is that of an event which was written in this calendar. */
const isOf = (removal: AuditionCompensation, calendar: Participant['calendar']): boolean => {
  if (removal.kind !== 'remove_event' || !calendar) return true;
  if (isSameCalendar(removal.calendar, calendar)) return !removal.isOpen || !patched(sameCalendarPatch);
  return !patched(sameCalendarPatch);
};

/** In earlier versions, an event of an earlier slot counted as the skipped one when a cast changed, and after a take-over. */
const skippedEventPatch = 'skipped-event-is-not-shared';

/** In earlier versions, it counted while it was being written after a reconnection, and when no owner gets email. */
const skippedFactPatch = 'skipped-event-of-the-trail-is-not-shared';

/** In earlier versions, a take-over took a skipped event for one that is still to be written. */
const skippedEntryPatch = 'skipped-entry-after-take-over';

/** In earlier versions, an email to an earlier person with the id, or to an earlier address, counted too. */
const presentAddressPatch = 'entry-at-the-present-address';

/** Returns whether an email with an entry was sent to the present address of the participant. */
export const hasGotEmail = ({ journal }: AuditionRun, id: ParticipantId): boolean => {
  const sent = journal.view.notices.filter(
    ({ participant, channel, notice }) => participant === id && channel === 'email' && isAnnouncement(notice),
  );
  const isOfPresentAddress = sent.some((notice) => !isToFormerAddress(journal.view, notice));
  return isOfPresentAddress || (sent.length > 0 && !patched(presentAddressPatch));
};

/** Notes the events that are in the calendar already, because another participant has the same one. */
export const noteSharedEvents = (run: AuditionRun, toWrite: readonly OwnedWritableCalendar[]): void => {
  const { calendarEvents } = run.journal.view;
  for (const { owner, calendar } of writableCalendarsOf(run)) {
    const isToBeWritten = toWrite.some((other) => isSameCalendar(other.calendar, calendar));
    if (isToBeWritten || !calendarEvents.some(({ participant }) => participant === owner)) continue;
    // The event is there, but an operator has skipped its present version.
    if (isEventSkipped(run, calendar) && patched(skippedEventPatch)) continue;
    if (isSkippedInTrail(run, calendar) && patched(skippedFactPatch)) continue;
    eventWritten(run, calendar);
  }
};

/**
 * Continues, after a take-over, with the entries whose move the trail does not show as announced. `announceMovedEntries` follows the
 * events, under the same keys, so that none is announced twice.
 * @param isAnnounced whether a notice with the entry follows for those who have no connected calendar
 */
export const resumeMovedEntries = (
  run: AuditionRun,
  { isAnnounced }: { readonly isAnnounced: boolean },
): void => {
  const { plan, journal } = run;
  for (const { id, entryNotice, entryDue } of journal.view.participants) {
    const participant = plan.participants.find((one) => one.id === id);
    const isDue = participant !== undefined && !hasWritableCalendar(participant) && !isEntryDeclined(run, id);
    if (entryDue !== undefined && isDue && participant.channels.includes('email') && !isAnnounced)
      notifyOne(run, dueEntryNotice(entryDue), id, 'email');
    if (entryNotice === undefined || !participant?.channels.includes('email')) continue;
    if (!hasWritableCalendar(participant)) {
      if (!isAnnounced) notifyOne(run, movedEntryNotice(entryNotice), id, 'email');
    } else if (isEventWritten(run, id, participant.calendar)) {
      entryIsSurplus(run, id);
    } else if (!(isEntryOfSkipped(run, id) && patched(skippedEntryPatch))) {
      keepEntryByEmail(run, id);
    }
  }
};
