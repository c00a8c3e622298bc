import { describe, expect, it } from 'vitest';
import { withoutNulls } from './absent-fields.ts';

describe('an answer without nulls', () => {
  it('lacks the members that are null, at each depth, and keeps everything else', () => {
    const answer = {
      id: 'e1',
      description: null,
      count: 0,
      isPublic: false,
      text: '',
      attendees: [{ email: 'ada@example.com', displayName: null }, null],
      start: { dateTime: '2026-12-01T09:00:00Z', date: null },
    };
    const before = structuredClone(answer);
    expect(withoutNulls(answer)).toStrictEqual({
      id: 'e1',
      count: 0,
      isPublic: false,
      text: '',
      attendees: [{ email: 'ada@example.com' }, null],
      start: { dateTime: '2026-12-01T09:00:00Z' },
    });
    expect(answer).toStrictEqual(before);
  });

  it('is the same when it is no JSON object', () => {
    const stream = new ReadableStream();
    expect(withoutNulls(stream)).toBe(stream);
    expect(withoutNulls(undefined)).toBeUndefined();
    expect(withoutNulls('')).toBe('');
  });
});
