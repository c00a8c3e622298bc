import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { slotResources } from '../../domain/audition/slot-resources.ts';
import { IllegalTransition } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { TrailAhead } from '../errors.ts';
import type { EventStore } from '../trail/event-store.ts';
import { createSlotHolds, type HoldChange, type SlotClaim, type SlotHolds } from './slot-holds.ts';

let database: TestDatabase;
let holds: SlotHolds;
let events: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ holds, events } = database.repositories);
});

afterAll(() => database.drop());

const organization = 'org_north';
const at = (time: string): Instant => `2027-03-01T${time}:00.000Z`;
const slot = (from: string, until: string) => ({ start: at(from), end: at(until) });
const ten = slot('10:00', '10:30');

let count = 0;
/** Returns names that no other test uses, because all tests share one database. */
const cast = () => {
  count += 1;
  const auditions: readonly [AuditionId, AuditionId] = [`aud_${count}_a`, `aud_${count}_b`];
  return { auditions, room: `room-${count}`, performer: `performer-${count}` };
};

type Claim = Parameters<SlotHolds['claim']>;

/** Returns the arguments of a claim by an audition that has no trail. */
const claim = (
  auditionId: AuditionId,
  resources: readonly string[],
  more: Partial<SlotClaim> = {},
): Claim => [
  { auditionId, run: 'run-1', position: { facts: [], number: 0 } },
  { organization, claim: 1, slot: ten, resources, ...more },
];

/** Changes the holds of an audition that has no trail. */
const change = (auditionId: AuditionId, holds: HoldChange, number = 1) =>
  database.repositories.events.append({ auditionId, run: 'run-1', position: { facts: [], number } }, holds);

const release = (auditionId: AuditionId, through: number, keep?: number) =>
  change(auditionId, { releaseHolds: { through, keep } });

const held = { kind: 'held', slot: { start: at('10:00'), end: at('10:30') } };

const busyTimesOf = (resources: readonly string[]) =>
  holds.listBusy(organization, resources, { from: at('00:00'), until: at('23:00') });

describe('holding a slot', () => {
  test('holds a free slot for all resources', async () => {
    const { auditions, room, performer } = cast();

    expect(await holds.claim(...claim(auditions[0], [room, performer]))).toEqual(held);

    expect(await busyTimesOf([room, performer])).toEqual(
      [performer, room].map((resource) => ({ resource, start: at('10:00'), end: at('10:30') })),
    );
  });

  test('succeeds for one of twenty simultaneous auditions', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { room, performer } = cast();

      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          holds.claim(...claim(`aud_${round}_${index}`, index % 2 ? [room, performer] : [performer, room])),
        ),
      );

      expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === 'taken')).toHaveLength(19);
    }
  });

  test('queues concurrent claims before they insert, so that they cannot deadlock', async () => {
    const { auditions, room } = cast();
    const queueing = async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
      );
      return rows.length > 0;
    };
    let rival: ReturnType<SlotHolds['claim']> | undefined;

    await database.db.transaction(async (transaction) => {
      await createSlotHolds(transaction).claim(...claim(auditions[0], [room]));
      rival = holds.claim(...claim(auditions[1], [room]));
      await vi.waitUntil(queueing, { timeout: 10_000 });
    });

    expect(await rival).toEqual({ kind: 'taken', resources: [room] });
  });

  test('reports the taken resources, and holds none of the others', async () => {
    const { auditions, room, performer } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    const result = await holds.claim(...claim(auditions[1], [performer, room]));

    expect(result).toEqual({ kind: 'taken', resources: [room] });
    expect(await busyTimesOf([performer])).toEqual([]);
  });

  test('is idempotent for the same claim', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    expect(await holds.claim(...claim(auditions[0], [room]))).toEqual(held);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('does not conflict with a slot that begins at its end', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    const next = claim(auditions[1], [room], { slot: slot('10:30', '11:00') });

    expect(await holds.claim(...next)).toEqual({ kind: 'held', slot: slot('10:30', '11:00') });
  });

  test('does not conflict with the same resource in another organization', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    const elsewhere = claim(auditions[1], [room], { organization: 'org_south' });

    expect(await holds.claim(...elsewhere)).toEqual(held);
  });

  test("does not conflict with the audition's own earlier slot", async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    const moved = claim(auditions[0], [room], { claim: 2, slot: slot('10:15', '10:45') });

    expect(await holds.claim(...moved)).toEqual({ kind: 'held', slot: slot('10:15', '10:45') });
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

    expect(await holds.claim(...claim(auditions[0], [room], { slot: before }))).toMatchObject({
      kind: 'held',
    });
    expect(await holds.claim(...claim(auditions[1], [room], { slot: after }))).toMatchObject({
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

    expect(await holds.claim(...claim(auditions[0], [room], { slot: before }))).toMatchObject({
      kind: 'held',
    });
    expect(await holds.claim(...claim(auditions[1], [room], { slot: after }))).toMatchObject({
      kind: 'held',
    });
  });
});

