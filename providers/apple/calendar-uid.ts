/**
 * The UIDs under which a calendar has the event of an audition. It is our event id. Servers exist that permit each UID once in an
 * account: there, another calendar of the account has the event under a UID of its own, which only this calendar can have.
 */
import { createHash } from 'node:crypto';
import { caldavCalendarName } from './calendar-name.ts';

/** Returns the UID of the event in a calendar whose account has our event id in another calendar. */
export const uidOfCalendar = (calendarUrl: string, eventId: string): string =>
  `${eventId}-${digestOf(calendarUrl)}`;

/** Returns our event id of an event with this UID, in this calendar; the UID itself when it is that of no calendar, or of another one. */
export const eventIdOfUid = (calendarUrl: string, uid: string): string => {
  const [, eventId, digest] = /^(.+)-([0-9a-f]{12})$/.exec(uid) ?? [];
  return eventId !== undefined && digest === digestOf(calendarUrl) ? eventId : uid;
};

const digestOf = (calendarUrl: string): string =>
  createHash('sha256')
    .update(`calendar\n${caldavCalendarName(calendarUrl)}`)
    .digest('hex')
    .slice(0, 12);
