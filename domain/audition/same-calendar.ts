import type { CalendarRef } from './request.ts';

/** Returns whether both name one calendar of one connection. */
export const isSameCalendar = (a: CalendarRef, b: CalendarRef): boolean =>
  a.provider === b.provider && a.connection === b.connection && a.calendarId === b.calendarId;
