import { describe, expect, it } from 'vitest';
import { factsUntilScheduled, trail } from '../../tests/harness/audition-trail.ts';
import type { AuditionFact } from './events.ts';
import { isUndoRequired } from './required-undo.ts';

const after = (...facts: readonly AuditionFact[]) =>
  isUndoRequired(trail([...factsUntilScheduled('aud_1'), ...facts]));

describe('isUndoRequired', () => {
  it('is false while the audition is open', () => {
    expect(after()).toBe(false);
  });

  it.each<[boolean, AuditionFact]>([
    [true, { type: 'cancelled', origin: 'api' }],
    [true, { type: 'failed', code: 'outage', reason: 'x' }],
    [false, { type: 'no_show' }],
    [false, { type: 'decided', decision: 'booked' }],
  ])('is %s after %j', (isRequired, ending) => {
    expect(after(ending)).toBe(isRequired);
  });

  it('is false for an audition that was cancelled after its session', () => {
    expect(after({ type: 'session_ended', origin: 'api' }, { type: 'cancelled', origin: 'api' })).toBe(false);
  });

  it('is true when an effect was undone, and false when an operator has skipped a compensation', () => {
    const cancelled = { type: 'cancelled', origin: 'api' } as const;
    expect(after(cancelled, { type: 'compensated', step: 'the meeting on zoom', result: 'undone' })).toBe(
      true,
    );
    expect(after(cancelled, { type: 'compensated', step: 'the meeting on zoom', result: 'skipped' })).toBe(
      false,
    );
  });

  it('is true when a compensation was skipped before the audition was closed', () => {
    expect(
      after(
        { type: 'compensated', step: 'the meeting on zoom', result: 'skipped' },
        { type: 'cancelled', origin: 'api' },
      ),
    ).toBe(true);
  });

  it('is false when the audition was reopened', () => {
    expect(
      after({ type: 'cancelled', origin: 'api' }, { type: 'reopened_for_decision', origin: 'api' }),
    ).toBe(false);
  });
});
