import { describe, expect, it } from 'vitest';
import { factsUntilScheduled, trail } from '../../tests/harness/audition-trail.ts';
import type { AuditionFact } from './events.ts';
import { unfinishedEnding } from './unfinished-ending.ts';

const after = (...facts: readonly AuditionFact[]) =>
  unfinishedEnding(trail([...factsUntilScheduled('aud_1'), ...facts]));

const cancelled = { type: 'cancelled', origin: 'api' } as const;
const ended = { type: 'session_ended', origin: 'api' } as const;
const booked = { type: 'decided', decision: 'booked' } as const;

describe('unfinishedEnding', () => {
  it('returns nothing while the audition is open', () => {
    expect(after()).toBeUndefined();
  });

  it.each<AuditionFact>([cancelled, { type: 'failed', code: 'outage', reason: 'x' }, booked])(
    'returns %j, which ended the audition before its slot began',
    (ending) => {
      expect(after(ending)).toEqual(ending);
    },
  );

  it.each<readonly AuditionFact[]>([
    [{ type: 'no_show' }],
    [ended, cancelled],
    [ended, booked],
    [{ type: 'session_started', origin: 'api' }, booked],
  ])('returns nothing after %j, which keeps the effects', (...facts) => {
    expect(after(...facts)).toBeUndefined();
  });

  it('returns the ending after an effect was undone, and nothing after an operator skipped a compensation', () => {
    const meeting = { type: 'compensated', step: 'the meeting on zoom' } as const;
    expect(after(cancelled, { ...meeting, result: 'undone' })).toEqual(cancelled);
    expect(after(cancelled, { ...meeting, result: 'skipped' })).toBeUndefined();
    expect(after({ ...meeting, result: 'skipped' }, cancelled)).toEqual(cancelled);
  });

  it('returns nothing when the audition was reopened', () => {
    expect(after(cancelled, { type: 'reopened_for_decision', origin: 'api' })).toBeUndefined();
  });
});
