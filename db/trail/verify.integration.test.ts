import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  requested,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createEventStore, type EventStore } from './event-store.ts';
import { genesisHash, hashOf } from './hash-chain.ts';
import { selectTrail } from './stored-events.ts';
import { createTrailCodes } from './trail-codes.ts';
import { checkTrail, verifyTrail } from './verify.ts';

let database: TestDatabase;
let events: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ events } = database.repositories);
});

afterAll(() => database.drop());

/** Changes the trail directly, without what protects it, as the owner of the table can. */
const tamper = async (statement: string, ...values: readonly unknown[]) => {
  await database.pool.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only');
  await database.pool.query('ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_have_codes');
  await database.pool.query(statement, [...values]);
  await database.pool.query(
    'ALTER TABLE audit_events ADD CONSTRAINT audit_events_have_codes CHECK (mac IS NOT NULL) NOT VALID',
  );
  await database.pool.query('ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only');
};

/** Computes the hashes of the trail again from an event on. The hashes need no key. */
const rehash = async (auditionId: AuditionId, from: number) => {
  const rows = await selectTrail(database.db, auditionId);
  let previousHash = rows[from - 2]?.hash ?? genesisHash;
  for (const row of rows.slice(from - 1)) {
    const hash = hashOf({ ...row, auditionId, previousHash });
    await tamper(
      'UPDATE audit_events SET previous_hash = $3, hash = $4 WHERE audition_id = $1 AND sequence = $2',
      auditionId,
      row.sequence,
      previousHash,
      hash,
    );
    previousHash = hash;
  }
};

const endOf = async (auditionId: AuditionId) => {
  const last = (await selectTrail(database.db, auditionId)).at(-1);
  if (!last) throw new Error(`no trail of ${auditionId}`);
  return { sequence: last.sequence, hash: last.hash };
};

const stored = async () => {
  const id = newAuditionId();
  await storeEvents(events, id, trail(factsUntilScheduled(id)));
  return id;
};

