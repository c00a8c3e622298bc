import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { freeSlots, isFree, mergeBusy } from './free-slots.ts';

const minute = 60_000;
const at = (clock: string): Instant => `2026-12-01T${clock}:00.000Z`;
const range = (start: string, end: string) => ({ start: at(start), end: at(end) });
const starts = (slots: readonly { readonly start: Instant }[]) =>
  slots.map(({ start }) => start.slice(11, 16));

describe('a free slot', () => {
  it('can touch a busy interval but not overlap it', () => {
    const busy = [range('10:00', '11:00')];
    expect(isFree(range('09:30', '10:00'), busy)).toBe(true);
    expect(isFree(range('11:00', '11:30'), busy)).toBe(true);
    expect(isFree(range('09:30', '10:01'), busy)).toBe(false);
    expect(isFree(range('10:15', '10:30'), busy)).toBe(false);
    expect(isFree(range('09:00', '12:00'), busy)).toBe(false);
  });

  it('lies between busy intervals that overlap, nest and come in any order', () => {
    const busy = [
      range('11:00', '12:00'),
      range('09:00', '10:00'),
      range('09:15', '09:30'),
      range('09:45', '10:15'),
    ];
    const found = freeSlots(busy, { from: at('08:30'), until: at('12:30') }, 30 * minute);
    expect(starts(found)).toEqual(['08:30', '10:15', '10:30', '12:00']);
  });

  it('starts on a full quarter of an hour, or on the given step', () => {
    const window = { from: at('09:07'), until: at('10:00') };
    expect(starts(freeSlots([], window, 30 * minute))).toEqual(['09:15', '09:30']);
    expect(starts(freeSlots([], window, 30 * minute, { stepMs: 20 * minute }))).toEqual(['09:20']);
  });

  it('starts off the step when the gap fits it only there', () => {
    expect(starts(freeSlots([], { from: at('09:07'), until: at('09:37') }, 30 * minute))).toEqual(['09:07']);
  });

  it('does not exist when the window is too short or fully busy', () => {
    expect(freeSlots([], { from: at('09:00'), until: at('09:29') }, 30 * minute)).toEqual([]);
    expect(freeSlots([range('08:00', '13:00')], { from: at('09:00'), until: at('12:00') }, minute)).toEqual(
      [],
    );
  });

  it('never overlaps a busy interval, never leaves the window, and is always found', () => {
    const base = Date.UTC(2026, 2, 29);
    const minutes = fc.integer({ min: 0, max: 24 * 60 });
    const interval = fc.tuple(minutes, fc.integer({ min: 1, max: 180 })).map(([from, length]) => ({
      start: toInstant(base + from * minute),
      end: toInstant(base + (from + length) * minute),
    }));
    fc.assert(
      fc.property(
        fc.array(interval, { maxLength: 12 }),
        interval,
        fc.integer({ min: 1, max: 90 }),
        (busy, { start: from, end: until }, length) => {
          const found = freeSlots(busy, { from, until }, length * minute);
          for (const slot of found) {
            expect(isFree(slot, busy)).toBe(true);
            expect(slot.start >= from && slot.end <= until).toBe(true);
            expect(toEpochMs(slot.end) - toEpochMs(slot.start)).toBe(length * minute);
          }
          expect(found.map(({ start }) => start)).toEqual(found.map(({ start }) => start).sort());
          const anyMinuteFits =
            freeSlots(busy, { from, until }, length * minute, { stepMs: minute }).length > 0;
          expect(found.length > 0).toBe(anyMinuteFits);
        },
      ),
    );
  });

  it('is the same for busy intervals and for merged busy intervals', () => {
    const merged = mergeBusy([range('09:00', '10:00'), range('10:00', '11:00'), range('12:00', '13:00')]);
    expect(merged).toEqual([range('09:00', '11:00'), range('12:00', '13:00')]);
  });
});
