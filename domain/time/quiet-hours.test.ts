import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from './epoch.ts';
import type { Instant } from './instant.ts';
import { isQuiet, outsideQuietHours } from './quiet-hours.ts';

const zone = 'Europe/Paris';
const night = { from: '22:00', until: '08:00' };
const longAgo: Instant = '2026-01-01T00:00:00.000Z';
const farOff: Instant = '2027-01-01T00:00:00.000Z';
const move = (due: Instant, quiet = night, bounds = { now: longAgo, deadline: farOff }) =>
  outsideQuietHours(due, quiet, zone, bounds);

describe('quiet hours', () => {
  it.each<[Instant, boolean]>([
    ['2026-12-01T20:59:59.999Z', false],
    ['2026-12-01T21:00:00.000Z', true],
    ['2026-12-02T06:59:59.999Z', true],
    ['2026-12-02T07:00:00.000Z', false],
  ])('can extend past midnight: %s is quiet: %s', (instant, quiet) => {
    expect(isQuiet(instant, night, zone)).toBe(quiet);
  });

  it('can begin and end on the same day', () => {
    const siesta = { from: '13:00', until: '15:00' };
    expect(isQuiet('2026-12-01T12:00:00.000Z', siesta, zone)).toBe(true);
    expect(isQuiet('2026-12-01T14:00:00.000Z', siesta, zone)).toBe(false);
  });

  it('do not exist when they end at the time they begin', () => {
    expect(isQuiet('2026-12-01T07:00:00.000Z', { from: '08:00', until: '08:00' }, zone)).toBe(false);
  });
});

describe('a due message', () => {
  it('keeps its time outside quiet hours', () => {
    expect(move('2026-12-01T12:00:00.000Z')).toBe('2026-12-01T12:00:00.000Z');
    expect(
      outsideQuietHours('2026-12-01T23:00:00.000Z', undefined, zone, { now: longAgo, deadline: farOff }),
    ).toBe('2026-12-01T23:00:00.000Z');
  });

  it('is moved to before the quiet hours of a night', () => {
    expect(move('2026-12-01T22:30:00.000Z')).toBe('2026-12-01T20:59:00.000Z');
    expect(move('2026-12-02T06:00:00.000Z')).toBe('2026-12-01T20:59:00.000Z');
  });

  it('is moved to after the quiet hours when they have already begun', () => {
    const bounds = { now: '2026-12-01T21:30:00.000Z', deadline: farOff } as const;
    expect(move('2026-12-02T06:00:00.000Z', night, bounds)).toBe('2026-12-02T07:00:00.000Z');
  });

  it('is sent in quiet hours when it would otherwise be too late', () => {
    const bounds = { now: '2026-12-01T21:30:00.000Z', deadline: '2026-12-02T07:00:00.000Z' } as const;
    expect(move('2026-12-02T06:00:00.000Z', night, bounds)).toBe('2026-12-02T06:00:00.000Z');
  });

  it('follows local time across clock changes', () => {
    // 29 March 2026, 02:00 becomes 03:00; 25 October 2026, 03:00 becomes 02:00.
    expect(move('2026-03-29T05:00:00.000Z')).toBe('2026-03-28T20:59:00.000Z');
    expect(move('2026-10-25T06:00:00.000Z')).toBe('2026-10-24T19:59:00.000Z');
  });

  it('is moved correctly when quiet hours begin in a skipped or repeated hour', () => {
    const early = { from: '02:30', until: '08:00' };
    expect(move('2026-03-29T04:00:00.000Z', early)).toBe('2026-03-29T00:59:00.000Z');
    const moved = move('2026-10-25T05:00:00.000Z', early);
    expect(isQuiet(moved, early, zone)).toBe(false);
    expect(moved < '2026-10-25T05:00:00.000Z').toBe(true);
  });

  it('is never moved past its deadline, and stays in quiet hours only as the last resort', () => {
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
    fc.assert(
      fc.property(
        fc.record({ from: clock, until: clock }),
        fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
        fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) }),
        fc.integer({ min: 1, max: 48 * 60 }),
        fc.integer({ min: 1, max: 48 * 60 }),
        (quiet, anyZone, nowMs, untilDue, untilDeadline) => {
          const now = toInstant(nowMs);
          const due = toInstant(nowMs + untilDue * 60_000);
          const deadline = toInstant(toEpochMs(due) + untilDeadline * 60_000);
          const moved = outsideQuietHours(due, quiet, anyZone, { now, deadline });
          expect(moved > now && moved < deadline).toBe(true);
          expect(isQuiet(moved, quiet, anyZone) && moved !== due).toBe(false);
        },
      ),
    );
  });
});
