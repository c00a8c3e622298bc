import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { isQuiet } from '../time/quiet-hours.ts';
import { planReminders } from './reminder-plan.ts';

const hour = 3_600_000;
const id = (text: string) => participantIdSchema.parse(text);
const ada = { id: id('ada'), zone: 'Europe/Paris' };
const grace = { id: id('grace'), zone: 'America/New_York' };
const slot = {
  start: '2026-12-02T09:00:00.000Z',
  end: '2026-12-02T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const now: Instant = '2026-11-20T00:00:00.000Z';

describe('planning reminders', () => {
  it('plans a reminder for all participants at each offset, in the order of time', () => {
    expect(planReminders(slot, [hour, 24 * hour], [ada, grace], now)).toEqual([
      { at: '2026-12-01T09:00:00.000Z', offsetMs: 24 * hour, participants: ['ada', 'grace'] },
      { at: '2026-12-02T08:00:00.000Z', offsetMs: hour, participants: ['ada', 'grace'] },
    ]);
  });

  it('drops reminders that are in the past or due now', () => {
    const dueNow: Instant = '2026-12-01T09:00:00.000Z';
    expect(planReminders(slot, [24 * hour, hour], [ada], dueNow).map(({ offsetMs }) => offsetMs)).toEqual([
      hour,
    ]);
  });

  it('plans one reminder for a repeated offset', () => {
    expect(planReminders(slot, [hour, hour], [ada], now)).toHaveLength(1);
  });

  it('moves a reminder only for participants with quiet hours at that time in their own zone', () => {
    const sleeper = { ...grace, quietHours: { from: '22:00', until: '08:00' } };
    expect(planReminders(slot, [hour], [ada, sleeper], now)).toEqual([
      { at: '2026-12-02T02:59:00.000Z', offsetMs: hour, participants: ['grace'] },
      { at: '2026-12-02T08:00:00.000Z', offsetMs: hour, participants: ['ada'] },
    ]);
  });

  it('keeps the reminder nearest to the start when quiet hours move two to the same minute', () => {
    const sleeper = { ...grace, quietHours: { from: '22:00', until: '08:00' } };
    expect(planReminders(slot, [2 * hour, hour], [sleeper], now)).toEqual([
      { at: '2026-12-02T02:59:00.000Z', offsetMs: hour, participants: ['grace'] },
    ]);
  });

  it('counts elapsed hours across a clock change', () => {
    // 09:00 in Paris on 29 March 2026: the same local time on the previous day is only 23 hours earlier.
    const start: Instant = '2026-03-29T07:00:00.000Z';
    const [reminder] = planReminders({ ...slot, start }, [24 * hour], [ada], '2026-03-01T00:00:00.000Z');
    expect(reminder?.at).toBe('2026-03-28T07:00:00.000Z');
  });

  it('never plans late, repeated or avoidably disturbing reminders', () => {
    const clock = fc.constantFrom('20:00', '22:30', '02:30', '07:00', '08:00', '13:15');
    const zone = fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe');
    const person = fc.record({
      id: fc.constantFrom('a', 'b', 'c').map(id),
      zone,
      quietHours: fc.option(fc.record({ from: clock, until: clock }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(person, { selector: (one) => one.id, minLength: 1 }),
        fc.array(fc.integer({ min: 0, max: 72 }).map((hours) => hours * hour)),
        fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) }),
        fc.integer({ min: 1, max: 96 * hour }),
        (people, offsets, nowMs, ahead) => {
          const start = toInstant(nowMs + ahead);
          const plan = planReminders({ ...slot, start }, offsets, people, toInstant(nowMs));
          const seen = new Set<string>();
          for (const { at, offsetMs, participants } of plan) {
            expect(toEpochMs(at)).toBeGreaterThan(nowMs);
            expect(at <= start).toBe(true);
            for (const one of participants) {
              expect(seen).not.toContain(`${one} ${offsetMs}`);
              expect(seen).not.toContain(`${one} ${at}`);
              seen.add(`${one} ${offsetMs}`).add(`${one} ${at}`);
              const { quietHours, zone } = people.find((candidate) => candidate.id === one) ?? {
                ...ada,
                quietHours: undefined,
              };
              const disturbs = quietHours !== undefined && isQuiet(at, quietHours, zone);
              const asDue = toEpochMs(at) === toEpochMs(start) - offsetMs;
              expect(disturbs && !asDue).toBe(false);
            }
          }
          expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).sort());
        },
      ),
    );
  });
});
