/** Reads the busy times of calendars whose events can be hidden from the account. */
import type { BusyInterval } from '../domain/audition/slot.ts';
import { isTransient, ProviderError } from '../domain/errors.ts';
import type { HiddenTime, ReadableCalendarProvider } from './ports.ts';

type FreeBusy = ReadableCalendarProvider['freeBusy'];
type Provider = Pick<ReadableCalendarProvider, 'busyEvents' | 'hidden'>;

/**
 * Returns whether the vendor does not show the events of the calendar. Some vendors answer that the calendar does not exist;
 * the free/busy query then tells whether it does. A page in place of an answer, such as that of a gateway, says neither.
 */
export const hidesEvents = (error: unknown): error is ProviderError =>
  error instanceof ProviderError &&
  error.vendor.unreadable === undefined &&
  (error.fault.kind === 'not_permitted' || error.fault.kind === 'not_found');

/** Returns why a calendar is unreadable that shows neither: for the reason of its events, unless the query can succeed later. */
export const unreadableError = (denial: ProviderError | undefined, error: ProviderError): ProviderError =>
  denial && !isTransient(error.fault) ? denial : error;

/**
 * Returns what `readEvents` returns; if the account may not read the events, the times at which the calendar is busy.
 *
 * @throws {ProviderError} that of the events, when neither is visible
 */
export const eventsOrBusyTimes = async <Event>(
  readEvents: () => Promise<readonly Event[]>,
  { hidden }: Pick<Provider, 'hidden'>,
  connection: Parameters<FreeBusy>[0],
  calendarId: string,
  window: Parameters<FreeBusy>[2],
  call: Parameters<FreeBusy>[3],
): Promise<readonly (Event | HiddenTime)[]> => {
  try {
    return await readEvents();
  } catch (error) {
    if (!hidesEvents(error) || !hidden) throw error;
    const [found] = await hidden.busyTimes(connection, [{ calendarId, isRoom: false }], window, call);
    if (!found) throw new Error('the query has no answer for the calendar', { cause: error });
    if (found.kind === 'failed') throw unreadableError(error, found.error);
    return found.times;
  }
};

/**
 * Returns the times of the events of a calendar; if the account may not read them, the times at which the calendar is busy.
 *
 * @throws {ProviderError} that of the events, when neither is visible
 */
export const busyTimesOf = async (
  provider: Provider,
  ...query: readonly [
    connection: Parameters<FreeBusy>[0],
    calendarId: string,
    window: Parameters<FreeBusy>[2],
    call: Parameters<FreeBusy>[3],
  ]
): Promise<readonly BusyInterval[]> => {
  const times = await eventsOrBusyTimes(() => provider.busyEvents(...query), provider, ...query);
  return times.map(({ start, end }) => ({ start, end }));
};
