/** Tests how long feeds of legal size, which are made to be expensive, keep other work of the process waiting. */
import { describe, expect, it } from 'vitest';
import { calendar, event } from '../../tests/harness/calendar-text.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { busyPartsOf, prepareFeed, readFeed } from './busy-times.ts';
import { largestFeed } from './settings.ts';

const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;

/** Splitting a text of 16 MB takes up to 1.2 s (docs/integrations/ics.md), and more while other tests use the processors. */
const longestStallMs = 3_000;
/** Reading a feed of legal size can take long on a busy machine. Only other work must not wait. */
const longestWaitMs = 60_000;

/** Reads the feed in both ways, and measures the longest time in which other work of the process had to wait. */
const read = async (text: string) => {
  expect(text.length).toBeLessThan(largestFeed);
  let [last, stallMs] = [performance.now(), 0];
  const measure = () => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - last);
    last = now;
  };
  const timer = setInterval(measure, 5);
  const feed = await prepareFeed(text, callContext(AbortSignal.timeout(longestWaitMs)));
  const parts = await busyPartsOf(feed, december, 50_000, callContext(AbortSignal.timeout(longestWaitMs)));
  const listed = await readFeed(text, december, 50_000, callContext(AbortSignal.timeout(longestWaitMs)));
  measure();
  clearInterval(timer);
  const starts = parts?.flatMap((part) => part.starts).length ?? 0;
  const codes = new Set([...feed.calendar.faults, ...listed.faults].map(({ code }) => code));
  return { starts, listed: listed.busy.length, codes: [...codes], stallMs };
};

const changes = (count: number, range = ';RANGE=THISANDFUTURE') =>
  Array.from({ length: count }, (_, index) => {
    const at = new Date(Date.UTC(2026, 0, 1, index)).toISOString().replaceAll(/[-:]|\.000/g, '');
    return [
      'BEGIN:VEVENT',
      'UID:s',
      `RECURRENCE-ID${range}:${at}`,
      `DTSTART:${at}`,
      'DURATION:PT1M',
      'END:VEVENT',
    ];
  })
    .flat()
    .join('\r\n');

const hourly = event('UID:s', 'DTSTART:20260101T000000Z', 'DURATION:PT5M', 'RRULE:FREQ=HOURLY');
const other = event('UID:other', 'DTSTART:20261205T100000Z', 'DURATION:PT1H');

describe('a feed of legal size', () => {
  it('with one line of 600,000 free/busy periods keeps no other work waiting', {
    timeout: 120_000,
  }, async () => {
    const periods = Array.from({ length: 600_000 }, () => '20251201T100000Z/PT1H').join(',');
    const lines = ['BEGIN:VFREEBUSY', `FREEBUSY:${periods},20261202T100000Z/PT1H`, 'END:VFREEBUSY'];
    const { starts, listed, stallMs } = await read(calendar(...lines));
    expect([starts, listed]).toEqual([1, 1]);
    expect(stallMs).toBeLessThan(longestStallMs);
  });

  it.each([60_000, 90_000])(
    'with %i changes of all later occurrences blocks their time, and keeps no other work waiting',
    { timeout: 120_000 },
    async (count) => {
      const { starts, listed, codes, stallMs } = await read(calendar(...hourly, changes(count), ...other));
      expect([starts, listed, codes]).toEqual([2, 2, ['too_many_occurrences']]);
      expect(stallMs).toBeLessThan(longestStallMs);
    },
  );

  it('with 4,000 changes of all later occurrences is expanded', { timeout: 60_000 }, async () => {
    const { starts, codes, stallMs } = await read(calendar(...hourly, changes(4_000)));
    expect([starts, codes]).toEqual([744, []]);
    expect(stallMs).toBeLessThan(longestStallMs);
  });

  it.each(['', 'X-WR-CALNAME:ann@example.com'])(
    'with 600,000 guests of one event keeps no other work waiting (%s)',
    { timeout: 120_000 },
    async (name) => {
      const guests = Array<string>(600_000).fill('ATTENDEE:mailto:a@b.de').join('\r\n');
      const { starts, listed, stallMs } = await read(
        calendar(name, ...event('DTSTART:20261205T100000Z', 'DURATION:PT1H', guests)),
      );
      expect([starts, listed]).toEqual([1, 1]);
      expect(stallMs).toBeLessThan(longestStallMs);
    },
  );
});
