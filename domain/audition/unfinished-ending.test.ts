import { describe, expect, it } from 'vitest';
import { slotIn } from '../../tests/harness/audition-plan.ts';
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
      expect(after(ending)).toEqual({ ending, kept: [] });
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

  it('returns what an operator has decided to leave, before the ending and after it', () => {
    const meeting = { type: 'compensated', step: 'the meeting on zoom' } as const;
    const skipped: AuditionFact = { ...meeting, result: 'skipped', kept: ['meeting'] };
    expect(after(cancelled, { ...meeting, result: 'undone' })).toEqual({ ending: cancelled, kept: [] });
    expect(after(cancelled, skipped)).toEqual({ ending: cancelled, kept: ['meeting'] });
    expect(after(skipped, cancelled)).toEqual({ ending: cancelled, kept: ['meeting'] });
  });

  it('counts the hold of a reopened audition again', () => {
    const skipped: AuditionFact = {
      type: 'compensated',
      step: 'the hold of the slot',
      result: 'skipped',
      kept: ['holds'],
    };
    const slot = slotIn(96, Date.now());
    const reopened: AuditionFact = { type: 'reopened_for_session', origin: 'api', slot, revision: 2 };
    expect(after(cancelled, skipped, reopened, cancelled)).toEqual({ ending: cancelled, kept: [] });
  });

  it('returns nothing when the audition was reopened', () => {
    expect(after(cancelled, { type: 'reopened_for_decision', origin: 'api' })).toBeUndefined();
  });
});
