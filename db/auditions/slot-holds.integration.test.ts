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
/** Names nobody else uses, so that the tests do not meet in the one database. */
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

const takenOn = (resources: readonly string[]) =>
  holds.listBusy(organization, resources, { from: at('00:00'), until: at('23:00') });

describe('holding', () => {
  test('takes a free slot for all its resources', async () => {
    const { auditions, room, performer } = cast();

    expect(await holds.hold(claim(auditions[0], [room, performer]))).toEqual({ kind: 'held' });

    expect(await takenOn([room, performer])).toEqual(
      [performer, room].map((resource) => ({ resource, start: at('10:00'), end: at('10:30') })),
    );
  });

  test('is granted to exactly one of twenty auditions that claim the slot at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { room, performer } = cast();

      const verdicts = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          holds.hold(claim(`aud_${round}_${index}`, index % 2 ? [room, performer] : [performer, room])),
        ),
      );

      expect(verdicts.filter(({ kind }) => kind === 'held')).toHaveLength(1);
      expect(verdicts.filter(({ kind }) => kind === 'taken')).toHaveLength(19);
    }
  });

  test('makes rivals queue up before they insert, so that they cannot deadlock', async () => {
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

  test('names who or what is taken, and holds nothing of the rest', async () => {
    const { auditions, room, performer } = cast();
    await holds.hold(claim(auditions[0], [room]));

    const verdict = await holds.hold(claim(auditions[1], [performer, room]));

    expect(verdict).toEqual({ kind: 'taken', resources: [room] });
    expect(await takenOn([performer])).toEqual([]);
  });

  test('again with the same revision changes nothing', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    expect(await holds.hold(claim(auditions[0], [room]))).toEqual({ kind: 'held' });

    expect(await takenOn([room])).toHaveLength(1);
  });

  test('does not collide with a slot that begins when this one ends', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    const next = claim(auditions[1], [room], { slot: slot('10:30', '11:00') });

    expect(await holds.hold(next)).toEqual({ kind: 'held' });
  });

  test('does not collide with the same name in another organization', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    const elsewhere = claim(auditions[1], [room], { organization: 'org_south' });

    expect(await holds.hold(elsewhere)).toEqual({ kind: 'held' });
  });

  test("is not hindered by the audition's own earlier slot", async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.confirm(auditions[0], 1);

    const moved = claim(auditions[0], [room], { revision: 2, slot: slot('10:15', '10:45') });

    expect(await holds.hold(moved)).toEqual({ kind: 'held' });
  });

  test('keeps two instants apart that read the same on the clock, in the hour that comes twice', async () => {
    const { auditions, room } = cast();
    // Europe/Paris, 25 October 2026: 02:15 to 02:45 before, and again after, the clocks go back.
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

  test('keeps two slots apart that touch across the hour that is skipped', async () => {
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

describe('a hold that ran out', () => {
  test('does not stand in the way, and goes as a whole', async () => {
    const { auditions, room, performer } = cast();
    await holds.hold(claim(auditions[0], [room, performer], { until: longAgo }));

    expect(await takenOn([room, performer])).toEqual([]);
    expect(await holds.hold(claim(auditions[1], [room]))).toEqual({ kind: 'held' });

    expect(await holds.confirm(auditions[0], 1)).toBe(false);
  });

  test('can be confirmed as long as nobody else has come', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room], { until: longAgo }));

    await holds.confirm(auditions[0], 1);

    expect(await holds.hold(claim(auditions[1], [room]))).toEqual({ kind: 'taken', resources: [room] });
  });

  test('is given to one of many that come for it at once', async () => {
    const { auditions, room, performer } = cast();
    await holds.hold(claim(auditions[0], [room, performer], { until: longAgo }));

    const verdicts = await Promise.all(
      Array.from({ length: 10 }, (_, index) => holds.hold(claim(`aud_heir_${index}`, [performer, room]))),
    );

    expect(verdicts.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });
});

describe('a confirmed hold', () => {
  test('outlives its deadline', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room], { until: longAgo }));
    await holds.confirm(auditions[0], 1);

    expect(await takenOn([room])).toHaveLength(1);
  });

  test('stays confirmed when a late duplicate of the claim arrives', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.confirm(auditions[0], 1);

    await holds.hold(claim(auditions[0], [room], { until: longAgo }));

    expect(await takenOn([room])).toHaveLength(1);
  });

  test('is confirmed twice without harm', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    await holds.confirm(auditions[0], 1);
    await holds.confirm(auditions[0], 1);

    expect(await takenOn([room])).toHaveLength(1);
  });
});

describe('releasing', () => {
  test('frees every revision, and may be repeated', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.hold(claim(auditions[0], [room], { revision: 2, slot: slot('12:00', '12:30') }));

    await holds.release(auditions[0]);
    await holds.release(auditions[0]);

    expect(await takenOn([room])).toEqual([]);
  });

  test('spares the excepted revision', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.hold(claim(auditions[0], [room], { revision: 2, slot: slot('12:00', '12:30') }));

    await holds.release(auditions[0], 2);

    expect(await takenOn([room])).toEqual([{ resource: room, start: at('12:00'), end: at('12:30') }]);
  });

  test("leaves other auditions' holds alone", async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));

    await holds.release(auditions[1]);

    expect(await takenOn([room])).toHaveLength(1);
  });

  test('lets a confirmation know that there is nothing left to confirm', async () => {
    const { auditions, room } = cast();
    await holds.hold(claim(auditions[0], [room]));
    await holds.release(auditions[0]);

    expect(await holds.confirm(auditions[0], 1)).toBe(false);
  });
});

test('the database itself refuses a double booking, whatever code writes it', async () => {
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

test('nothing is taken of nobody', async () => {
  expect(await takenOn([])).toEqual([]);
});
