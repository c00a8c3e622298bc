import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { SlotHolds } from './slot-holds.ts';
import { createSlotHolds } from './slot-holds.ts';

let database: TestDatabase;
let holds: SlotHolds;

beforeAll(async () => {
  database = await createTestDatabase();
  holds = database.repositories.holds;
});

afterAll(() => database.drop());

const organization = 'org_north';
const later: Instant = '2999-01-01T00:00:00.000Z';
const longAgo: Instant = '2001-01-01T00:00:00.000Z';
const at = (time: string): Instant => `2027-03-01T${time}:00.000Z`;
const slot = (from: string, until: string) => ({ start: at(from), end: at(until), zone: 'Europe/Paris' });
const ten = slot('10:00', '10:30');

let count = 0;
/** Returns names that no other test uses, because all tests share one database. */
const cast = () => {
  count += 1;
  const auditions: readonly [AuditionId, AuditionId] = [`aud_${count}_a`, `aud_${count}_b`];
  return { auditions, room: `room-${count}`, performer: `performer-${count}` };
};

const claim = (
  auditionId: AuditionId,
  resources: readonly string[],
  more: Partial<Parameters<SlotHolds['hold']>[0]> = {},
) => ({ organization, auditionId, revision: 1, slot: ten, resources, until: later, ...more }) as const;

const busyTimesOf = (resources: readonly string[]) =>
  holds.listBusy(organization, resources, { from: at('00:00'), until: at('23:00') });

describe('holding a slot', () => {
  test('holds a free slot for all resources', async () => {
    const { auditions, room, performer } = cast();

    expect(await holds.hold(claim(auditions[0], [room, performer]))).toEqual({ kind: 'held' });

    expect(await busyTimesOf([room, performer])).toEqual(
      [performer, room].map((resource) => ({ resource, start: at('10:00'), end: at('10:30') })),
    );
  });

  test('succeeds for one of twenty simultaneous auditions', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { room, performer } = cast();

      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          holds.hold(claim(`aud_${round}_${index}`, index % 2 ? [room, performer] : [performer, room])),
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
    let rival: ReturnType<SlotHolds['hold']> | undefined;

    await database.db.transaction(async (transaction) => {
      await createSlotHolds(transaction).hold(claim(auditions[0], [room]));
      rival = holds.hold(claim(auditions[1], [room]));
      await vi.waitUntil(queueing, { timeout: 10_000 });
    });

    expect(await rival).toEqual({ kind: 'taken', resources: [room] });
  });

  test('reports the taken resources, and holds none of the others', async () => {
    const { auditions, room, performer } = cast();
    await holds.hold(claim(auditions[0], [room]));

    const result = await holds.hold(claim(auditions[1], [performer, room]));

    expect(result).toEqual({ kind: 'taken', resources: [room] });
    expect(await busyTimesOf([performer])).toEqual([]);
  });

  test('is idempotent for the same revision', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    expect(await holds.hold(claim(auditions[0], [room]))).toEqual({ kind: 'held' });

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('does not conflict with a slot that begins at its end', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    const next = claim(auditions[1], [room], { slot: slot('10:30', '11:00') });

    expect(await holds.hold(next)).toEqual({ kind: 'held' });
  });

  test('does not conflict with the same resource in another organization', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    const elsewhere = claim(auditions[1], [room], { organization: 'org_south' });

    expect(await holds.hold(elsewhere)).toEqual({ kind: 'held' });
  });

  test("does not conflict with the audition's own earlier slot", async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.confirm(auditions[0], 1);

    const moved = claim(auditions[0], [room], { revision: 2, slot: slot('10:15', '10:45') });

    expect(await holds.hold(moved)).toEqual({ kind: 'held' });
  });

  test('distinguishes equal local times in the repeated hour of a clock change', async () => {
    const { auditions, room } = cast();
    // Europe/Paris, 25 October 2026: 02:15 to 02:45, before and after the clocks are set back.
    const before = {
      start: '2026-10-25T00:15:00.000Z',
      end: '2026-10-25T00:45:00.000Z',
      zone: 'Europe/Paris',
    } as const;
    const after = {
      start: '2026-10-25T01:15:00.000Z',
      end: '2026-10-25T01:45:00.000Z',
      zone: 'Europe/Paris',
    } as const;

    expect(await holds.hold(claim(auditions[0], [room], { slot: before }))).toEqual({ kind: 'held' });
    expect(await holds.hold(claim(auditions[1], [room], { slot: after }))).toEqual({ kind: 'held' });
  });

  test('distinguishes adjacent slots around the skipped hour of a clock change', async () => {
    const { auditions, room } = cast();
    // Europe/Paris, 28 March 2027: 01:30 to 03:00 is half an hour long.
    const before = {
      start: '2027-03-28T00:30:00.000Z',
      end: '2027-03-28T01:00:00.000Z',
      zone: 'Europe/Paris',
    } as const;
    const after = {
      start: '2027-03-28T01:00:00.000Z',
      end: '2027-03-28T01:30:00.000Z',
      zone: 'Europe/Paris',
    } as const;

    expect(await holds.hold(claim(auditions[0], [room], { slot: before }))).toEqual({ kind: 'held' });
    expect(await holds.hold(claim(auditions[1], [room], { slot: after }))).toEqual({ kind: 'held' });
  });
});

