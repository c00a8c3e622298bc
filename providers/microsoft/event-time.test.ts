import { describe, expect, it } from 'vitest';
import { allDayInterval, graphTimeOf, instantOf } from './event-time.ts';

const at = (date: string) => ({ dateTime: `${date}T00:00:00.0000000`, timeZone: 'UTC' });

describe('the time of an Outlook event', () => {
  it.each([
    ['2026-12-01T09:00:00.0000000', 'UTC', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T09:00:00.0000000', 'Pacific Standard Time', '2026-12-01T17:00:00.000Z'],
    ['2026-12-01T09:00:00.0000000', 'tzone://Microsoft/Custom', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T09:00:00.0000000', null, '2026-12-01T09:00:00.000Z'],
    ['9999-12-31T23:59:00.0000000', 'Pacific Standard Time', '9999-12-31T23:59:59.999Z'],
    ['the ninth hour', 'UTC', undefined],
  ])('%s in %s is the instant %s', (dateTime, timeZone, expected) => {
    expect(instantOf({ dateTime, timeZone })).toBe(expected);
  });

  it('is written in UTC', () => {
    expect(graphTimeOf('2026-10-25T00:30:00.000Z')).toEqual({
      dateTime: '2026-10-25T00:30:00.000',
      timeZone: 'UTC',
    });
  });

  it('of a whole day ends at the first midnight after a skipped hour', () => {
    expect(allDayInterval(at('2026-03-29'), at('2026-03-30'), 'Europe/Paris')).toEqual({
      start: '2026-03-28T23:00:00.000Z',
      end: '2026-03-29T22:00:00.000Z',
    });
  });
});
