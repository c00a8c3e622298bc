import { describe, expect, it } from 'vitest';
import { busyKindOf } from './busy-kind.ts';

const own = { isCancelled: false, answer: undefined } as const;

describe('busyKindOf', () => {
  it.each([
    ['free', 'free'],
    ['elsewhere', 'free'],
    ['tentative', 'tentative'],
    ['busy', 'busy'],
    ['absent', 'busy'],
  ] as const)('counts an own event that is shown as %s as %s', (shownAs, expected) => {
    expect(busyKindOf({ ...own, shownAs })).toBe(expected);
  });

  it.each([
    ['accepted', 'busy'],
    ['tentative', 'tentative'],
    ['pending', 'tentative'],
    ['declined', 'free'],
  ] as const)('counts an invitation with the answer %s as %s', (answer, expected) => {
    expect(busyKindOf({ isCancelled: false, shownAs: 'busy', answer })).toBe(expected);
  });

  it('counts an absence as busy whatever the answer is, unless it is declined', () => {
    const absence = { isCancelled: false, shownAs: 'absent' } as const;
    expect(busyKindOf({ ...absence, answer: 'pending' })).toBe('busy');
    expect(busyKindOf({ ...absence, answer: 'declined' })).toBe('free');
  });

  it.each(['tentative', 'busy', 'absent'] as const)(
    'counts a cancelled event as free when it is shown as %s',
    (shownAs) => {
      expect(busyKindOf({ isCancelled: true, shownAs, answer: 'accepted' })).toBe('free');
    },
  );
});
