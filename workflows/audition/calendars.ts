/** The calendars of an audition: one for each participant with a connected calendar, without duplicates. */
import type { CalendarRef, Participant } from '../../domain/audition/request.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { CalendarProviderName } from '../../domain/providers/vendors.ts';

export interface OwnedCalendar {
  readonly owner: ParticipantId;
  readonly calendar: CalendarRef;
}

/** Returns the calendars to read and write. */
export const calendarsOf = (participants: readonly Participant[]): readonly OwnedCalendar[] => {
  const all = participants.flatMap(({ id, calendar }) => (calendar ? [{ owner: id, calendar }] : []));
  return all.filter(
    ({ calendar }, index) => all.findIndex((other) => isSameCalendar(calendar, other.calendar)) === index,
  );
};

/** Returns the calendars in groups of one provider each, in the order of their first calendar. */
export const calendarsByProvider = (
  calendars: readonly OwnedCalendar[],
): readonly { readonly provider: CalendarProviderName; readonly calendars: readonly OwnedCalendar[] }[] => {
  const providers = [...new Set(calendars.map(({ calendar }) => calendar.provider))];
  return providers.map((provider) => ({
    provider,
    calendars: calendars.filter(({ calendar }) => calendar.provider === provider),
  }));
};

const isSameCalendar = (a: CalendarRef, b: CalendarRef): boolean =>
  a.provider === b.provider && a.connection === b.connection && a.calendarId === b.calendarId;
