import { describe, expect, it } from 'vitest';
import { castingSessionOf, sharedRoomOf } from './casting-session.ts';

const slot = {
  start: '2026-12-02T23:30:00.000Z',
  end: '2026-12-02T23:45:00.000Z',
  zone: 'Europe/Paris',
  block: 'blk_1',
} as const;

describe('the casting session of a slot', () => {
  it('is the block and the day in the zone of the slot', () => {
    expect(castingSessionOf(slot)).toBe('ses_1-2026-12-03');
    expect(castingSessionOf({ ...slot, block: `blk_${'x'.repeat(64)}` })).toMatch(/^ses_x{64}-2026-12-03$/);
    expect(castingSessionOf({ ...slot, block: undefined })).toBeUndefined();
  });
});

describe('the shared room of an audition', () => {
  it('is that of its session', () => {
    expect(sharedRoomOf({ room: 'session' }, slot)).toBe('ses_1-2026-12-03');
  });

  it('does not exist without the setting, without a session, and for a recorded audition', () => {
    expect(sharedRoomOf(undefined, slot)).toBeUndefined();
    expect(sharedRoomOf({ room: 'own' }, slot)).toBeUndefined();
    expect(sharedRoomOf({ room: 'session' }, { ...slot, block: undefined })).toBeUndefined();
    expect(sharedRoomOf({ room: 'session', recording: 'cloud' }, slot)).toBeUndefined();
  });
});
