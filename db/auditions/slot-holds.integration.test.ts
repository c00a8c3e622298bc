import { describe, expect, test, vi } from 'vitest';
import { slotResources } from '../../domain/audition/slot-resources.ts';
import type { AuditionId } from '../../domain/ids.ts';
import {
  at,
  cast,
  claim,
  held,
  organization,
  slot,
  ten,
  useSlotHolds,
} from '../../tests/harness/slot-holds.ts';
import { createSlotHolds, type SlotHolds } from './slot-holds.ts';

const { database, holds, busyTimesOf, change } = useSlotHolds();

describe('holding a slot', () => {
  test('holds a free slot for all resources', async () => {
    const { auditions, room, performer } = cast();

    expect(await holds().claim(...claim(auditions[0], [room, performer]))).toEqual(held);

    expect(await busyTimesOf([room, performer])).toEqual(
      [performer, room].map((resource) => ({ resource, start: at('10:00'), end: at('10:30') })),
    );
  });

  test('succeeds for one of twenty simultaneous auditions', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { room, performer } = cast();

      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          holds().claim(...claim(`aud_${round}_${index}`, index % 2 ? [room, performer] : [performer, room])),
        ),
      );

      expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === 'taken')).toHaveLength(19);
    }
  });

  test('queues concurrent claims before they insert, so that they cannot deadlock', async () => {
    const { auditions, room } = cast();
    const queueing = async () => {
      const { rows } = await database().pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
      );
      return rows.length > 0;
    };
    const { storedNames } = database().repositories;
    let rival: ReturnType<SlotHolds['claim']> | undefined;

    await database().db.transaction(async (transaction) => {
      await createSlotHolds(transaction, storedNames, database().protection).claim(
        ...claim(auditions[0], [room]),
      );
      rival = holds().claim(...claim(auditions[1], [room]));
      await vi.waitUntil(queueing, { timeout: 10_000 });
    });

    expect(await rival).toMatchObject({ kind: 'taken', resources: [room] });
  });

  test('reports the taken resources, and holds none of the others', async () => {
    const { auditions, room, performer } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    const result = await holds().claim(...claim(auditions[1], [performer, room]));

    expect(result).toMatchObject({ kind: 'taken', resources: [room] });
    expect(await busyTimesOf([performer])).toEqual([]);
  });

  test('is idempotent for the same claim', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    expect(await holds().claim(...claim(auditions[0], [room]))).toEqual(held);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('does not conflict with a slot that begins at its end', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    const next = claim(auditions[1], [room], { slot: slot('10:30', '11:00') });

    expect(await holds().claim(...next)).toEqual({ kind: 'held', slot: slot('10:30', '11:00') });
  });

  test('does not conflict with the same resource in another organization', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    const elsewhere = claim(auditions[1], [room], { organization: 'org_south' });

    expect(await holds().claim(...elsewhere)).toEqual(held);
  });

  test("does not conflict with the audition's own earlier slot", async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    const moved = claim(auditions[0], [room], { claim: 2, slot: slot('10:15', '10:45') });

    expect(await holds().claim(...moved)).toEqual({ kind: 'held', slot: slot('10:15', '10:45') });
  });

  test('distinguishes equal local times in the repeated hour of a clock change', async () => {
    const { auditions, room } = cast();
    // Europe/Paris, 25 October 2026: 02:15 to 02:45, before and after the clocks are set back.
    const before = {
      start: '2026-10-25T00:15:00.000Z',
      end: '2026-10-25T00:45:00.000Z',
    } as const;
    const after = {
      start: '2026-10-25T01:15:00.000Z',
      end: '2026-10-25T01:45:00.000Z',
    } as const;

    expect(await holds().claim(...claim(auditions[0], [room], { slot: before }))).toMatchObject({
      kind: 'held',
    });
    expect(await holds().claim(...claim(auditions[1], [room], { slot: after }))).toMatchObject({
      kind: 'held',
    });
  });

  test('distinguishes adjacent slots around the skipped hour of a clock change', async () => {
    const { auditions, room } = cast();
    // Europe/Paris, 28 March 2027: 01:30 to 03:00 is half an hour long.
    const before = {
      start: '2027-03-28T00:30:00.000Z',
      end: '2027-03-28T01:00:00.000Z',
    } as const;
    const after = {
      start: '2027-03-28T01:00:00.000Z',
      end: '2027-03-28T01:30:00.000Z',
    } as const;

    expect(await holds().claim(...claim(auditions[0], [room], { slot: before }))).toMatchObject({
      kind: 'held',
    });
    expect(await holds().claim(...claim(auditions[1], [room], { slot: after }))).toMatchObject({
      kind: 'held',
    });
  });
});

