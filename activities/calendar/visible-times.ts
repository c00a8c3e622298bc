/** Reads when a calendar is busy, with as much as the account may see of it. */
import type { Instant } from '../../domain/time/instant.ts';
import { eventsOrBusyTimes } from '../../providers/hidden-times.ts';
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
 * @throws {ProviderError} that of the events, when neither is visible
 */
export const readVisibleTimes = async (
  provider: Pick<ReadableCalendarProvider, 'busyEvents' | 'hidden'>,
  account: ConnectedAccount,
  calendarId: string,
  window: { readonly from: Instant; readonly until: Instant },
  call: CallContext,
): Promise<readonly VisibleTime[]> => {
  const readEvents = async (): Promise<readonly VisibleTime[]> => {
    const events = await provider.busyEvents(account, calendarId, window, call);
    return events.map((event) => ({ kind: 'event', ...event }));
  };
  const times = await eventsOrBusyTimes(readEvents, provider, account, calendarId, window, call);
  return times.map((time) => (time.kind === 'merged' ? clip(time, window) : time));
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
