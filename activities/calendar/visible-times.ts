/** Reads when a calendar is busy, with as much as the account may see of it. */
import { ProviderError } from '../../domain/errors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type {
  BusyEvent,
  CallContext,
  ConnectedAccount,
  ReadableCalendarProvider,
} from '../../providers/ports.ts';

/** An event, or a time that the events of the calendar cover together. */
export type VisibleTime =
  | ({ readonly kind: 'event' } & BusyEvent)
  | ({ readonly kind: 'merged' } & Pick<BusyEvent, 'start' | 'end' | 'busy'>);

/**
 * Returns the busy times of a calendar. Some people share only the busy times of their calendars. Those of such a calendar
 * are merged, include tentative events, and say nothing about what they are.
 *
 * @throws {ProviderError}
 */
export const readVisibleTimes = async (
  provider: Pick<ReadableCalendarProvider, 'busyEvents' | 'freeBusy'>,
  account: ConnectedAccount,
  calendarId: string,
  window: { readonly from: Instant; readonly until: Instant },
  call: CallContext,
): Promise<readonly VisibleTime[]> => {
  try {
    const events = await provider.busyEvents(account, calendarId, window, call);
    return events.map((event) => ({ kind: 'event', ...event }));
  } catch (error) {
    if (!(error instanceof ProviderError) || error.fault.kind !== 'not_permitted') throw error;
  }
  const busy = await provider.freeBusy(account, [calendarId], window, call);
  return busy.map(({ start, end }) => ({ kind: 'merged', start, end, busy: 'busy' }));
};