describe('audit trail, verifying', () => {
  test.each([
    [
      'a changed fact',
      `UPDATE audit_events SET fact = fact || '{"reason":"x"}' WHERE audition_id = $1 AND sequence = 3`,
      3,
    ],
    [
      'a changed time',
      `UPDATE audit_events SET at = at + interval '1 ms' WHERE audition_id = $1 AND sequence = 2`,
      2,
    ],
    [
      'a changed correlation',
      `UPDATE audit_events SET correlation_id = 'x' WHERE audition_id = $1 AND sequence = 6`,
      6,
    ],
    [
      'a changed principal',
      `UPDATE audit_events SET principal = 'key_0' WHERE audition_id = $1 AND sequence = 3`,
      3,
    ],
    [
      'a removed principal',
      `UPDATE audit_events SET principal = NULL WHERE audition_id = $1 AND sequence = 3`,
      3,
    ],
    [
      'a changed hash',
      `UPDATE audit_events SET hash = repeat('0', 64) WHERE audition_id = $1 AND sequence = 4`,
      4,
    ],
    ['a changed type', `UPDATE audit_events SET type = 'x' WHERE audition_id = $1 AND sequence = 4`, 4],
    [
      'a row moved to another organization',
      `UPDATE audit_events SET organization = 'org_south' WHERE audition_id = $1 AND sequence = 5`,
      5,
    ],
    [
      'a trail moved to another organization',
      `UPDATE audit_events SET organization = 'org_south' WHERE audition_id = $1`,
      1,
    ],
    ['a missing row', `DELETE FROM audit_events WHERE audition_id = $1 AND sequence = 3`, 3],
    ['missing rows at the start', `DELETE FROM audit_events WHERE audition_id = $1 AND sequence < 3`, 1],
    ['missing rows at the end', `DELETE FROM audit_events WHERE audition_id = $1 AND sequence > 4`, 5],
  ])('finds %s', async (_what, statement, sequence) => {
    const id = newAuditionId();
    await storeEvents(events, id, trail(factsUntilScheduled(id)));
    expect(await events.verify(id)).toEqual({ ok: true });

    await tamper(statement, id);

    expect(await events.verify(id)).toMatchObject({ ok: false, sequence });
  });

  test('checks trails that are longer than a page', async () => {
    const id = newAuditionId();
    const skipped = Array.from(
      { length: 1_100 },
      (_, index) => ({ type: 'step_skipped', step: 'reminder', detail: `${index}` }) as const,
    );
    await storeEvents(events, id, trail([requested(id), ...skipped]));
    expect(await events.verify(id)).toEqual({ ok: true });

    await tamper(
      `UPDATE audit_events SET at = at + interval '1 ms' WHERE audition_id = $1 AND sequence = 1050`,
      id,
    );

    expect(await events.verify(id)).toEqual({ ok: false, sequence: 1050, flaw: 'chain' });
  });

  test('finds an event whose hashes were computed again', async () => {
    const id = await stored();
    await tamper(
      `UPDATE audit_events SET fact = fact || '{"reason":"x"}' WHERE audition_id = $1 AND sequence = 3`,
      id,
    );

    await rehash(id, 3);

    expect(await events.verify(id)).toEqual({ ok: false, sequence: 3, flaw: 'code' });
  });

  test.each(['number = 77', "key = 'x'", "run_id = 'run-2'"])(
    'finds a row with another %s',
    async (change) => {
      const id = await stored();

      await tamper(`UPDATE audit_events SET ${change} WHERE audition_id = $1 AND sequence = 4`, id);

      expect(await events.verify(id)).toEqual({ ok: false, sequence: 4, flaw: 'code' });
    },
  );

  test('finds the code of another event', async () => {
    const [id, other] = [await stored(), await stored()];

    await tamper(
      `UPDATE audit_events AS changed SET mac = donor.mac FROM audit_events AS donor
       WHERE changed.audition_id = $1 AND donor.audition_id = $2 AND changed.sequence = 4 AND donor.sequence = 4`,
      id,
      other,
    );

    expect(await events.verify(id)).toEqual({ ok: false, sequence: 4, flaw: 'code' });
  });

  test('accepts an unknown audition', async () => {
    expect(await events.verify(newAuditionId())).toEqual({ ok: true });
  });
});

/** Stores a trail whose first events are as an earlier version has written them. */
const withoutCodes = async (until = 100) => {
  const id = await stored();
  await tamper('UPDATE audit_events SET mac = NULL WHERE audition_id = $1 AND sequence <= $2', id, until);
  return id;
};

describe('audit trail, events of earlier versions', () => {
  test('verifies them by their hashes, and counts them', async () => {
    expect(await events.verify(await withoutCodes())).toEqual({ ok: true, uncoded: 6 });
    expect(await events.verify(await withoutCodes(4))).toEqual({ ok: true, uncoded: 4 });
  });

  test('continues them with events that have codes', async () => {
    const id = await withoutCodes();

    await storeEvents(events, id, trail([{ type: 'confirmed' }], { from: 7 }));

    expect(await events.verify(id)).toEqual({ ok: true, uncoded: 6 });
  });

  test('finds an event without a code after one that has one', async () => {
    const id = await stored();

    await tamper('UPDATE audit_events SET mac = NULL WHERE audition_id = $1 AND sequence = 6', id);

    expect(await events.verify(id)).toEqual({ ok: false, sequence: 6, flaw: 'code' });
  });

  test('finds by an anchor that codes were removed, and that events without codes were added', async () => {
    const { codes } = database.protection;
    const stripped = await withoutCodes();
    const old = await withoutCodes();
    const anchored = { ends: [], maxUncoded: 5 };

    expect(await checkTrail(database.db, codes, stripped, { ends: [], maxUncoded: 0 })).toMatchObject({
      verdict: { ok: false, sequence: 1, flaw: 'anchor' },
    });
    expect(await checkTrail(database.db, codes, old, anchored)).toMatchObject({
      verdict: { ok: false, sequence: 6, flaw: 'anchor' },
    });
    expect(await checkTrail(database.db, codes, old, { ...anchored, maxUncoded: 6 })).toMatchObject({
      verdict: { ok: true },
    });
  });

  test('are no longer accepted by the database', async () => {
    const id = await stored();

    const append = database.pool.query(
      `INSERT INTO audit_events (audition_id, sequence, organization, at, type, correlation_id, fact, previous_hash, hash)
       SELECT audition_id, 7, organization, at, type, correlation_id, fact, hash, hash FROM audit_events
       WHERE audition_id = $1 AND sequence = 6`,
      [id],
    );

    await expect(append).rejects.toThrow('audit_events_have_codes');
  });
});

