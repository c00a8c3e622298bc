import { describe, expect, it } from 'vitest';
import { calendar, event, read, startsOf } from '../../tests/harness/calendar-text.ts';
import { readComponents } from './content-lines.ts';
import type { CalendarFault } from './faults.ts';
import { readOccurrences } from './occurrences.ts';
import { maxStarts } from './work-limit.ts';
import { ianaZone } from './zones/iana-zone.ts';

const year = { start: Date.parse('2026-12-01T00:00Z'), end: Date.parse('2028-01-05T00:00Z') };

const list = (text: string) => {
  const faults: CalendarFault[] = [];
  const began = performance.now();
  const found = readOccurrences(
    text,
    { window: year, owner: ianaZone('Europe/Paris'), addresses: new Set() },
    (fault) => faults.push(fault),
  );
  return { found, codes: new Set(faults.map(({ code }) => code)), ms: performance.now() - began };
};

describe('a small calendar with many occurrences', () => {
  it('is bounded when it repeats many events', () => {
    const events = Array.from({ length: 20 }, (_, at) =>
      event(`UID:${at}`, 'DTSTART:20260101T000000Z', 'DURATION:PT1M', 'RRULE:FREQ=MINUTELY;INTERVAL=61'),
    );
    const { found, codes, ms } = list(calendar(...events.flat()));
    expect(found.length).toBeLessThanOrEqual(maxStarts + events.length);
    expect([...codes]).toEqual(['too_many_occurrences']);
    expect(ms).toBeLessThan(2_000);
    // Each event that is not listed blocks its time.
    expect(new Set(found.map(({ uid }) => uid)).size).toBe(20);
  });

  it('is bounded when one event has many rules', () => {
    const rules = Array.from(
      { length: 60 },
      (_, at) => `RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9;BYMINUTE=${at}`,
    );
    const { found, codes, ms } = list(
      calendar(...event('DTSTART:20260101T000000Z', 'DURATION:PT1M', ...rules)),
    );
    expect(found).toMatchObject([{ start: '2026-12-01T00:00:00.000Z', end: '2028-01-05T00:00:00.000Z' }]);
    expect([...codes]).toEqual(['too_many_occurrences']);
    expect(ms).toBeLessThan(1_000);
  });

  it('is bounded when thousands of rules need many steps and give nothing', () => {
    const events = Array.from({ length: 3_000 }, (_, at) =>
      event(
        `UID:${at}`,
        'DTSTART:20260101T000000Z',
        'DURATION:PT1M',
        'RRULE:FREQ=HOURLY;INTERVAL=7;BYDAY=MO;BYMONTH=2;BYHOUR=3',
      ),
    );
    expect(list(calendar(...events.flat())).ms).toBeLessThan(5_000);
  });

  it('is bounded when it nests components without an end', () => {
    const depth = 60_000;
    const lines = [...Array<string>(depth).fill('BEGIN:A'), ...Array<string>(depth).fill('END:B')];
    const began = performance.now();
    expect(readComponents(lines)).toHaveLength(1);
    expect(readComponents([...lines, ...Array<string>(depth).fill('BEGIN:VEVENT')])).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a counted rule that has ended', () => {
  it.each([
    ['FREQ=MINUTELY;COUNT=20000', '20200101T100000Z'],
    ['FREQ=SECONDLY;COUNT=900000', '20200101T100000Z'],
    ['FREQ=HOURLY;INTERVAL=3;COUNT=15000', '20200101T100000Z'],
    ['FREQ=HOURLY;COUNT=15000;BYDAY=MO,TU,WE', '20150101T100000Z'],
    ['FREQ=DAILY;COUNT=9999', '19950101T100000Z'],
    ['FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=8000', '19950101T100000Z'],
    ['FREQ=DAILY;COUNT=700000', '00100101T100000Z'],
    ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=8000', '19950101T100000Z'],
    ['FREQ=MONTHLY;COUNT=12000', '10000101T100000Z'],
  ])('blocks no time: %s from %s', (rule, start) => {
    const lines = event(`DTSTART:${start}`, 'DURATION:PT1M', `RRULE:${rule}`);
    expect(read(calendar(...lines))).toEqual({ times: [], faults: [], codes: [] });
  });

  it('is expanded when its count is a million and it goes on', () => {
    const lines = event('DTSTART:19950101T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=1000000');
    const { times, codes } = read(calendar(...lines), { until: '2026-12-03' });
    expect(codes).toEqual([]);
    expect(startsOf(times)).toEqual(['2026-12-01T10:00', '2026-12-02T10:00']);
  });
});
