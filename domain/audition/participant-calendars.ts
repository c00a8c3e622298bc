/** Resolves the calendars of a requested participant with the choice of the connection's owner. */
import { type CalendarChoice, writtenCalendarOf } from '../calendars/calendar-choice.ts';
import type { ConnectionId } from '../ids.ts';
import type { CalendarRef, Participant, RequestedParticipant } from './request.ts';

export type RequestedCalendars = Pick<RequestedParticipant, 'calendar' | 'busyCalendars'>;
export type ResolvedCalendars = Pick<Participant, 'calendar' | 'busyCalendars'>;

/** The choices of the connections that a request names. A connection without an entry does not exist. */
export type CalendarChoices = ReadonlyMap<ConnectionId, CalendarChoice | undefined>;

/**
 * Returns the calendars of a participant. `calendar` stays without an id when the owner of the account must choose one
 * first.
 */
export const resolveCalendars = (
  { calendar, busyCalendars }: RequestedCalendars,
  choices: CalendarChoices,
): { readonly calendar?: RequestedCalendars['calendar']; readonly busyCalendars?: CalendarRef[] } => {
  const choice = calendar && choices.get(calendar.connection);
  const calendarId = calendar && (calendar.calendarId ?? writtenCalendarOf(calendar.provider, choice));
  const chosen =
    calendar && choice
      ? choice.busy.map((busy): CalendarRef => {
          const { provider, connection } = calendar;
          return { provider, connection, calendarId: busy.calendarId };
        })
      : [];
  const besides = (busyCalendars ?? chosen).filter(
    (busy) => busy.connection !== calendar?.connection || busy.calendarId !== calendarId,
  );
  return {
    ...(calendar ? { calendar: { ...calendar, calendarId } } : {}),
    ...(besides.length > 0 ? { busyCalendars: besides } : {}),
  };
};
