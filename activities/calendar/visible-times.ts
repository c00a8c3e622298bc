/** Reads when a calendar is busy, with as much as the account may see of it. */
import { ProviderError } from '../../domain/errors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type {
  BusyEvent,
  CallContext,
  ConnectedAccount,
  HiddenTime,
  ReadableCalendarProvider,
} from '../../providers/ports.ts';

/** An event, or a busy time that does not say what it is. */
export type VisibleTime = ({ readonly kind: 'event' } & BusyEvent) | HiddenTime;

/**
 * Returns the busy times of a calendar. Some people share only the busy times of their calendars. Times that are merged are
 * returned as far as they are within the window, as the synchronisation reports them later.
 *
 * @throws {ProviderError}
 */
export const readVisibleTimes = async (
  provider: Pick<ReadableCalendarProvider, 'busyEvents' | 'hidden'>,
  account: ConnectedAccount,
  calendarId: string,
  window: { readonly from: Instant; readonly until: Instant },
  call: CallContext,
): Promise<readonly VisibleTime[]> => {
  try {
    const events = await provider.busyEvents(account, calendarId, window, call);
    return events.map((event) => ({ kind: 'event', ...event }));
  } catch (error) {
    const isDenied = error instanceof ProviderError && error.fault.kind === 'not_permitted';
    if (!isDenied || !provider.hidden) throw error;
  }
  const [found] = await provider.hidden.busyTimes(account, [{ calendarId, isRoom: false }], window, call);
  if (found?.kind !== 'times') throw found?.error ?? new Error('the query has no answer for the calendar');
  return found.times.map((time) => (time.kind === 'merged' ? clip(time, window) : time));
};

/** Returns the part of the time that is within the window. */
const clip = <Time extends Pick<HiddenTime, 'start' | 'end'>>(
  time: Time,
  { from, until }: { readonly from: Instant; readonly until: Instant },
): Time => ({
  ...time,
  start: time.start < from ? from : time.start,
  end: time.end > until ? until : time.end,
});
