/** The calendars of an audition: one for each participant with a connected calendar, without duplicates. */
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { CalendarProviderName } from '../../domain/providers/vendors.ts';
import type { AuditionRun } from './run.ts';

export interface OwnedCalendar {
  readonly owner: ParticipantId;
  readonly calendar: CalendarRef;
}

/** Returns the calendars to read and write. */
export const calendarsOf = ({ plan }: Pick<AuditionRun, 'plan'>): readonly OwnedCalendar[] => {
  const all = plan.participants.flatMap(({ id, calendar }) => (calendar ? [{ owner: id, calendar }] : []));
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

/**
 * Returns the calendars in chunks of at most so many connections. The calendars of one connection stay together: two of
 * their ids can name one calendar, and simultaneous writes to it would conflict.
 */
export const inChunks = (
  calendars: readonly OwnedCalendar[],
  connectionsPerChunk: number,
): readonly (readonly OwnedCalendar[])[] => {
  const connections = [...new Set(calendars.map(({ calendar }) => calendar.connection))];
  const chunks: (readonly OwnedCalendar[])[] = [];
  for (let first = 0; first < connections.length; first += connectionsPerChunk) {
    const chunk = connections.slice(first, first + connectionsPerChunk);
    chunks.push(calendars.filter(({ calendar }) => chunk.includes(calendar.connection)));
  }
  return chunks;
};

const isSameCalendar = (a: CalendarRef, b: CalendarRef): boolean =>
  a.provider === b.provider && a.connection === b.connection && a.calendarId === b.calendarId;
