/** Tests reports about conflicts when rounds of two connections overlap, and when processes end during a round. */
import { describe, expect, it } from 'vitest';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import {
  type Hook,
  killedBefore,
  type Step,
  useConflictRounds,
} from '../../tests/harness/conflict-rounds.ts';

const setup = useConflictRounds();

const lunch: TimeRange = { start: '2031-07-01T10:05:00.000Z', end: '2031-07-01T10:10:00.000Z' };
const call: TimeRange = { start: '2031-07-01T10:15:00.000Z', end: '2031-07-01T10:20:00.000Z' };

/** Stops a round before the step, until it is released. */
const stopBefore = (stopped: Step) => {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isFirst = true;
  const hook: Hook = async (step) => {
    if (step !== stopped || !isFirst) return;
    isFirst = false;
    reached.resolve();
    await released.promise;
  };
  return { hook, reached: reached.promise, release: released.resolve };
};

describe('rounds of two connections that overlap', () => {
  it.each(['listed', 'begun', 'signaled', 'confirmed'] as const)(
    'leave the newer question open when the slow round is stopped before the step %s',
    async (step) => {
      const { setEvents, round, audition } = await setup();
      await setEvents('second', [lunch]);
      const slow = stopBefore(step);
      const slowRound = round('first', slow.hook);
      await slow.reached;
      await setEvents('second', [call]);
      await round('second');
      slow.release();
      await slowRound;
      expect(audition.question).toBe(call.start);
      await round('first');
      await round('second');
      expect(audition.question).toBe(call.start);
    },
  );

  it.each(['listed', 'begun', 'signaled', 'confirmed'] as const)(
    'leave no question about an event that is gone when the slow round is stopped before the step %s',
    async (step) => {
      const { setEvents, round, audition } = await setup();
      await setEvents('second', [lunch]);
      const slow = stopBefore(step);
      const slowRound = round('first', slow.hook);
      await slow.reached;
      await setEvents('second', []);
      await round('second');
      slow.release();
      await slowRound;
      expect(audition.question).toBeUndefined();
    },
  );

  it('ask again about a conflict that was replaced by another one in between, and is back', async () => {
    const { setEvents, round, audition } = await setup();
    await setEvents('second', [lunch]);
    const slow = stopBefore('begun');
    const slowRound = round('first', slow.hook);
    await slow.reached;
    await setEvents('second', [call]);
    await round('second');
    await setEvents('second', [lunch]);
    slow.release();
    await slowRound;
    expect(audition.question).toBe(lunch.start);
  });

  it('ask once about a conflict that both see', async () => {
    const { setEvents, round, audition } = await setup();
    await setEvents('second', [lunch]);
    await Promise.all([round('first'), round('second')]);
    expect(audition.asked).toEqual([lunch.start]);
  });
});

describe('a round that ends before it is complete', () => {
  it.each(['listed', 'begun', 'signaled', 'confirmed'] as const)(
    'before the step %s is completed by the next round, which asks once',
    async (step) => {
      const { setEvents, round, killedRound, audition } = await setup();
      await setEvents('second', [lunch]);
      await killedRound('second', killedBefore(step));
      await round('first');
      await round('second');
      expect(audition.asked).toEqual([lunch.start]);
      expect(audition.question).toBe(lunch.start);
    },
  );

  it.each(['signaled', 'confirmed'] as const)(
    'before the step %s leaves no question when the conflict is over in the meantime',
    async (step) => {
      const { setEvents, round, killedRound, audition } = await setup();
      await setEvents('second', [lunch]);
      await killedRound('second', killedBefore(step));
      await setEvents('second', []);
      await round('first');
      expect(audition.question).toBeUndefined();
    },
  );

  it('does not swallow a conflict when the next round ends early as well', async () => {
    const { setEvents, round, killedRound, audition } = await setup();
    await setEvents('second', [lunch]);
    await killedRound('second', killedBefore('confirmed'));
    await setEvents('second', []);
    await killedRound('first', killedBefore('confirmed'));
    await setEvents('second', [lunch]);
    await round('second');
    expect(audition.question).toBe(lunch.start);
    expect(audition.asked).toEqual([lunch.start, lunch.start]);
  });
});
