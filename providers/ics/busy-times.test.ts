import { describe, expect, it } from 'vitest';
import { calendar, event } from '../../tests/harness/calendar-text.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { readFeed } from './busy-times.ts';

const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;
const startsIn = async (...lines: readonly string[]) =>
  (await readFeed(calendar(...lines), december, 100, callContext())).busy.map(({ start }) => start);

describe('the zone of a feed that names none', () => {
  const floating = event('DTSTART:20261201T100000', 'DURATION:PT1H');
  const tokyo = [
    'BEGIN:VTIMEZONE',
    'TZID:Office',
    'BEGIN:STANDARD',
    'DTSTART:19700101T000000',
    'TZOFFSETFROM:+0900',
    'TZOFFSETTO:+0900',
    'END:STANDARD',
    'END:VTIMEZONE',
  ];

  it('is the one that it defines', async () => {
    expect(await startsIn(...tokyo, ...floating)).toEqual(['2026-12-01T01:00:00.000Z']);
    expect(await startsIn(...tokyo.slice(0, -1), ...floating)).toEqual(['2026-12-01T01:00:00.000Z']);
  });

  it('is found in time when thousands of definitions have no end', async () => {
    const began = performance.now();
    const lines = Array<string>(60_000).fill('BEGIN:VTIMEZONE');
    expect(await startsIn(...lines, 'END:VCALENDAR', 'BEGIN:VCALENDAR', ...floating)).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
