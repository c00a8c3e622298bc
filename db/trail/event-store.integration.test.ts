import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldEvents, IllegalTransition } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import {
  attentionItem,
  auditionHistories,
  factsUntilScheduled,
  newAuditionId,
  requested,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { AuditionReadModel } from '../auditions/read-model.ts';
import { AuditConflict } from '../errors.ts';
import type { EventStore } from './event-store.ts';

let database: TestDatabase;
let events: EventStore;
let auditions: AuditionReadModel;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ events, auditions } = database.repositories);
});

afterAll(() => database.drop());

const organization = 'org_north';
const all = { after: 0, limit: 1000 };
const read = (id: AuditionId) => events.read(organization, id, all);
const countRows = async (id: AuditionId) => (await read(id)).length;

const skip = (detail: string) => ({ type: 'step_skipped', step: 'reminder', detail }) as const;

/** Changes the trail directly, without the trigger that protects it. */
const tamper = async (statement: string, id: AuditionId) => {
  await database.pool.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only');
  await database.pool.query(statement, [id]);
  await database.pool.query('ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only');
};

describe('audit trail, appending', () => {
  test('stores the events and folds them into the view', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));

    await events.append(id, life);

    expect(await read(id)).toMatchObject(life);
    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
  });

  test('continues where an earlier append stopped', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));

    for (const event of life) await events.append(id, [event]);

    expect(await read(id)).toMatchObject(life);
    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
    expect(await events.verify(id)).toEqual({ ok: true });
  });

  test('changes nothing when the same events are appended again', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));
    await events.append(id, life);
    const stored = await read(id);

    await events.append(id, life);
    await events.append(id, life.slice(2, 4));

    expect(await read(id)).toEqual(stored);
  });

  test('stores the new events of a batch that overlaps the trail', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));
    await events.append(id, life.slice(0, 3));

    await events.append(id, life.slice(1));

    expect(await read(id)).toMatchObject(life);
    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
  });

  test('does nothing for an empty batch', async () => {
    const id = newAuditionId();

    await events.append(id, []);

    expect(await countRows(id)).toBe(0);
  });

  test('refuses another event with a sequence that is used', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));
    await events.append(id, life);
    const other = trail([{ type: 'cancelled', origin: 'api' }], { from: 3 });

    await expect(events.append(id, other)).rejects.toMatchObject({
      name: 'AuditConflict',
      sequence: 3,
      reason: 'different',
    });

    expect(await read(id)).toMatchObject(life);
  });

  test('refuses an equal fact with another correlation or time under the same sequence', async () => {
    const id = newAuditionId();
    const life = trail([requested(id)]);
    await events.append(id, life);

    const otherCause = life.map((event) => ({ ...event, correlationId: 'other' }));
    const otherTime = trail([requested(id)], { startMs: 0 });

    await expect(events.append(id, otherCause)).rejects.toThrow(AuditConflict);
    await expect(events.append(id, otherTime)).rejects.toThrow(AuditConflict);
  });

  test('refuses a gap before and within a batch', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));
    const gap = { name: 'AuditConflict', reason: 'gap' };

    await expect(events.append(id, life.slice(1))).rejects.toMatchObject({ ...gap, sequence: 2 });
    await expect(events.append(id, life.toSpliced(1, 1))).rejects.toMatchObject({ ...gap, sequence: 3 });
    await events.append(id, life.slice(0, 2));
    await expect(events.append(id, life.slice(3))).rejects.toMatchObject({ ...gap, sequence: 4 });

    expect(await countRows(id)).toBe(2);
  });

  test('stores nothing of a batch with an illegal transition', async () => {
    const id = newAuditionId();
    const life = trail([requested(id), { type: 'holding_started' }, { type: 'confirmed' }]);

    await expect(events.append(id, life)).rejects.toThrow(IllegalTransition);

    expect(await countRows(id)).toBe(0);
    expect(await auditions.get(organization, id)).toBeUndefined();
  });

  test("refuses to begin one audition's trail with another's request", async () => {
    const id = newAuditionId();

    await expect(events.append(id, trail([requested(newAuditionId())]))).rejects.toThrow(AuditConflict);

    expect(await countRows(id)).toBe(0);
  });

  test('replaces characters that PostgreSQL rejects, and recognizes the event when it is repeated', async () => {
    const id = newAuditionId();
    const life = trail([requested(id), { type: 'failed', code: 'internal', reason: 'a\0b \uD83D c' }]);

    await events.append(id, life);
    await events.append(id, life);

    expect((await read(id)).at(-1)?.fact).toMatchObject({ reason: 'a\uFFFDb \uFFFD c' });
    expect(await events.verify(id)).toEqual({ ok: true });
  });

  test('stores one trail when the same first events are appended twenty times simultaneously', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));

    await Promise.all(Array.from({ length: 20 }, () => events.append(id, life)));

    expect(await read(id)).toMatchObject(life);
    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
  });

  test('stores one of several simultaneous different continuations', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));
    await events.append(id, life);

    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        events.append(id, trail([{ type: 'cancelled', origin: 'api', reason: `${index}` }], { from: 7 })),
      ),
    );

    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refusals).toHaveLength(9);
    expect(refusals.every((reason) => reason instanceof AuditConflict)).toBe(true);
    expect(await countRows(id)).toBe(7);
    expect(await events.verify(id)).toEqual({ ok: true });
  });

  test('folds the trail again, with its attention items, when the read model has lost its row', async () => {
    const id = newAuditionId();
    const item = attentionItem(`att_${id}`);
    const life = trail([
      ...factsUntilScheduled(id),
      { type: 'attention_raised', item },
      { type: 'confirmed' },
    ]);
    await events.append(id, life.slice(0, -1));
    await database.pool.query('DELETE FROM auditions WHERE id = $1', [id]);
    await database.pool.query('DELETE FROM attention_items WHERE audition_id = $1', [id]);

    await events.append(id, life.slice(-1));

    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
    expect(await auditions.findAttentionItem(organization, item.id)).toEqual({ auditionId: id });
  });

  test('folds the trail again when the row of the read model lags behind', async () => {
    const id = newAuditionId();
    const life = trail([...factsUntilScheduled(id), { type: 'confirmed' }]);
    await events.append(id, life.slice(0, 2));
    const { rows } = await database.pool.query('SELECT view FROM auditions WHERE id = $1', [id]);
    await events.append(id, life.slice(2, 6));
    await database.pool.query('UPDATE auditions SET sequence = 2, view = $2 WHERE id = $1', [
      id,
      rows[0].view,
    ]);

    await events.append(id, life.slice(6));

    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
  });

  test('stores a valid trail and view for any history in any batches, each appended twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constant(null).chain(() => auditionHistories(newAuditionId())),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        async (life, sizes) => {
          const id = foldEvents(life).id;
          for (let start = 0, turn = 0; start < life.length; turn += 1) {
            const end = start + (sizes[turn % sizes.length] ?? 1);
            await events.append(id, life.slice(start, end));
            await events.append(id, life.slice(Math.max(0, start - 2), end));
            start = end;
          }
          const view = foldEvents(life);
          expect(await read(id)).toMatchObject(life);
          expect(await events.verify(id)).toEqual({ ok: true });
          expect(await auditions.get(organization, id)).toEqual(view);
          for (const item of view.attention) {
            expect(await auditions.findAttentionItem(organization, item.id)).toEqual({ auditionId: id });
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('audit trail, reading', () => {
  test('returns pages in order, with chained hashes', async () => {
    const id = newAuditionId();
    await events.append(id, trail(factsUntilScheduled(id)));

    const first = await events.read(organization, id, { after: 0, limit: 4 });
    const second = await events.read(organization, id, { after: 4, limit: 4 });

    expect([...first, ...second].map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(second[0]?.previousHash).toBe(first.at(-1)?.hash);
  });

  test("returns nothing of another organization's trail", async () => {
    const id = newAuditionId();
    await events.append(id, trail(factsUntilScheduled(id)));

    expect(await events.read('org_south', id, all)).toEqual([]);
  });
});

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
    await events.append(id, trail(factsUntilScheduled(id)));
    expect(await events.verify(id)).toEqual({ ok: true });

    await tamper(statement, id);

    expect(await events.verify(id)).toEqual({ ok: false, sequence });
  });

  test('checks trails that are longer than a page', async () => {
    const id = newAuditionId();
    const skipped = Array.from({ length: 1_100 }, (_, index) => skip(`${index}`));
    await events.append(id, trail([requested(id), ...skipped]));
    expect(await events.verify(id)).toEqual({ ok: true });

    await tamper(
      `UPDATE audit_events SET at = at + interval '1 ms' WHERE audition_id = $1 AND sequence = 1050`,
      id,
    );

    expect(await events.verify(id)).toEqual({ ok: false, sequence: 1050 });
  });

  test('accepts an unknown audition', async () => {
    expect(await events.verify(newAuditionId())).toEqual({ ok: true });
  });
});

test.each([
  ['UPDATE', `UPDATE audit_events SET at = now()`],
  ['DELETE', `DELETE FROM audit_events`],
  ['TRUNCATE', `TRUNCATE audit_events`],
])('the database refuses to %s the audit trail', async (operation, statement) => {
  const id = newAuditionId();
  await events.append(id, trail([requested(id)]));

  await expect(database.pool.query(statement)).rejects.toThrow(
    `audit_events is append-only: ${operation} is refused`,
  );

  expect(await countRows(id)).toBe(1);
});
