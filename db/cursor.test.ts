import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';

const key = { at: '2026-06-01T00:00:00.000Z', id: 'aud_1' } as const;
const unordered = encodeCursor(key);

describe('a cursor', () => {
  it('is accepted for its order only', () => {
    const cursor = encodeCursor({ ...key, order: 'scheduledFor' });
    expect(decodeCursor(cursor, 'scheduledFor')).toMatchObject(key);
    expect(() => decodeCursor(cursor, '-scheduledFor')).toThrow('not issued for this list');
    expect(() => decodeCursor(cursor)).toThrow('not issued for this list');
  });

  it('without an order is accepted for the one that earlier versions had', () => {
    expect(decodeCursor(unordered)).toMatchObject(key);
    expect(decodeCursor(unordered, '-requestedAt', '-requestedAt')).toMatchObject(key);
    expect(() => decodeCursor(unordered, 'scheduledFor', '-requestedAt')).toThrow('not issued for this list');
    expect(() => decodeCursor(unordered, 'scheduledFor')).toThrow('not issued for this list');
  });
});