describe('repeating a claim', () => {
  test('returns the slot that the first attempt holds, when a search finds another one', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    const again = await holds.claim(...claim(auditions[0], [room], { slot: slot('12:00', '12:30') }));

    expect(again).toEqual(held);
    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('holds one slot when the attempts are simultaneous', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { auditions, room, performer } = cast();
      const results = await Promise.all(
        ['10', '11', '12', '13'].map((hour) =>
          holds.claim(...claim(auditions[0], [room, performer], { slot: slot(`${hour}:00`, `${hour}:30`) })),
        ),
      );

      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      expect(await busyTimesOf([room, performer])).toHaveLength(2);
    }
  });

  test('finds the slot that a claim holds', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    expect(await holds.find(auditions[0], 1)).toEqual(ten);
    expect(await holds.find(auditions[0], 2)).toBeUndefined();
  });

  test('is refused when it is late, after the claim was released', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));
    await release(auditions[0], 1);

    expect(await holds.claim(...claim(auditions[0], [room]))).toEqual({ kind: 'released' });

    expect(await busyTimesOf([room])).toEqual([]);
  });

  test('is refused when it is released before its first attempt arrives', async () => {
    const { auditions, room } = cast();
    await release(auditions[0], 2);

    expect(await holds.claim(...claim(auditions[0], [room], { claim: 2 }))).toEqual({ kind: 'released' });
    expect(await holds.claim(...claim(auditions[0], [room], { claim: 3 }))).toEqual(held);
  });

  test('leaves nothing held when a release comes while it is under way', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { auditions, room, performer } = cast();

      await Promise.all([holds.claim(...claim(auditions[0], [room, performer])), release(auditions[0], 1)]);

      expect(await busyTimesOf([room, performer])).toEqual([]);
    }
  });
});

describe('releasing holds', () => {
  const claimTwice = async (auditionId: AuditionId, room: string) => {
    await holds.claim(...claim(auditionId, [room]));
    await holds.claim(...claim(auditionId, [room], { claim: 2, slot: slot('12:00', '12:30') }));
  };
  const startsOf = async (room: string) => (await busyTimesOf([room])).map(({ start }) => start);

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
    expect(await holds.claim(...claim(auditions[0], [room]))).toEqual(held);
    expect(await holds.claim(...claim(auditions[0], [room], { claim: 2 }))).toEqual({ kind: 'released' });
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
      const { kind } = await holds.claim(
        ...claim(auditionId, [room], { claim: number, slot: slot(`0${number}:00`, `0${number}:30`) }),
      );
      results.push(kind);
    }

    expect(results).toEqual(['released', 'released', 'released', 'held', 'released', 'held']);
  });

  test('keeps the holds of other auditions', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));

    await release(auditions[1], 1);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('releases every claim of an audition without a workflow', async () => {
    const { auditions, room } = cast();
    await claimTwice(auditions[0], room);

    await holds.releaseAll(auditions[0]);
    await holds.releaseAll(auditions[0]);
    await holds.releaseAll(auditions[1]);

    expect(await busyTimesOf([room])).toEqual([]);
    expect(await holds.claim(...claim(auditions[0], [room], { claim: 2 }))).toEqual({ kind: 'released' });
    expect(await holds.claim(...claim(auditions[0], [room], { claim: 3 }))).toEqual(held);
  });

  test('returns the last claim, and those that hold a slot', async () => {
    const { auditions, room } = cast();
    expect(await holds.claims(auditions[0])).toEqual({ last: 0, held: [] });
    await claimTwice(auditions[0], room);

    await release(auditions[0], 2, 1);

    expect(await holds.claims(auditions[0])).toEqual({ last: 2, held: [{ claim: 1, ...ten }] });
  });
});