describe('repeating a claim', () => {
  test('returns the slot that the first attempt holds, when a search finds another one', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    const again = await holds().claim(...claim(auditions[0], [room], { slot: slot('12:00', '12:30') }));

    expect(again).toEqual(held);
    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('holds one slot when the attempts are simultaneous', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { auditions, room, performer } = cast();
      const results = await Promise.all(
        ['10', '11', '12', '13'].map((hour) =>
          holds().claim(
            ...claim(auditions[0], [room, performer], { slot: slot(`${hour}:00`, `${hour}:30`) }),
          ),
        ),
      );

      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      expect(await busyTimesOf([room, performer])).toHaveLength(2);
    }
  });

  test('finds the slot that a claim holds', async () => {
    const { auditions, room } = cast();
    await holds().claim(...claim(auditions[0], [room]));

    expect(await holds().find(auditions[0], 1)).toEqual(ten);
    expect(await holds().find(auditions[0], 2)).toBeUndefined();
  });
});

const calendar = () => `calendar:google:${cast().performer}@example.com`;

describe('a calendar', () => {
  test('is one resource in two organizations', async () => {
    const { auditions } = cast();
    const name = calendar();
    await holds().claim(...claim(auditions[0], [name]));

    const elsewhere = claim(auditions[1], [name], { organization: 'org_south' });

    expect(await holds().claim(...elsewhere)).toMatchObject({ kind: 'taken', resources: [name] });
    expect(
      await holds().listBusy(
        { organization: 'org_south', resources: [name] },
        { from: at('00:00'), until: at('23:00') },
      ),
    ).toEqual([{ resource: name, ...ten }]);
  });

  test('can be held by two auditions at different times, and by one audition twice', async () => {
    const { auditions } = cast();
    const name = calendar();
    await holds().claim(...claim(auditions[0], [name, name]));

    const after = slot('10:30', '11:00');
    const next = claim(auditions[1], [name], { organization: 'org_south', slot: after });

    expect(await holds().claim(...next)).toEqual({ kind: 'held', slot: after });
  });

  test('is stored without the address in its name', async () => {
    const { auditions } = cast();
    await holds().claim(...claim(auditions[0], [calendar()]));

    const { rows } = await database().pool.query('SELECT * FROM slot_holds WHERE audition_id = $1', [
      auditions[0],
    ]);

    expect(JSON.stringify(rows)).not.toContain('example');
  });
});

test('a room is one resource however its name is written', async () => {
  const { auditions } = cast();
  const [composed, decomposed] = ['Caf\u00e9 1', 'CAFE\u0301\u00a0 1'].map((name) => slotResources([], name));
  await holds().claim(...claim(auditions[0], composed ?? []));

  expect(await holds().claim(...claim(auditions[1], decomposed ?? []))).toMatchObject({
    kind: 'taken',
    resources: decomposed,
  });
});

test('busy times can leave out the holds of one audition', async () => {
  const { auditions, room } = cast();
  await holds().claim(...claim(auditions[0], [room]));
  await holds().claim(...claim(auditions[1], [room], { slot: slot('12:00', '12:30') }));

  const busy = await holds().listBusy(
    { organization, resources: [room] },
    { from: at('00:00'), until: at('23:00') },
    auditions[0],
  );

  expect(busy).toEqual([{ resource: room, ...slot('12:00', '12:30') }]);
});

test('the holds of an audition that yields do not count as busy, because another one can take them', async () => {
  const { auditions, room } = cast();
  await holds().claim(...claim(auditions[0], [room]));
  const busy = () =>
    holds().listBusy({ organization, resources: [room] }, { from: at('00:00'), until: at('23:00') });
  expect(await busy()).toHaveLength(1);
  await change(auditions[0], { yieldHolds: true });
  expect(await busy()).toEqual([]);
  expect(await holds().claim(...claim(auditions[1], [room]))).toMatchObject({ kind: 'held' });
  expect(await busy()).toHaveLength(1);
});

test('the database refuses a double booking even when it is inserted directly', async () => {
  const { auditions, room } = cast();
  const insert = (auditionId: AuditionId) =>
    database().pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 1, $2, $3, tstzrange($4, $5))`,
      [auditionId, room, organization, at('10:00'), at('10:30')],
    );
  await insert(auditions[0]);

  await expect(insert(auditions[1])).rejects.toThrow('slot_holds_no_double_booking');
});

test('busy times are empty for an empty list of resources', async () => {
  expect(await busyTimesOf([])).toEqual([]);
});
