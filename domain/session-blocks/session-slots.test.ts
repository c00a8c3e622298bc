import { describe, expect, it } from 'vitest';
import { isFree, type TimeRange } from '../audition/free-slots.ts';
import { toInstant } from '../time/epoch.ts';
import type { Session } from './session-block.ts';
import { freeSessionSlots, outsideOf, slotsOfSession, slotsOfSessions } from './session-slots.ts';

const at = (time: string) => toInstant(Date.parse(`2026-12-01T${time}:00Z`));
const range = (start: string, end: string): TimeRange => ({ start: at(start), end: at(end) });
const starts = (slots: readonly TimeRange[]) => slots.map(({ start }) => start.slice(11, 16));

describe('the slots of a session', () => {
  it('are so long and so far from each other as the block says', () => {
    const slots = slotsOfSession(range('10:00', '13:00'), { slotMinutes: 15, gapMinutes: 5 });
    expect(slots).toHaveLength(9);
    expect(slots[0]).toEqual(range('10:00', '10:15'));
    expect(slots.at(-1)).toEqual(range('12:40', '12:55'));
  });

  it('fill the session without gaps, and need none after the last one', () => {
    const lengths = { slotMinutes: 20, gapMinutes: 5 };
    expect(starts(slotsOfSession(range('10:00', '10:45'), lengths))).toEqual(['10:00', '10:25']);
    expect(starts(slotsOfSession(range('10:00', '10:44'), lengths))).toEqual(['10:00']);
    expect(slotsOfSession(range('10:00', '10:19'), lengths)).toEqual([]);
  });

  it('are free when nothing overlaps them, also when sessions overlap each other', () => {
    const sessions = [range('10:00', '12:00'), range('10:10', '11:10'), range('09:30', '10:30')];
    const slots = slotsOfSessions(sessions, { slotMinutes: 20, gapMinutes: 0 });
    const busy = [range('10:15', '10:20'), range('10:40', '10:45')];
    const free = slots.filter((slot) => isFree(slot, busy));
    expect(freeSessionSlots(slots, busy, { from: at('09:00'), until: at('12:00') })).toEqual(free);
  });

  it('are free when nothing overlaps them', () => {
    const slots = slotsOfSession(range('10:00', '12:00'), { slotMinutes: 15, gapMinutes: 5 });
    const busy = [
      range('09:00', '10:00'),
      range('10:15', '10:21'),
      range('11:00', '11:01'),
      range('11:55', '13:00'),
    ];
    const window = { from: at('09:00'), until: at('12:00') };
    expect(starts(freeSessionSlots(slots, busy, window))).toEqual(['10:00', '10:40', '11:20', '11:40']);
    expect(starts(freeSessionSlots(slots, busy, { from: at('10:01'), until: at('11:54') }))).toEqual([
      '10:40',
      '11:20',
    ]);
    expect(freeSessionSlots(slots, [range('00:00', '23:00')], window)).toEqual([]);
  });
});

describe('a slot', () => {
  const session = (start: string, end: string, room?: string): Session => ({
    at: '2026-12-01T10:00',
    ...range(start, end),
    ...(room === undefined ? {} : { room }),
    isChanged: false,
  });
  const slot = { ...range('10:00', '10:15'), room: 'Studio 2' };

  it.each([
    ['in its session', [session('10:00', '13:00', 'STUDIO  2')], undefined],
    ['in a session without a room', [session('10:00', '13:00')], undefined],
    [
      'in one of two sessions',
      [session('10:00', '13:00', 'Studio 5'), session('09:00', '11:00', 'Studio 2')],
      undefined,
    ],
    ['in another room', [session('10:00', '13:00', 'Studio 5')], 'other_room'],
    ['before a session', [session('10:01', '13:00', 'Studio 2')], 'no_session'],
    ['after a session', [session('09:00', '10:14', 'Studio 2')], 'no_session'],
    ['in no session', [], 'no_session'],
  ])('is %s', (_, sessions, outside) => {
    expect(outsideOf(slot, sessions)).toBe(outside);
  });

  it('by video is not in a session with a room', () => {
    expect(outsideOf(range('10:00', '10:15'), [session('10:00', '13:00', 'Studio 2')])).toBe('other_room');
  });
});
