import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { EventStore } from '../trail/event-store.ts';
import type { AuditionReadModel } from './read-model.ts';

let database: TestDatabase;
let auditions: AuditionReadModel;
let events: EventStore;

// One database per test, because a rebuild processes all auditions.
beforeEach(async () => {
  database = await createTestDatabase();
  ({ auditions, events } = database.repositories);
});

afterEach(() => database.drop());

const organization = 'org_north';

const tables = async () => {
  const [views, items, performers] = await Promise.all([
    database.pool.query('SELECT * FROM auditions ORDER BY id'),
    database.pool.query('SELECT * FROM attention_items ORDER BY id'),
    database.pool.query('SELECT * FROM audition_performers ORDER BY audition_id, performer'),
  ]);
  return { auditions: views.rows, attention: items.rows, performers: performers.rows };
};

/** Stores more auditions than one batch, some with attention items. */
const manyAuditions = async () => {
  for (let index = 0; index < 120; index += 1) {
    const id = newAuditionId();
    const item = attentionItem(`att_${id}`);
    const stuck: readonly AuditionFact[] = index % 10 ? [] : [{ type: 'attention_raised', item }];
    await storeEvents(events, id, trail([...factsUntilScheduled(id), ...stuck]));
  }
};

const confirm = ({ id, sequence }: AuditionView) =>
  storeEvents(events, id, trail([{ type: 'confirmed' }], { from: sequence + 1 }));

test('rebuilding produces the same rows as appending', async () => {
  await manyAuditions();
  const live = await tables();

  expect(await auditions.rebuild()).toEqual({ auditions: 120, events: 120 * 6 + 12 });

  expect(await tables()).toEqual(live);
});

test('rebuilding repairs rows that are missing, wrong, or of an unknown audition', async () => {
  await manyAuditions();
  const live = await tables();
  await database.pool.query(`
    DELETE FROM auditions WHERE id IN (SELECT id FROM auditions LIMIT 20);
    DELETE FROM attention_items WHERE id IN (SELECT id FROM attention_items LIMIT 4);
    UPDATE auditions SET view = '{}', state = 'closed', sequence = 99, organization = 'org_south'
      WHERE id IN (SELECT id FROM auditions LIMIT 20);
    DELETE FROM audition_performers WHERE audition_id IN (SELECT audition_id FROM audition_performers LIMIT 30);
    UPDATE audition_performers SET scheduled_for = NULL, organization = 'org_south'
      WHERE audition_id IN (SELECT audition_id FROM audition_performers LIMIT 20);
    UPDATE attention_items SET item = '{}' WHERE id IN (SELECT id FROM attention_items LIMIT 2);
    INSERT INTO attention_items
      SELECT 'att_resolved_long_ago', organization, audition_id, raised_at, item FROM attention_items LIMIT 1;
    INSERT INTO auditions
      SELECT 'aud_of_nothing', organization, project, role, state, needs_attention, scheduled_for,
        requested_at, sequence, view FROM auditions LIMIT 1;
    INSERT INTO attention_items
      SELECT 'att_of_nothing', organization, 'aud_of_nothing', raised_at, item FROM attention_items LIMIT 1;
  `);

  await auditions.rebuild();

  expect(await tables()).toEqual(live);
});

test('rebuilding keeps events that are appended meanwhile', async () => {
  await manyAuditions();
  const { items } = await auditions.list(organization, {}, { limit: 200 });

  await Promise.all([auditions.rebuild(), ...items.map(confirm)]);
  const afterwards = await tables();

  await auditions.rebuild();
  expect(await tables()).toEqual(afterwards);
});

test('rebuilding an empty database does nothing', async () => {
  expect(await auditions.rebuild()).toEqual({ auditions: 0, events: 0 });
});
