import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  requested,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { EventStore } from './event-store.ts';

let database: TestDatabase;
let events: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ events } = database.repositories);
});

afterAll(() => database.drop());

/** Changes the trail directly, without the trigger that protects it. */
const tamper = async (statement: string, id: AuditionId) => {
  await database.pool.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only');
  await database.pool.query(statement, [id]);
  await database.pool.query('ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only');
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

    expect(await events.verify(id)).toEqual({ ok: false, sequence });
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
  await storeEvents(events, id, trail([requested(id)]));

  await expect(database.pool.query(statement)).rejects.toThrow(
    `audit_events is append-only: ${operation} is refused`,
  );

  expect(await events.read('org_north', id, { after: 0, limit: 10 })).toHaveLength(1);
});
