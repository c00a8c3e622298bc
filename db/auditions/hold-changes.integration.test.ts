import { describe, expect, test } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import { at, cast, claim, held, slot, ten, useSlotHolds } from '../../tests/harness/slot-holds.ts';

const { holds, change, release, busyTimesOf } = useSlotHolds();

const claimTwice = async (auditionId: AuditionId, room: string) => {
  await holds().claim(...claim(auditionId, [room]));
  await holds().claim(...claim(auditionId, [room], { claim: 2, slot: slot('12:00', '12:30') }));
};
const startsOf = async (room: string) => (await busyTimesOf([room])).map(({ start }) => start);

describe('releasing holds', () => {
  test('frees every claim, and is idempotent', async () => {
    const { auditions, room } = cast();
    await claimTwice(auditions[0], room);

    await release(auditions[0], 2);
    await release(auditions[0], 2);

    expect(await busyTimesOf([room])).toEqual([]);
  });

  test('keeps the excepted claim, which can be repeated', async () => {
    const { auditions, room } = cast();
    await claimTwice(auditions[0], room);

    await release(auditions[0], 2, 1);

    expect(await startsOf(room)).toEqual([at('10:00')]);
    expect(await holds().claim(...claim(auditions[0], [room]))).toEqual(held);
    expect(await holds().claim(...claim(auditions[0], [room], { claim: 2 }))).toEqual({ kind: 'released' });
  });

  test('keeps claims after the released ones', async () => {
    const { auditions, room } = cast();
    await claimTwice(auditions[0], room);

    await release(auditions[0], 1);

    expect(await startsOf(room)).toEqual([at('12:00')]);
  });

  test('never allows a released claim again, in any order of releases', async () => {
    const { auditions, room } = cast();
    const [auditionId] = auditions;
    await release(auditionId, 3, 2);
    await release(auditionId, 5, 4);
    await release(auditionId, 3, 2);
    await release(auditionId, 2);

    const results: string[] = [];
    for (const number of [1, 2, 3, 4, 5, 6]) {
      const { kind } = await holds().claim(
        ...claim(auditionId, [room], { claim: number, slot: slot(`0${number}:00`, `0${number}:30`) }),
      );
      results.push(kind);
    }

    expect(results).toEqual(['released', 'released', 'released', 'held', 'released', 'held']);
  });

  test('keeps the holds of other auditions', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    await release(auditions[1], 1);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('releases every claim of an audition without a workflow', async () => {
    const { auditions, room } = cast();
    await claimTwice(auditions[0], room);

    await holds().releaseAll(auditions[0]);
    await holds().releaseAll(auditions[0]);
    await holds().releaseAll(auditions[1]);

    expect(await busyTimesOf([room])).toEqual([]);
    expect(await holds().claim(...claim(auditions[0], [room], { claim: 2 }))).toEqual({ kind: 'released' });
    expect(await holds().claim(...claim(auditions[0], [room], { claim: 3 }))).toEqual(held);
  });

  test('returns the last claim, and those that hold a slot', async () => {
    const { auditions, room } = cast();
    expect(await holds().claims(auditions[0])).toEqual({ last: 0, held: [] });
    await claimTwice(auditions[0], room);

    await release(auditions[0], 2, 1);

    expect(await holds().claims(auditions[0])).toEqual({ last: 2, held: [{ claim: 1, ...ten }] });
  });
});

describe('a late attempt of a claim', () => {
  test('is refused when it is late, after the claim was released', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));
    await release(auditions[0], 1);

    expect(await holds().claim(...claim(auditions[0], [room]))).toEqual({ kind: 'released' });

    expect(await busyTimesOf([room])).toEqual([]);
  });

  test('is refused when it is released before its first attempt arrives', async () => {
    const { auditions, room } = cast();
    await release(auditions[0], 2);

    expect(await holds().claim(...claim(auditions[0], [room], { claim: 2 }))).toEqual({ kind: 'released' });
    expect(await holds().claim(...claim(auditions[0], [room], { claim: 3 }))).toEqual(held);
  });

  test('leaves nothing held when a release comes while it is under way', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { auditions, room, performer } = cast();

      await Promise.all([holds().claim(...claim(auditions[0], [room, performer])), release(auditions[0], 1)]);

      expect(await busyTimesOf([room, performer])).toEqual([]);
    }
  });
});

describe('holds that yield', () => {
  test('are taken by another audition, with all resources of the claim', async () => {
    const { auditions, room, performer } = cast();
    await holds().claim(...claim(auditions[0], [room, performer]));
    await change(auditions[0], { yieldHolds: true });

    const taken = { ...held, takenFrom: [auditions[0]] };
    expect(await holds().claim(...claim(auditions[1], [room]))).toEqual(taken);

    expect(await busyTimesOf([performer])).toEqual([]);
    expect(await holds().find(auditions[0], 1)).toBeUndefined();
    const back = claim(auditions[0], [room, performer], { claim: 2 });
    expect(await holds().claim(...back)).toMatchObject({ kind: 'taken', resources: [room] });
  });

  test('stay as long as no other audition asks for the slot', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true });

    await holds().claim(...claim(auditions[1], [room], { slot: slot('11:00', '11:30') }));

    expect(await holds().find(auditions[0], 1)).toEqual(ten);
  });

  test('cannot be taken after the decline was changed', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true }, 5);
    await change(auditions[0], { yieldHolds: false }, 6);
    await change(auditions[0], { yieldHolds: true }, 5);

    expect(await holds().claim(...claim(auditions[1], [room]))).toMatchObject({
      kind: 'taken',
      resources: [room],
    });
  });

  test('do not include later claims of the audition', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true });
    await holds().claim(...claim(auditions[0], [room], { claim: 2 }));

    expect(await holds().claim(...claim(auditions[1], [room]))).toMatchObject({
      kind: 'taken',
      resources: [room],
    });
    expect(await holds().find(auditions[0], 1)).toEqual(ten);
  });

  test('stay when another resource of the new claim is taken', async () => {
    const { auditions, room, performer } = cast();
    await holds().claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true });
    await holds().claim(...claim('aud_third', [performer]));

    const refused = await holds().claim(...claim(auditions[1], [room, performer]));

    expect(refused).toMatchObject({ kind: 'taken', resources: [performer] });
    expect(await holds().find(auditions[0], 1)).toEqual(ten);
  });

  test('are taken by one of several simultaneous claims', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { auditions, room, performer } = cast();
      await holds().claim(...claim(auditions[0], [room, performer]));
      await change(auditions[0], { yieldHolds: true });

      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          holds().claim(
            ...claim(`${auditions[0]}_next_${index}`, index % 2 ? [performer, room] : [room, performer]),
          ),
        ),
      );

      expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
      expect(await busyTimesOf([room, performer])).toHaveLength(2);
    }
  });
});
