/**
 * Tests, with random schedules, that rounds which overlap and end anywhere leave exactly the question that the calendars
 * require in the end.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  ada,
  bookedSlot,
  type StoppedRound,
  useConflictRounds,
  type Which,
} from '../../tests/harness/conflict-rounds.ts';

const setup = useConflictRounds();

const at = (time: string): Instant => `2031-07-01T${time}:00.000Z`;
/** They begin at different times. The second one conflicts with both slots. */
const events: readonly TimeRange[] = [
  { start: at('10:05'), end: at('10:10') },
  { start: at('10:15'), end: at('12:10') },
];
const slots: readonly Slot[] = [bookedSlot, { ...bookedSlot, start: at('12:00'), end: at('12:30') }];

const which = fc.constantFrom<Which>('first', 'second');

/** A round stops once, and at three more steps when it reports. */
const steps = fc.integer({ min: 1, max: 4 });
const index = fc.nat(2);

/** What happens to rounds. `index` selects one of those that have stopped. */
const ofRounds = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), which, steps: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('next' as const), index, steps }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('kill' as const), index, isSignalSent: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('arrive' as const), index }) },
);
const ofWorld = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('events' as const), which, present: fc.subarray([...events]) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), to: fc.constantFrom(...slots) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take_over' as const), remembers: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cast' as const) }) },
);
type Happening =
  | (typeof ofRounds extends fc.Arbitrary<infer Kind> ? Kind : never)
  | (typeof ofWorld extends fc.Arbitrary<infer Kind> ? Kind : never);

const goOn = async (stopped: StoppedRound | undefined, count: number): Promise<void> => {
  for (let step = 0; step < count; step += 1) await stopped?.next();
};

/** Plays what happens. Returns the audition, and the question that its calendars require. */
const play = async (happenings: readonly Happening[]) => {
  const bench = await setup();
  const { audition, inFlight, setEvents, setCast, write, startRound, round, takeOver } = bench;
  const rounds: StoppedRound[] = [];
  const calendars: Record<Which, readonly TimeRange[]> = { first: [], second: [] };
  let present = { slot: bookedSlot, revision: 1, takesPart: true };
  const selected = (nth: number) => rounds.filter(({ isFinished }) => !isFinished)[nth];
  const arrive = (nth: number): void => {
    for (const change of inFlight.splice(nth, 1)) audition.receive(change);
  };

  const carryOut = async (happening: Happening): Promise<void> => {
    switch (happening.kind) {
      case 'start': {
        const started = await startRound(happening.which);
        rounds.push(started);
        return goOn(started, happening.steps);
      }
      case 'next':
        return goOn(selected(happening.index), happening.steps);
      case 'kill':
        return selected(happening.index)?.kill(happening.isSignalSent);
      case 'arrive':
        return arrive(happening.index);
      case 'events':
        calendars[happening.which] = happening.present;
        return setEvents(happening.which, happening.present);
      case 'move':
        present = { ...present, slot: happening.to, revision: present.revision + 1 };
        audition.move(present.revision);
        return write(present.revision, present.slot);
      case 'take_over':
        return takeOver(happening.remembers);
      case 'cast':
        // The slot is claimed for the new cast first.
        present = { ...present, takesPart: !present.takesPart };
        await setCast(present.takesPart ? [ada] : []);
        audition.setTakesPart(present.takesPart);
    }
  };

  const settle = async (): Promise<void> => {
    await round('first');
    await round('second');
    while (inFlight.length > 0) arrive(0);
  };

  for (const happening of happenings) await carryOut(happening);
  for (const stopped of rounds) while (!stopped.isFinished) await stopped.next();
  await settle();
  const { slot, takesPart } = present;
  const conflicts = [...calendars.first, ...calendars.second]
    .filter(({ start, end }) => start < slot.end && end > slot.start)
    .map(({ start }) => start)
    .sort((a, b) => a.localeCompare(b));
  return { audition, settle, required: takesPart ? conflicts[0] : undefined };
};

describe('rounds of two connections, whatever overlaps and wherever processes end', () => {
  it('leave exactly the question that the calendars require, and ask it no more', {
    timeout: 240_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(ofRounds, ofWorld), { maxLength: 24, size: 'max' }),
        async (happenings) => {
          const { audition, settle, required } = await play(happenings);
          expect(audition.question).toBe(required);
          const asked = audition.asked.length;
          await settle();
          expect(audition.asked).toHaveLength(asked);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('ask once about a conflict that stands', { timeout: 240_000 }, async () => {
    const [event] = events;
    if (!event) throw new Error('there is no event');
    await fc.assert(
      fc.asyncProperty(
        which,
        fc.array(ofRounds, { maxLength: 20, size: 'max' }),
        async (calendar, happenings) => {
          const { audition } = await play([
            { kind: 'events', which: calendar, present: [event] },
            ...happenings,
          ]);
          expect(audition.asked).toEqual([event.start]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