describe('holds and facts in one transaction', () => {
  const callOf = (auditionId: AuditionId, number: number) => ({
    auditionId,
    run: 'run-1',
    position: { facts: [], number },
  });
  /** An audition whose trail ends before its slot is held. */
  const requestedAudition = async () => {
    const id = newAuditionId();
    await storeEvents(events, id, trail(factsUntilScheduled(id).slice(0, 2)));
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
    return holds.claim(callOf(id, 2), wanted, { facts: [heldAs(3)] });
  };
  const stateOf = async (id: AuditionId) =>
    (await database.repositories.auditions.get(organization, id))?.state;

  test('a claim appends its fact when the slot is held, once', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    expect(await claimFirstSlot(id, room)).toEqual(held);
    expect(await claimFirstSlot(id, room)).toEqual(held);

    expect(await stateOf(id)).toBe('scheduling');
    expect(await events.head(organization, id)).toMatchObject({ number: 3 });
  });

  test('a claim appends nothing when the slot is taken or the claim was released', async () => {
    const { auditions, room } = cast();
    const id = await requestedAudition();
    await holds.claim(...claim(auditions[0], [room]));
    expect(await claimFirstSlot(id, room)).toEqual({ kind: 'taken', resources: [room] });
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

    await expect(holds.claim(late, wanted)).rejects.toThrow(TrailAhead);
    await expect(holds.claim(late, wanted, { facts: [heldAs(2)] })).rejects.toThrow(TrailAhead);

    expect(await busyTimesOf([room])).toEqual([]);
  });

  test('a claim succeeds while other activities append facts', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    const [result] = await Promise.all([
      claimFirstSlot(id, room),
      ...Array.from({ length: 15 }, (_, index) =>
        events.append(callOf(id, 2), {
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
    expect((await events.head(organization, id))?.view).toMatchObject({ state: 'scheduling', sequence: 18 });
  });

  test('a release is rolled back when its fact is not allowed', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    await holds.claim(...claim(id, [room]));

    const refused = events.append(
      { ...callOf(id, 3), position: { facts: [heldAs(3, { type: 'scheduled' })], number: 3 } },
      { releaseHolds: { through: 1 } },
    );

    await expect(refused).rejects.toThrow(IllegalTransition);
    expect(await busyTimesOf([room])).toHaveLength(1);
    expect(await holds.claim(...claim(id, [room]))).toEqual(held);
  });

  test('a release is done although its facts are in the trail already', async () => {
    const { room } = cast();
    const id = await requestedAudition();
    await holds.claim(...claim(id, [room]));
    const position = { facts: [heldAs(3, { type: 'cancelled', origin: 'api' })], number: 3 };
    await events.append({ ...callOf(id, 3), position });

    const result = await events.append({ ...callOf(id, 3), position }, { releaseHolds: { through: 1 } });

    expect(result).toEqual({ sequence: 3, appended: [], notAllowed: [] });
    expect(await busyTimesOf([room])).toEqual([]);
  });
});

describe('holds that yield', () => {
  test('are taken by another audition, with all resources of the claim', async () => {
    const { auditions, room, performer } = cast();
    await holds.claim(...claim(auditions[0], [room, performer]));
    await change(auditions[0], { yieldHolds: true });

    expect(await holds.claim(...claim(auditions[1], [room]))).toEqual(held);

    expect(await busyTimesOf([performer])).toEqual([]);
    expect(await holds.find(auditions[0], 1)).toBeUndefined();
    const back = claim(auditions[0], [room, performer], { claim: 2 });
    expect(await holds.claim(...back)).toEqual({ kind: 'taken', resources: [room] });
  });

  test('stay as long as nobody asks for the slot', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true });

    await holds.claim(...claim(auditions[1], [room], { slot: slot('11:00', '11:30') }));

    expect(await holds.find(auditions[0], 1)).toEqual(ten);
  });

  test('cannot be taken after the decline was changed', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true }, 5);
    await change(auditions[0], { yieldHolds: false }, 6);
    await change(auditions[0], { yieldHolds: true }, 5);

    expect(await holds.claim(...claim(auditions[1], [room]))).toEqual({ kind: 'taken', resources: [room] });
  });

  test('do not include later claims of the audition', async () => {
    const { auditions, room } = cast();
    await holds.claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true });
    await holds.claim(...claim(auditions[0], [room], { claim: 2 }));

    expect(await holds.claim(...claim(auditions[1], [room]))).toEqual({ kind: 'taken', resources: [room] });
    expect(await holds.find(auditions[0], 1)).toEqual(ten);
  });

  test('stay when another resource of the new claim is taken', async () => {
    const { auditions, room, performer } = cast();
    await holds.claim(...claim(auditions[0], [room]));
    await change(auditions[0], { yieldHolds: true });
    await holds.claim(...claim('aud_third', [performer]));

    const refused = await holds.claim(...claim(auditions[1], [room, performer]));

    expect(refused).toEqual({ kind: 'taken', resources: [performer] });
    expect(await holds.find(auditions[0], 1)).toEqual(ten);
  });

  test('are taken by one of several simultaneous claims', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { auditions, room, performer } = cast();
      await holds.claim(...claim(auditions[0], [room, performer]));
      await change(auditions[0], { yieldHolds: true });

      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          holds.claim(
            ...claim(`aud_next_${count}_${index}`, index % 2 ? [performer, room] : [room, performer]),
          ),
        ),
      );

      expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
      expect(await busyTimesOf([room, performer])).toHaveLength(2);
    }
  });
});

