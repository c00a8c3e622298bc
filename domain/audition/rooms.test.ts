/** Tests the room that a slot keeps, and the comparison of slots. */
import { describe, expect, it } from 'vitest';
import { inRoom, isSameSlot, roomCalendarOf } from './rooms.ts';
import type { RoomCalendar, Slot } from './slot.ts';

const studio: RoomCalendar = { provider: 'google', connection: 'conn_1', email: 'studio@rooms.example' };
const attic: RoomCalendar = { provider: 'microsoft', connection: 'conn_2', email: 'attic@rooms.example' };
const slot: Slot = { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T10:00:00.000Z', zone: 'UTC' };
const inStudio: Slot = { ...slot, room: 'Studio 2', roomCalendar: studio };
const fixed = (change: Partial<Slot> = {}) => ({ kind: 'fixed', slot: { ...slot, ...change } }) as const;

describe('a wish', () => {
  it('without a room keeps the room and its calendar', () => {
    expect(inRoom(fixed(), inStudio)).toEqual(fixed({ room: 'Studio 2', roomCalendar: studio }));
    const window = {
      kind: 'window',
      earliest: slot.start,
      latest: slot.end,
      durationMinutes: 30,
      zone: 'UTC',
    } as const;
    expect(roomCalendarOf(inRoom(window, inStudio))).toEqual(studio);
  });

  it('with the same room, however it is spelled, keeps the calendar', () => {
    expect(inRoom(fixed({ room: ' studio  2' }), inStudio)).toEqual(
      fixed({ room: ' studio  2', roomCalendar: studio }),
    );
  });

  it('with another room does not keep the calendar', () => {
    expect(inRoom(fixed({ room: 'Attic' }), inStudio)).toEqual(fixed({ room: 'Attic' }));
  });

  it('with another calendar keeps its own', () => {
    const wish = fixed({ room: 'Studio 2', roomCalendar: attic });
    expect(inRoom(wish, inStudio)).toEqual(wish);
  });

  it('stays without a room when there was none', () => {
    expect(inRoom(fixed(), slot)).toEqual(fixed());
    expect(inRoom(fixed())).toEqual(fixed());
  });
});

describe('two slots', () => {
  it('differ when the room has another calendar, or none', () => {
    expect(isSameSlot(inStudio, { ...inStudio, roomCalendar: { ...studio } })).toBe(true);
    expect(isSameSlot(inStudio, { ...inStudio, roomCalendar: attic })).toBe(false);
    expect(isSameSlot(inStudio, { ...slot, room: 'Studio 2' })).toBe(false);
  });
});
