/** The calendars of an audition: one for each participant with a connected calendar, without duplicates. */
import type { CalendarRef, WritableCalendarRef } from '../../domain/audition/request.ts';
import { isSameCalendar } from '../../domain/audition/same-calendar.ts';
import { isWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import { inChunks } from './chunks.ts';
import type { AuditionRun } from './run.ts';

export interface OwnedCalendar<Calendar extends CalendarRef = CalendarRef> {
  readonly owner: ParticipantId;
  readonly calendar: Calendar;
}

export type OwnedWritableCalendar = OwnedCalendar<WritableCalendarRef>;

/** Returns the calendars to read. */
export const calendarsOf = ({ plan }: Pick<AuditionRun, 'plan'>): readonly OwnedCalendar[] => {
  const all = plan.participants.flatMap(({ id, calendar }) => (calendar ? [{ owner: id, calendar }] : []));
  return all.filter(
    ({ calendar }, index) => all.findIndex((other) => isSameCalendar(calendar, other.calendar)) === index,
  );
};

/** Returns the calendars that count as busy and are not written, without duplicates. */
export const busyOnlyCalendarsOf = ({ plan }: Pick<AuditionRun, 'plan'>): readonly CalendarRef[] => {
  const written = calendarsOf({ plan }).map(({ calendar }) => calendar);
  const all = [...written, ...plan.participants.flatMap(({ busyCalendars = [] }) => busyCalendars)];
  return all.filter(
    (calendar, index) =>
      index >= written.length && all.findIndex((other) => isSameCalendar(calendar, other)) === index,
  );
};

/** Returns the calendars to write. */
export const writableCalendarsOf = (run: Pick<AuditionRun, 'plan'>): readonly OwnedWritableCalendar[] =>
  calendarsOf(run).flatMap(({ owner, calendar }) =>
    isWritableCalendar(calendar) ? [{ owner, calendar }] : [],
  );

/** Returns the calendars in groups of one provider each, in the order of their first calendar. */
export const calendarsByProvider = <Calendar extends CalendarRef>(
  calendars: readonly OwnedCalendar<Calendar>[],
): readonly {
  readonly provider: Calendar['provider'];
  readonly calendars: readonly OwnedCalendar<Calendar>[];
}[] => {
  const providers = [...new Set(calendars.map(({ calendar }): Calendar['provider'] => calendar.provider))];
  return providers.map((provider) => ({
    provider,
    calendars: calendars.filter(({ calendar }) => calendar.provider === provider),
  }));
};

/**
 * Returns the calendars in chunks of at most so many connections. The calendars of one connection stay together: two of
 * their ids can name one calendar, and simultaneous writes to it would conflict.
 */
export const inConnectionChunks = <Calendar extends CalendarRef>(
  calendars: readonly OwnedCalendar<Calendar>[],
  connectionsPerChunk: number,
): readonly (readonly OwnedCalendar<Calendar>[])[] => {
  const connections = [...new Set(calendars.map(({ calendar }) => calendar.connection))];
  return inChunks(connections, connectionsPerChunk).map((chunk) =>
    calendars.filter(({ calendar }) => chunk.includes(calendar.connection)),
  );
};