describe('a calendar', () => {
  const calendar = () => `calendar:google:${cast().performer}@example.com`;

  test('is one resource in two organizations', async () => {
    const { auditions } = cast();
    const name = calendar();
    await holds.claim(...claim(auditions[0], [name]));

    const elsewhere = claim(auditions[1], [name], { organization: 'org_south' });

    expect(await holds.claim(...elsewhere)).toEqual({ kind: 'taken', resources: [name] });
    expect(await holds.listBusy('org_south', [name], { from: at('00:00'), until: at('23:00') })).toEqual([
      { resource: name, ...ten },
    ]);
  });

  test('can be held by two auditions at different times, and by one audition twice', async () => {
    const { auditions } = cast();
    const name = calendar();
    await holds.claim(...claim(auditions[0], [name, name]));

    const after = slot('10:30', '11:00');
    const next = claim(auditions[1], [name], { organization: 'org_south', slot: after });

    expect(await holds.claim(...next)).toEqual({ kind: 'held', slot: after });
  });

  test('is stored without the address in its name', async () => {
    const { auditions } = cast();
    await holds.claim(...claim(auditions[0], [calendar()]));

    const { rows } = await database.pool.query('SELECT * FROM slot_holds WHERE audition_id = $1', [
      auditions[0],
    ]);

    expect(JSON.stringify(rows)).not.toContain('example');
  });
});

test('a room is one resource however its name is written', async () => {
  const { auditions } = cast();
  const [composed, decomposed] = ['Caf\u00e9 1', 'CAFE\u0301\u00a0 1'].map((name) => slotResources([], name));
  await holds.claim(...claim(auditions[0], composed ?? []));

  expect(await holds.claim(...claim(auditions[1], decomposed ?? []))).toEqual({
    kind: 'taken',
    resources: decomposed,
  });
});

test('busy times can leave out the holds of one audition', async () => {
  const { auditions, room } = cast();
  await holds.claim(...claim(auditions[0], [room]));
  await holds.claim(...claim(auditions[1], [room], { slot: slot('12:00', '12:30') }));

  const busy = await holds.listBusy(
    organization,
    [room],
    { from: at('00:00'), until: at('23:00') },
    auditions[0],
  );

  expect(busy).toEqual([{ resource: room, ...slot('12:00', '12:30') }]);
});

test('the database refuses a double booking even when it is inserted directly', async () => {
  const { auditions, room } = cast();
  const insert = (auditionId: AuditionId) =>
    database.pool.query(
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
