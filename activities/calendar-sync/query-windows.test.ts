import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour } from '../../domain/time/units.ts';
import { isWithin, queryWindows } from './query-windows.ts';

const begin = Date.parse('2031-07-01T00:00:00.000Z');
const slotIn = (days: number) => ({
  start: toInstant(begin + days * day),
  end: toInstant(begin + days * day + hour),
});
const lengthOf = ({ from, until }: { from: string; until: string }) =>
  (Date.parse(until) - Date.parse(from)) / day;

describe('the windows of free/busy queries', () => {
  it('contain each slot with a day before and after it', () => {
    expect(queryWindows([slotIn(0)])).toEqual([
      { from: '2031-06-30T00:00:00.000Z', until: '2031-07-02T01:00:00.000Z' },
    ]);
  });

  it('are joined up to four weeks, whatever the order of the slots', () => {
    const slots = [20, 0, 3, 3, 60, 10].map(slotIn);
    const windows = queryWindows(slots);
    expect(windows).toHaveLength(2);
    for (const slot of slots) expect(windows.some((window) => isWithin(slot, window))).toBe(true);
  });

  it('are at most four weeks long and at most twenty, the earliest first', () => {
    const windows = queryWindows(Array.from({ length: 1_000 }, (_, days) => slotIn(days)));
    expect(windows).toHaveLength(20);
    for (const window of windows) expect(lengthOf(window)).toBeLessThanOrEqual(28);
    expect(windows[0]?.from).toBe('2031-06-30T00:00:00.000Z');
  });

  it('are none without slots', () => {
    expect(queryWindows([])).toEqual([]);
  });
});
