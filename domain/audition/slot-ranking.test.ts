import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { isQuiet } from '../time/quiet-hours.ts';
import { freeSlots, type TimeRange } from './free-slots.ts';
import type { QuietHours, WorkingHours } from './request.ts';
import { defaultWorkingHours, rankSlots } from './slot-ranking.ts';

const minute = 60_000;
const at = (clock: string): Instant => `2026-12-01T${clock}:00.000Z`;
const range = (start: string, end: string) => ({ start: at(start), end: at(end) });
const halfMinute = (instant: string) =>
  ({ start: `2026-${instant}:00.000Z`, end: `2026-${instant}:30.000Z` }) as const;
const starts = (slots: readonly { readonly start: Instant }[]) =>
  slots.map(({ start }) => start.slice(11, 16));

describe('slot ranking', () => {
  const paris = { zone: 'Europe/Paris' };
  const newYork = { zone: 'America/New_York' };

  it('puts slots in the working hours of all participants first, even if others are earlier', () => {
    const ranked = rankSlots([range('09:00', '09:30'), range('15:00', '15:30')], [paris, newYork]);
    expect(starts(ranked)).toEqual(['15:00', '09:00']);
    expect(ranked.map(({ withinWorkingHours }) => withinWorkingHours)).toEqual([true, false]);
  });

  it('then prefers the fewest disturbed quiet hours, then the earliest slot', () => {
    const quietParticipant = { ...newYork, quietHours: { from: '22:00', until: '05:00' } };
    const ranked = rankSlots(
      [range('09:00', '09:30'), range('11:00', '11:30'), range('10:30', '11:00')],
      [quietParticipant],
    );
    expect(starts(ranked)).toEqual(['10:30', '11:00', '09:00']);
    expect(ranked.map(({ quietConflicts }) => quietConflicts)).toEqual([0, 0, 1]);
  });

  it('counts slots that overlap quiet hours, but not slots that end when they begin', () => {
    const early = { ...paris, quietHours: { from: '20:00', until: '08:00' } };
    const ranked = rankSlots([range('18:45', '19:15'), range('18:30', '19:00')], [early]);
    expect(ranked.map(({ quietConflicts }) => quietConflicts)).toEqual([0, 1]);
  });

  it('counts quiet hours within a long slot', () => {
    const lunch = { ...paris, quietHours: { from: '12:30', until: '12:45' } };
    const ranked = rankSlots([range('11:00', '12:30'), range('12:00', '13:30')], [lunch]);
    expect(starts(ranked)).toEqual(['12:00', '11:00']);
    expect(ranked.map(({ quietConflicts }) => quietConflicts)).toEqual([0, 1]);
  });

  it('ends the working day at 19:00 local time, also on days of a clock change', () => {
    expect(rankSlots([halfMinute('03-29T16:59')], [paris])[0]?.withinWorkingHours).toBe(true);
    expect(rankSlots([halfMinute('03-29T17:00')], [paris])[0]?.withinWorkingHours).toBe(false);
    expect(rankSlots([halfMinute('10-25T17:59')], [paris])[0]?.withinWorkingHours).toBe(true);
    expect(rankSlots([halfMinute('10-25T18:00')], [paris])[0]?.withinWorkingHours).toBe(false);
    expect(rankSlots([halfMinute('10-25T07:59')], [paris])[0]?.withinWorkingHours).toBe(false);
  });

  it('uses the working hours of each participant instead of 09:00 to 19:00', () => {
    const lateShift = { ...paris, workingHours: { from: '14:00', until: '23:30' } };
    const slots = [range('09:00', '09:30'), range('13:00', '13:30'), range('18:00', '18:30')];
    expect(starts(rankSlots(slots, [lateShift, paris], 1))).toEqual(['13:00']);
    expect(rankSlots([range('21:30', '22:30')], [lateShift])[0]?.withinWorkingHours).toBe(true);
    expect(rankSlots([range('22:15', '22:45')], [lateShift])[0]?.withinWorkingHours).toBe(false);
  });

  it.each([
    // 02:30 does not exist on 29 March: the hours begin at 03:00, which is 01:00 UTC.
    ['that begin in a DST gap', { from: '02:30', until: '05:00' }, '03-29T01:00', true],
    ['before a DST gap', { from: '02:30', until: '05:00' }, '03-29T00:59', false],
    // 02:30 occurs twice on 25 October, at 00:30 and 01:30 UTC.
    ['in the first pass of a DST overlap', { from: '02:30', until: '05:00' }, '10-25T00:30', true],
    ['in the second pass of a DST overlap', { from: '02:30', until: '05:00' }, '10-25T01:30', true],
    ['before the hours in a DST overlap', { from: '02:30', until: '05:00' }, '10-25T00:29', false],
    ['at the end of hours after a DST overlap', { from: '01:00', until: '03:30' }, '10-25T02:29', true],
    ['past the end of hours after a DST overlap', { from: '01:00', until: '03:30' }, '10-25T02:30', false],
  ])('rates working hours %s', (_case, workingHours, start, expected) => {
    const [ranked] = rankSlots([halfMinute(start)], [{ ...paris, workingHours }]);
    expect(ranked?.withinWorkingHours).toBe(expected);
  });
});