describe('expired hold', () => {
  test('does not conflict, and is deleted with all its resources', async () => {
    const { auditions, room, performer } = cast();
    await holds.hold(claim(auditions[0], [room, performer], { until: longAgo }));

    expect(await busyTimesOf([room, performer])).toEqual([]);
    expect(await holds.hold(claim(auditions[1], [room]))).toEqual({ kind: 'held' });

    expect(await holds.confirm(auditions[0], 1)).toBe(false);
  });

  test('can be confirmed until another audition holds the slot', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room], { until: longAgo }));

    await holds.confirm(auditions[0], 1);

    expect(await holds.hold(claim(auditions[1], [room]))).toEqual({ kind: 'taken', resources: [room] });
  });

  test('is replaced by one of several simultaneous claims', async () => {
    const { auditions, room, performer } = cast();
    await holds.hold(claim(auditions[0], [room, performer], { until: longAgo }));

    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => holds.hold(claim(`aud_next_${index}`, [performer, room]))),
    );

    expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });
});

describe('confirmed hold', () => {
  test('does not expire', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room], { until: longAgo }));
    await holds.confirm(auditions[0], 1);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('stays confirmed when a late duplicate of the claim arrives', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.confirm(auditions[0], 1);

    await holds.hold(claim(auditions[0], [room], { until: longAgo }));

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('can be confirmed twice', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    await holds.confirm(auditions[0], 1);
    await holds.confirm(auditions[0], 1);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });
});

describe('releasing a hold', () => {
  test('frees every revision, and is idempotent', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.hold(claim(auditions[0], [room], { revision: 2, slot: slot('12:00', '12:30') }));

    await holds.release(auditions[0]);
    await holds.release(auditions[0]);

    expect(await busyTimesOf([room])).toEqual([]);
  });

  test('keeps the excepted revision', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.hold(claim(auditions[0], [room], { revision: 2, slot: slot('12:00', '12:30') }));

    await holds.release(auditions[0], 2);

    expect(await busyTimesOf([room])).toEqual([{ resource: room, start: at('12:00'), end: at('12:30') }]);
  });

  test('keeps the holds of other auditions', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    await holds.release(auditions[1]);

    expect(await busyTimesOf([room])).toHaveLength(1);
  });

  test('makes a later confirmation return false', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.release(auditions[0]);

    expect(await holds.confirm(auditions[0], 1)).toBe(false);
  });
});

test('the database refuses a double booking even when it is inserted directly', async () => {
  const { auditions, room } = cast();
  const insert = (auditionId: AuditionId) =>
    database.pool.query(
      `INSERT INTO slot_holds (audition_id, revision, resource, organization, during, expires_at)
       VALUES ($1, 1, $2, $3, tstzrange($4, $5), $6)`,
      [auditionId, room, organization, at('10:00'), at('10:30'), later],
    );
  await insert(auditions[0]);

  await expect(insert(auditions[1])).rejects.toThrow('slot_holds_no_double_booking');
});

test('busy times are empty for an empty list of resources', async () => {
  expect(await busyTimesOf([])).toEqual([]);
});