const ring = (...ids: readonly number[]) =>
  createTrailCodes(createKeyRing(ids.map((id) => ({ id: `k${id}`, key: Buffer.alloc(32, id) }))));

const underKey = async (codes: ReturnType<typeof ring>) => {
  const id = newAuditionId();
  const store = createEventStore(database.db, { ...database.protection, codes });
  await storeEvents(store, id, trail(factsUntilScheduled(id).slice(0, 3)));
  return id;
};

describe('audit trail, keys', () => {
  test('verifies events of an older key as long as it is configured', async () => {
    const id = await underKey(ring(1));

    expect(await verifyTrail(database.db, ring(2, 1), id)).toEqual({ ok: true });
    expect(await verifyTrail(database.db, ring(2), id)).toEqual({
      ok: false,
      sequence: 1,
      flaw: 'unknown_key',
    });
  });

  test('names the key beside the code', async () => {
    const rows = await selectTrail(database.db, await underKey(ring(2, 1)));

    expect(rows.map(({ mac }) => mac?.slice(0, 3))).toEqual(['k2:', 'k2:', 'k2:']);
  });

  test('finds an event with the code of another key of the same id', async () => {
    const id = await underKey(ring(1));
    const other = createTrailCodes(createKeyRing([{ id: 'k1', key: Buffer.alloc(32, 9) }]));

    expect(await verifyTrail(database.db, other, id)).toMatchObject({ sequence: 1, flaw: 'code' });
  });

  test('lets an anchor vouch for events whose key was removed, and nothing for later ones', async () => {
    const id = await underKey(ring(1));
    const anchored = { ends: [await endOf(id)], maxUncoded: 0 };

    expect((await checkTrail(database.db, ring(2), id, anchored)).verdict).toEqual({ ok: true });
    await tamper(
      `INSERT INTO audit_events
       SELECT (jsonb_populate_record(last, '{"sequence": 4, "number": 4, "mac": "gone:x"}')).* FROM audit_events AS last
       WHERE audition_id = $1 AND sequence = 3`,
      id,
    );
    await tamper(
      'UPDATE audit_events AS row SET previous_hash = last.hash FROM audit_events AS last WHERE row.audition_id = $1 AND row.sequence = 4 AND last.audition_id = $1 AND last.sequence = 3',
      id,
    );
    await rehash(id, 4);

    expect((await checkTrail(database.db, ring(2), id, anchored)).verdict).toEqual({
      ok: false,
      sequence: 4,
      flaw: 'unknown_key',
    });
  });
});

test.each([
  ['UPDATE', `UPDATE audit_events SET at = now()`],
  ['DELETE', `DELETE FROM audit_events`],
  ['TRUNCATE', `TRUNCATE audit_events`],
])('the database refuses to %s the audit trail', async (operation, statement) => {
  const id = newAuditionId();
  await storeEvents(events, id, trail([requested(id)]));

  await expect(database.pool.query(statement)).rejects.toThrow(
    `audit_events is append-only: ${operation} is refused`,
  );

  expect(await events.read('org_north', id, { after: 0, limit: 10 })).toHaveLength(1);
});
