import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { expect, it } from 'vitest';
import { createZoneClock } from './zone-clock.ts';

const zones = [
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'UTC',
];
const minute = 60_000;

/** Moments around the clock changes of these zones, and anywhere in two years. */
const moments = fc.oneof(
  fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 11) }),
  fc
    .tuple(
      fc.constantFrom(
        Date.UTC(2026, 2, 29, 1),
        Date.UTC(2026, 9, 25, 1),
        Date.UTC(2026, 2, 8, 7),
        Date.UTC(2026, 10, 1, 6),
        Date.UTC(2026, 3, 4, 15),
        Date.UTC(2026, 9, 3, 15, 30),
        Date.UTC(2026, 1, 15, 2),
        Date.UTC(2026, 2, 22, 2),
      ),
      fc.integer({ min: -30 * 60, max: 30 * 60 }),
    )
    .map(([change, minutes]) => change + minutes * minute),
);

it('reads the same zone time as luxon, also on days of a clock change', () => {
  const clocks = new Map(zones.map((zone) => [zone, createZoneClock(zone)]));
  fc.assert(
    fc.property(fc.constantFrom(...zones), moments, fc.integer({ min: 0, max: 23 }), (zone, moment, hour) => {
      const clock = clocks.get(zone);
      const local = DateTime.fromMillis(moment, { zone });
      expect(clock?.minuteOfDay(moment)).toBe(local.hour * 60 + local.minute);
      expect(clock?.sameDayAt(moment, hour * 60)).toBe(local.startOf('day').set({ hour }).toMillis());
    }),
    { numRuns: 2_000 },
  );
});
