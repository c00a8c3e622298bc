import { describe, expect, it } from 'vitest';
import { afterJoining, afterLeaving, afterSession } from './presence.ts';

const slot = {
  start: '2027-03-01T09:00:00.000Z',
  end: '2027-03-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const at = (minute: string) => `2027-03-01T09:${minute}:00.000Z` as const;

describe('the presence of a participant', () => {
  it('is on time within five minutes of the start, and late afterwards', () => {
    expect(afterJoining(undefined, at('05'), slot)).toMatchObject({ status: 'present', isLate: false });
    expect(afterJoining(undefined, at('06'), slot)).toMatchObject({ status: 'present', isLate: true });
  });

  it('counts the first time, when a participant joins again', () => {
    const first = afterJoining(undefined, at('01'), slot);
    const left = afterLeaving(first, at('10'), slot);
    expect(left).toMatchObject({ status: 'left_early', leftAt: at('10') });
    expect(afterJoining(left, at('12'), slot)).toMatchObject({
      status: 'present',
      joinedAt: at('01'),
      lastJoinedAt: at('12'),
      isLate: false,
    });
  });

  it('is the same when the reports arrive out of order', () => {
    const inOrder = afterLeaving(afterJoining(undefined, at('02'), slot), at('20'), slot);
    const reversed = afterJoining(afterLeaving(undefined, at('20'), slot), at('02'), slot);
    expect(reversed).toEqual(inOrder);
  });

  it('has not left early when the session ends a little later, or at the end of the slot', () => {
    const early = afterLeaving(afterJoining(undefined, at('00'), slot), at('20'), slot);
    expect(afterSession(early, at('24')).status).toBe('left');
    expect(afterSession(early, at('26')).status).toBe('left_early');
    expect(afterLeaving(early, at('30'), slot).status).toBe('left');
  });

  it('has not left early when the report arrives after the end of the session', () => {
    const present = afterJoining(undefined, at('00'), slot);
    expect(afterLeaving(present, at('20'), slot, at('24')).status).toBe('left');
    expect(afterLeaving(present, at('10'), slot, at('24')).status).toBe('left_early');
  });
});
