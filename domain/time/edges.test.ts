/** Tests date arithmetic at the edges of the years that an instant can hold: "until further notice" is often 9999-12-31. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blackoutTimes } from '../audition/blackouts.ts';
import { widen } from '../audition/conflict-rules.ts';
import { freeSlots } from '../audition/free-slots.ts';
import { planReminders } from '../audition/reminder-plan.ts';
import { rankSlots } from '../audition/slot-ranking.ts';
import { participantIdSchema } from '../ids.ts';
import { toEpochMs, toInstant } from './epoch.ts';
import { instantSchema } from './instant.ts';
import { startOfDay } from './start-of-day.ts';
import { day, hour } from './units.ts';

const zones = fc.constantFrom(
  'UTC',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Europe/Paris',
  'America/New_York',
);

/** Days at both edges, and any others. */
const dates = fc.oneof(
  fc.constantFrom('0000-01-01', '0000-01-02', '0001-01-01', '0099-12-31', '9999-12-30', '9999-12-31'),
  fc
    .date({
      min: new Date('0000-01-02T00:00:00Z'),
      max: new Date('9999-12-31T00:00:00Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString().slice(0, 10)),
);

const ada = participantIdSchema.parse('ada');

describe('dates at the edges of the calendar', () => {
  it('are blacked out in every zone', () => {
    fc.assert(
      fc.property(dates, dates, zones, (one, other, zone) => {
        const [from = one, until = one] = [one, other].sort();
        const [time] = blackoutTimes({ blackouts: [{ from, until, zone }] }, []);
        expect(instantSchema.parse(time?.start) <= instantSchema.parse(time?.end)).toBe(true);
        expect(time?.start).toBe(startOfDay(from, zone));
      }),
    );
  });

  it('end a blackout after its last day, whatever follows it', () => {
    const blackout = { from: '2026-12-24', until: '9999-12-31' };
    const times = blackoutTimes({ blackouts: [] }, [
      { id: ada, zone: 'Europe/Paris', blackouts: [blackout] },
    ]);
    expect(times).toEqual([
      { start: '2026-12-23T23:00:00.000Z', end: '9999-12-31T23:00:00.000Z', participant: ada },
    ]);
  });

  it('can be widened, searched, ranked and reminded of', () => {
    fc.assert(
      fc.property(dates, zones, fc.integer({ min: 0, max: 12 * hour }), (date, zone, gap) => {
        const start = startOfDay(date, zone);
        const end = toInstant(Math.min(toEpochMs(start) + hour, Date.parse('9999-12-31T23:59:59.999Z')));
        const wide = widen({ start, end }, gap);
        expect([wide.start <= start, wide.end >= end]).toEqual([true, true]);
        const free = freeSlots([], { from: start, until: end }, hour / 2);
        const quietHours = { from: '22:00', until: '08:00' };
        const ranked = rankSlots(free, [{ zone, quietHours }]);
        expect(ranked).toHaveLength(free.length);
        const offsets = [hour, day].filter((ms) => toEpochMs(start) - ms > Date.parse('0000-01-03'));
        const slot = { start, end, zone };
        expect(() => planReminders(slot, offsets, [{ id: ada, zone, quietHours }], start)).not.toThrow();
      }),
    );
  });
});
