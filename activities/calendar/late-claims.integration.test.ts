/** Tests claims whose calendars answer too late: an end without a result would be tried again for ever. */
import { describe, expect, it } from 'vitest';
import { startOf, useSlotClaims, window, withGoogleCalendar } from '../../tests/harness/slot-claims.ts';

const setup = useSlotClaims();

describe('a search in a window', () => {
  it('leaves time to claim by the busy times when the events cannot be read in time', async () => {
    const { claim, addBusy, fault } = await setup();
    addBusy('2031-07-01T07:00:00.000Z', '2031-07-01T08:30:00.000Z');
    fault('google', { kind: 'latency', operation: 'events.list', latencyMs: 60_000 });
    expect(startOf(await claim({ wish: window() }))).toBe('2031-07-01T08:30:00.000Z');
  });

  it('reports the calendars as unreadable when its time ends', async () => {
    let queries = 0;
    const wrapProviders = withGoogleCalendar(() => ({
      freeBusy: async (...[, , readWindow, call]) => {
        queries += 1;
        if (queries === 1) return [];
        await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
        return [{ start: readWindow.from, end: readWindow.until }];
      },
      busyEvents: async (...[, , readWindow]) => [
        { start: readWindow.from, end: readWindow.until, busy: 'busy', eventId: 'theirs' },
      ],
    }));
    const { claim } = await setup({ wrapProviders });
    expect(await claim({ wish: window() })).toEqual({
      kind: 'unreadable',
      failures: [{ connection: 'conn_1', failure: { code: 'outage', provider: 'google' } }],
      busy: [],
    });
  });
});
