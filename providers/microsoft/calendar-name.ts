/** Names Outlook calendars as resources, and finds their addresses in Graph. */

/** The calendar id that stands for the main calendar of the calling account. */
export const mainCalendar = 'primary';

/**
 * Returns the same name for the same calendar, whichever organization names it. The main calendar has the name of its
 * account; the id of another calendar is unique across mailboxes and never changes:
 * https://learn.microsoft.com/graph/outlook-immutable-id
 *
 * The id of the main calendar must be replaced by `primary` first: only Graph can tell it from the ids of other calendars.
 * A calendar that another account shares has another id in each mailbox, and counts as a calendar of its own.
 *
 * @param account the identity of the connected account
 */
export const microsoftCalendarName = (account: string, calendarId: string): string =>
  calendarId === mainCalendar ? account.trim().toLowerCase() : calendarId;

/** Returns the path of the calendar in Graph: https://learn.microsoft.com/graph/api/resources/calendar */
export const calendarPath = (calendarId: string): string =>
  calendarId === mainCalendar ? '/me/calendar' : `/me/calendars/${encodeURIComponent(calendarId)}`;

/**
 * Returns the path of the calendar's view. Change queries of the main calendar are documented for this path only:
 * https://learn.microsoft.com/graph/api/event-delta
 */
export const viewPath = (calendarId: string): string =>
  calendarId === mainCalendar ? '/me/calendarView' : `${calendarPath(calendarId)}/calendarView`;
