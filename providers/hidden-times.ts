/** Reads the busy times of calendars whose events can be hidden from the account. */
import type { BusyInterval } from '../domain/audition/slot.ts';
import { ProviderError } from '../domain/errors.ts';
import type { ReadableCalendarProvider } from './ports.ts';

type FreeBusy = ReadableCalendarProvider['freeBusy'];

/**
 * Returns the times of the events of a calendar; if the account may not read them, the times at which the calendar is busy.
 *
 * @throws {ProviderError} that of the events, when neither is visible
 */
export const busyTimesOf = async (
  { busyEvents, hidden }: Pick<ReadableCalendarProvider, 'busyEvents' | 'hidden'>,
  connection: Parameters<FreeBusy>[0],
  calendarId: string,
  window: Parameters<FreeBusy>[2],
  call: Parameters<FreeBusy>[3],
): Promise<readonly BusyInterval[]> => {
  try {
    return intervalsOf(await busyEvents(connection, calendarId, window, call));
  } catch (error) {
    if (!(error instanceof ProviderError) || error.fault.kind !== 'not_permitted' || !hidden) throw error;
    const [found] = await hidden.busyTimes(connection, [{ calendarId, isRoom: false }], window, call);
    if (found?.kind !== 'times') throw error;
    return intervalsOf(found.times);
  }
};

const intervalsOf = (times: readonly BusyInterval[]): readonly BusyInterval[] =>
  times.map(({ start, end }) => ({ start, end }));
