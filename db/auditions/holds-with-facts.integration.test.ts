import { describe, expect, test } from 'vitest';
import { IllegalTransition } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { at, cast, claim, held, organization, useSlotHolds } from '../../tests/harness/slot-holds.ts';
import { TrailAhead } from '../errors.ts';

const { database, holds, events, release, busyTimesOf } = useSlotHolds();

const callOf = (auditionId: AuditionId, number: number) => ({
  auditionId,
  run: 'run-1',
  position: { facts: [], number },
});
/** An audition whose trail ends before its slot is held. */
const requestedAudition = async () => {
  const id = newAuditionId();
  await storeEvents(events(), id, trail(factsUntilScheduled(id).slice(0, 2)));
  return id;
};
const heldAs = (number: number, fact = factsUntilScheduled('aud_1')[2]) => ({
  number,
  at: at('00:00'),
  correlationId: 'c',
  fact: fact ?? { type: 'holding_started' as const },
});
const claimFirstSlot = (id: AuditionId, room: string) => {
  const [, wanted] = claim(id, [room]);
  return holds().claim(callOf(id, 2), wanted, { facts: [heldAs(3)] });
};
const stateOf = async (id: AuditionId) =>
  (await database().repositories.auditions.get(organization, id))?.state;

describe('holds and facts in one transaction', () => {
  test('a claim appends its fact when the slot is held, once', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    expect(await claimFirstSlot(id, room)).toEqual(held);
    expect(await claimFirstSlot(id, room)).toEqual(held);

    expect(await stateOf(id)).toBe('scheduling');
    expect(await events().head(organization, id)).toMatchObject({ number: 3 });
  });

  test('a claim appends nothing when the slot is taken or the claim was released', async () => {
    const { auditions, room } = cast();
    const id = await requestedAudition();
    await holds().claim(...claim(auditions[0], [room]));
    expect(await claimFirstSlot(id, room)).toMatchObject({ kind: 'taken', resources: [room] });
    await release(auditions[0], 1);
    await release(id, 1);
    expect(await claimFirstSlot(id, room)).toEqual({ kind: 'released' });

    expect(await stateOf(id)).toBe('holding');
  });

  test('a claim holds nothing when the trail has facts of another run', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    const [, wanted] = claim(id, [room]);
    const late = { auditionId: id, run: 'run-2', position: { facts: [], number: 1 } };

    await expect(holds().claim(late, wanted)).rejects.toThrow(TrailAhead);
    await expect(holds().claim(late, wanted, { facts: [heldAs(2)] })).rejects.toThrow(TrailAhead);

    expect(await busyTimesOf([room])).toEqual([]);
  });

  test('a claim succeeds while other activities append facts', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    const [result] = await Promise.all([
      claimFirstSlot(id, room),
      ...Array.from({ length: 15 }, (_, index) =>
        events().append(callOf(id, 2), {
          facts: [
            {
              key: `${index}`,
              at: at('00:00'),
              correlationId: 'c',
              fact: { type: 'step_skipped', step: 'reminder', detail: '' },
            },
          ],
        }),
      ),
    ]);

    expect(result).toEqual(held);
    expect((await events().head(organization, id))?.view).toMatchObject({
      state: 'scheduling',
      sequence: 18,
    });
  });

  test('a release is rolled back when its fact is not allowed', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    await holds().claim(...claim(id, [room]));

    const refused = events().append(
      { ...callOf(id, 3), position: { facts: [heldAs(3, { type: 'scheduled' })], number: 3 } },
      { releaseHolds: { through: 1 } },
    );

    await expect(refused).rejects.toThrow(IllegalTransition);
    expect(await busyTimesOf([room])).toHaveLength(1);
    expect(await holds().claim(...claim(id, [room]))).toEqual(held);
  });

  test('a release is done although its facts are in the trail already', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    await holds().claim(...claim(id, [room]));
    const position = { facts: [heldAs(3, { type: 'cancelled', origin: 'api' })], number: 3 };
    await events().append({ ...callOf(id, 3), position });

    const result = await events().append({ ...callOf(id, 3), position }, { releaseHolds: { through: 1 } });

    expect(result).toEqual({ sequence: 3, appended: [], notAllowed: [] });
    expect(await busyTimesOf([room])).toEqual([]);
  });
});
