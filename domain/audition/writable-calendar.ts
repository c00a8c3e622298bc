/** Tells to which calendars events are written. Apart from the schemas of a request, because workflows load no zod. */
import { isWritableCalendarProvider } from '../providers/vendors.ts';
import type { CalendarRef, Participant, WritableCalendarRef } from './request.ts';

/** Returns whether events are written to the calendar. */
export const isWritableCalendar = (calendar: CalendarRef): calendar is WritableCalendarRef =>
  isWritableCalendarProvider(calendar.provider);

/**
 * Returns whether the participant's events are written to a connected calendar. Others get a calendar entry with their
 * emails.
 */
export const hasWritableCalendar = ({ calendar }: Pick<Participant, 'calendar'>): boolean =>
  calendar !== undefined && isWritableCalendar(calendar);
