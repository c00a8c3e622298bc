import { expect, it } from 'vitest';
import { castingDirector, performer } from '../../tests/harness/audition-plan.ts';
import { participantIdSchema } from '../ids.ts';
import { presentCast, unknownParticipants } from './present-cast.ts';

const inTrail = ({ id, kind, zone, required }: typeof performer) =>
  ({ id, kind, zone, required, answer: 'none', checkedIn: false }) as const;
const added = { ...inTrail(castingDirector), id: participantIdSchema.parse('director-2') };

it('the present cast has the details of the plan, without those who have left', () => {
  expect(presentCast([performer, castingDirector], [inTrail(performer)])).toEqual([performer]);
});

it('the present cast has a participant whom the plan lacks, without channels', () => {
  const cast = presentCast([performer], [inTrail(performer), added]);
  expect(cast.map(({ id, channels }) => [id, channels])).toEqual([
    [performer.id, performer.channels],
    ['director-2', []],
  ]);
  expect(unknownParticipants([performer], [inTrail(performer), added])).toEqual([added]);
});
