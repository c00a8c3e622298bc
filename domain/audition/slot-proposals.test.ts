import { describe, expect, it } from 'vitest';
import type { Instant } from '../time/instant.ts';
import { durationOf } from './conflict-rules.ts';
import { freeSlots } from './free-slots.ts';
import type { BusyInterval, SlotSpec } from './slot.ts';
import { proposalTime, proposeSlots } from './slot-proposals.ts';

const paris = { zone: 'Europe/Paris' };
const now = '2026-12-01T08:00:00.000Z';
/** A Thursday, 10:00 in Paris. */
const slot = {
  start: '2026-12-10T09:00:00.000Z',
  end: '2026-12-10T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const fixed: SlotSpec = { kind: 'fixed', slot };
const busy = [{ start: slot.start, end: '2026-12-10T10:00:00.000Z' }] as const;

const propose = (wish: SlotSpec, occupied: readonly BusyInterval[], at: Instant) =>
  proposeSlots(wish, [paris], freeSlots(occupied, proposalTime(wish, at), durationOf(wish)));

const startsOf = (proposals: ReturnType<typeof proposeSlots>) =>
  proposals.map(({ start }) => start.slice(8, 16));

describe('proposed slots', () => {
  it('are the nearest within the working hours of all participants, with the reason', () => {
    const proposals = propose(fixed, busy, now);
    expect(startsOf(proposals)).toEqual(['10T08:30', '10T08:15', '10T10:00', '10T08:00', '10T10:15']);
    expect(proposals[0]).toEqual({
      start: '2026-12-10T08:30:00.000Z',
      end: '2026-12-10T09:00:00.000Z',
      withinWorkingHours: true,
      quietConflicts: 0,
      reason: 'Free, within the working hours of all participants, 30 minutes earlier.',
    });
    expect(proposals[2]?.reason).toBe('Free, within the working hours of all participants, 1 hour later.');
  });

  it('are never in the past', () => {
    const late = '2026-12-10T08:40:10.000Z';
    expect(startsOf(propose(fixed, busy, late))).toEqual([
      '10T10:00',
      '10T10:15',
      '10T10:30',
      '10T10:45',
      '10T11:00',
    ]);
  });

  it('outside the working hours come last, and say so', () => {
    const week = { start: '2026-12-01T00:00:00.000Z', end: '2026-12-17T06:00:00.000Z' } as const;
    const [first] = propose(fixed, [week], now);
    expect(first).toMatchObject({ start: '2026-12-17T08:00:00.000Z', withinWorkingHours: true });
    const rest = { start: '2026-12-17T07:30:00.000Z', end: '2026-12-18T00:00:00.000Z' } as const;
    const [early] = propose(fixed, [week, rest], now);
    expect(early).toMatchObject({ start: '2026-12-17T06:00:00.000Z', withinWorkingHours: false });
    expect(early?.reason).toBe('Free, outside the working hours of a participant, 6 days 21 hours later.');
  });

  it('for a window include those in the window that a search does not choose', () => {
    const evening: SlotSpec = {
      kind: 'window',
      earliest: '2026-12-10T19:00:00.000Z',
      latest: '2026-12-10T22:00:00.000Z',
      durationMinutes: 30,
      zone: 'Europe/Paris',
    };
    const days = [
      { start: '2026-12-01T00:00:00.000Z', end: '2026-12-10T19:00:00.000Z' },
      { start: '2026-12-10T22:00:00.000Z', end: '2026-12-20T00:00:00.000Z' },
    ] as const;
    const [first] = propose(evening, days, now);
    expect(first?.reason).toBe('Free, outside the working hours of a participant, in the window.');
  });

  it('are none when nothing is free', () => {
    const always = [{ start: '2026-11-01T00:00:00.000Z', end: '2027-01-01T00:00:00.000Z' }] as const;
    expect(propose(fixed, always, now)).toEqual([]);
  });
});