interface Person {
  readonly zone: string;
  readonly quietHours?: QuietHours;
  readonly workingHours?: WorkingHours;
}

/** The quiet hours of these tests begin and end at full or half hours. */
const halfHoursWithin = ({ start, end }: TimeRange): readonly Instant[] => {
  const first = Math.ceil(toEpochMs(start) / (30 * minute)) * 30 * minute;
  const count = Math.max(0, Math.ceil((toEpochMs(end) - first) / (30 * minute)));
  return Array.from({ length: count }, (_, index) => toInstant(first + index * 30 * minute));
};

/** A simple implementation of the same rules, with luxon as the clock. */
const rankSimply = (slots: readonly TimeRange[], people: readonly Person[], limit: number) =>
  slots
    .map((slot) => {
      const lastMoment = toInstant(toEpochMs(slot.end) - 1);
      return {
        ...slot,
        withinWorkingHours: people.every(({ zone, workingHours = defaultWorkingHours }) => {
          const begins = DateTime.fromISO(slot.start, { zone });
          const [hour, minutes] = workingHours.until.split(':').map(Number);
          const closing = begins.startOf('day').set({ hour, minute: minutes });
          return (
            begins.toFormat('HH:mm') >= workingHours.from && DateTime.fromISO(slot.end, { zone }) <= closing
          );
        }),
        quietConflicts: people.filter(
          ({ zone, quietHours }) =>
            quietHours &&
            [slot.start, ...halfHoursWithin(slot), lastMoment].some((at) => isQuiet(at, quietHours, zone)),
        ).length,
      };
    })
    .sort(
      (a, b) =>
        Number(b.withinWorkingHours) - Number(a.withinWorkingHours) ||
        a.quietConflicts - b.quietConflicts ||
        a.start.localeCompare(b.start),
    )
    .slice(0, limit);

describe('the fast slot ranking', () => {
  const clock = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30'))
    .map(([hour, minutes]) => `${String(hour).padStart(2, '0')}:${minutes}`);
  const person = fc.record(
    {
      zone: fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'),
      quietHours: fc.record({ from: clock, until: clock }),
      workingHours: fc
        .tuple(clock, clock)
        .filter(([from, until]) => from !== until)
        .map(([one, other]) => (one < other ? { from: one, until: other } : { from: other, until: one })),
    },
    { requiredKeys: ['zone'] },
  );
  const windows = fc
    .tuple(
      fc.constantFrom(
        Date.UTC(2026, 2, 28),
        Date.UTC(2026, 9, 24),
        Date.UTC(2026, 9, 3),
        Date.UTC(2026, 10, 30),
      ),
      fc.integer({ min: 1, max: 72 }),
    )
    .map(([from, hours]) => ({ from: toInstant(from), until: toInstant(from + hours * 60 * minute) }));

  it('gives the same result as a simple implementation', () => {
    fc.assert(
      fc.property(
        windows,
        fc.array(person, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 180 }),
        fc.integer({ min: 1, max: 30 }),
        (window, people, length, limit) => {
          const slots = freeSlots([], window, length * minute);
          expect(rankSlots(slots, people, limit)).toEqual(rankSimply(slots, people, limit));
          expect(rankSlots(slots, people)).toEqual(rankSimply(slots, people, slots.length));
        },
      ),
    );
  }, 30_000);

  it('rates no more slots than the limit requires', () => {
    const far = range('11:00', '11:30');
    const beyond = {
      start: far.start,
      get end(): Instant {
        throw new Error('this slot must not be rated');
      },
    };
    const found = rankSlots([range('09:00', '09:30'), far, beyond], [{ zone: 'UTC' }], 2);
    expect(starts(found)).toEqual(['09:00', '11:00']);
  });
});
