import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import { foldEvents, IllegalTransition } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import {
  attentionItem,
  auditionHistories,
  factsUntilScheduled,
  newAuditionId,
  numbered,
  requested,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { AuditionReadModel } from '../auditions/read-model.ts';
import type { EventStore, OwnFacts } from './event-store.ts';

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

/** Appends numbered facts of the run, after those that it knows. The numbers continue `knows`. */
const append = (
  id: AuditionId,
  facts: readonly AuditionFact[],
  { run = 'run-1', knows = 0, own = {} }: { run?: string; knows?: number; own?: OwnFacts } = {},
) => events.append({ auditionId: id, run, position: numbered(trail(facts, { from: knows + 1 })) }, own);

/** Appends facts of an activity. The run has recorded `knows` facts. */
const appendOwn = (id: AuditionId, knows: number, own: OwnFacts, run = 'run-1') =>
  events.append({ auditionId: id, run, position: { facts: [], number: knows } }, own);

const keyed = (key: string, fact: AuditionFact): TrailFact => ({
  key,
  at: '2026-11-24T01:00:00.000Z',
  correlationId: 'correlation-1',
  fact,
});

const factsOf = async (id: AuditionId) => (await read(id)).map(({ fact }) => fact);

describe('audit trail, appending', () => {
  test('stores the facts in order, assigns sequences and folds them into the view', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));

    expect(await append(id, factsUntilScheduled(id))).toEqual({
      sequence: 6,
      appended: life.map((event) => ({ ...event, principal: 'system' })),
      notAllowed: [],
    });

    expect(await read(id)).toMatchObject(life);
    expect(await auditions.get(organization, id)).toEqual(foldEvents(life));
  });

  test('continues where an earlier append stopped', async () => {
    const id = newAuditionId();
    const life = factsUntilScheduled(id);

    for (const [index, fact] of life.entries()) await append(id, [fact], { knows: index });

    expect(await read(id)).toMatchObject(trail(life));
    expect(await auditions.get(organization, id)).toEqual(foldEvents(trail(life)));
    expect(await events.verify(id)).toEqual({ ok: true });
  });

  test('appends each numbered fact once', async () => {
    const id = newAuditionId();
    const life = factsUntilScheduled(id);
    await append(id, life);
    const stored = await read(id);

    expect(await append(id, life)).toEqual({ sequence: 6, appended: [], notAllowed: [] });
    await append(id, life.slice(2, 4), { knows: 2 });

    expect(await read(id)).toEqual(stored);
  });

  test('appends the new facts of a batch that contains known ones', async () => {
    const id = newAuditionId();
    const life = factsUntilScheduled(id);
    await append(id, life.slice(0, 3));

    const { appended } = await append(id, life.slice(1), { knows: 1 });

    expect(appended.map(({ sequence }) => sequence)).toEqual([4, 5, 6]);
    expect(await read(id)).toMatchObject(trail(life));
  });

  test('appends a fact of an activity once under its key, by whichever run', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));

    const first = await appendOwn(id, 6, { facts: [keyed('invite', skip('a'))] });
    const again = await appendOwn(id, 6, { facts: [keyed('invite', skip('a'))] });
    await events.append({
      auditionId: id,
      run: 'run-1',
      position: {
        facts: [keyed('invite', skip('a')), ...numbered(trail([skip('b')], { from: 7 })).facts],
        number: 7,
      },
    });

    expect(first).toMatchObject({ sequence: 7, appended: [{ sequence: 7 }] });
    expect(again).toEqual({ sequence: 7, appended: [], notAllowed: [] });
    expect((await factsOf(id)).slice(6)).toEqual([skip('a'), skip('b')]);
  });

  test('appends the facts of the position before those of the activity', async () => {
    const id = newAuditionId();

    await append(id, factsUntilScheduled(id), { own: { facts: [keyed('invite', skip('own'))] } });

    expect(await factsOf(id)).toEqual([...factsUntilScheduled(id), skip('own')]);
  });

  test('returns the last sequence for a call without facts', async () => {
    const id = newAuditionId();
    expect(await append(id, [])).toEqual({ sequence: 0, appended: [], notAllowed: [] });
    await append(id, factsUntilScheduled(id));

    expect(await append(id, [], { knows: 6 })).toEqual({ sequence: 6, appended: [], notAllowed: [] });

    expect(await countRows(id)).toBe(6);
  });

  test('stores nothing of a batch with an illegal transition', async () => {
    const id = newAuditionId();
    const life: readonly AuditionFact[] = [requested(id), { type: 'holding_started' }, { type: 'confirmed' }];

    await expect(append(id, life)).rejects.toThrow(IllegalTransition);

    expect(await countRows(id)).toBe(0);
    expect(await auditions.get(organization, id)).toBeUndefined();
  });

  test('refuses to begin a trail with anything but a request', async () => {
    const id = newAuditionId();

    await expect(append(id, factsUntilScheduled(id).slice(1))).rejects.toThrow(IllegalTransition);
    await expect(appendOwn(id, 0, { facts: [keyed('invite', skip('a'))] })).rejects.toThrow(
      IllegalTransition,
    );
  });

  test("refuses to begin one audition's trail with another's request", async () => {
    const id = newAuditionId();

    await expect(append(id, [requested(newAuditionId())])).rejects.toThrow(RangeError);

    expect(await countRows(id)).toBe(0);
  });

  test('replaces characters that PostgreSQL rejects', async () => {
    const id = newAuditionId();

    await append(id, [requested(id), { type: 'failed', code: 'internal', reason: 'a\0b \uD83D c' }]);

    expect((await factsOf(id)).at(-1)).toMatchObject({ reason: 'a\uFFFDb \uFFFD c' });
    expect(await events.verify(id)).toEqual({ ok: true });
  });

  test('stores one trail when the same first facts are appended twenty times simultaneously', async () => {
    const id = newAuditionId();
    const life = factsUntilScheduled(id);

    const results = await Promise.all(Array.from({ length: 20 }, () => append(id, life)));

    expect(results.flatMap(({ appended }) => appended)).toHaveLength(6);
    expect(await read(id)).toMatchObject(trail(life));
    expect(await auditions.get(organization, id)).toEqual(foldEvents(trail(life)));
  });

  test('appends the facts of forty activities that end simultaneously, each once', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));
    const notices = Array.from({ length: 40 }, (_, index) => `notice-${index}`);

    const results = await Promise.all(
      [...notices, ...notices].map((key) => appendOwn(id, 6, { facts: [keyed(key, skip(key))] })),
    );

    expect(results.flatMap(({ appended }) => appended)).toHaveLength(40);
    expect(new Set((await factsOf(id)).slice(6))).toEqual(new Set(notices.map(skip)));
    expect(await events.verify(id)).toEqual({ ok: true });
    const view = await auditions.get(organization, id);
    expect(view).toEqual(foldEvents(await read(id)));
  });

  test('lists the attention items of concurrent activities', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));
    const items = Array.from({ length: 10 }, (_, index) => attentionItem(`att_${id}_${index}`));

    await Promise.all(
      items.map((item) => appendOwn(id, 6, { facts: [keyed(item.id, { type: 'attention_raised', item })] })),
    );

    for (const item of items) {
      expect(await auditions.findAttentionItem(organization, item.id)).toEqual({ auditionId: id });
    }
  });

  test('folds the trail again, with its attention items, when the read model has lost its row', async () => {
    const id = newAuditionId();
    const item = attentionItem(`att_${id}`);
    const life: readonly AuditionFact[] = [
      ...factsUntilScheduled(id),
      { type: 'attention_raised', item },
      { type: 'confirmed' },
    ];
    await append(id, life.slice(0, -1));
    await database.pool.query('DELETE FROM auditions WHERE id = $1', [id]);
    await database.pool.query('DELETE FROM attention_items WHERE audition_id = $1', [id]);

    await append(id, life.slice(-1), { knows: life.length - 1 });

    expect(await auditions.get(organization, id)).toEqual(foldEvents(trail(life)));
    expect(await auditions.findAttentionItem(organization, item.id)).toEqual({ auditionId: id });
  });

  test('folds the trail again when the row of the read model lags behind', async () => {
    const id = newAuditionId();
    const life: readonly AuditionFact[] = [...factsUntilScheduled(id), { type: 'confirmed' }];
    await append(id, life.slice(0, 2));
    const { rows } = await database.pool.query('SELECT view FROM auditions WHERE id = $1', [id]);
    await append(id, life.slice(2, 6), { knows: 2 });
    await database.pool.query('UPDATE auditions SET sequence = 2, view = $2 WHERE id = $1', [
      id,
      rows[0].view,
    ]);

    await append(id, life.slice(6), { knows: 6 });

    expect(await auditions.get(organization, id)).toEqual(foldEvents(trail(life)));
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
            await storeEvents(events, id, life.slice(start, end));
            await storeEvents(events, id, life.slice(Math.max(0, start - 2), end));
            start = end;
          }
          const view = foldEvents(life);
          expect(await read(id)).toMatchObject(life);
          expect(await events.verify(id)).toEqual({ ok: true });
          expect(await auditions.get(organization, id)).toEqual(view);
          expect(await events.head(organization, id)).toEqual({ view, number: life.length, run: 'run-1' });
          for (const item of view.attention) {
            expect(await auditions.findAttentionItem(organization, item.id)).toEqual({ auditionId: id });
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('audit trail, facts that are appended if the state allows them', () => {
  const scheduled = keyed('schedule', { type: 'scheduled' });

  test('are appended in the state that allows them, once', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id).slice(0, -1));

    const first = await appendOwn(id, 5, { ifAllowed: [scheduled] });
    const again = await appendOwn(id, 5, { ifAllowed: [scheduled] });

    expect(first).toMatchObject({ sequence: 6, appended: [{ fact: { type: 'scheduled' } }], notAllowed: [] });
    expect(again).toEqual({ sequence: 6, appended: [], notAllowed: [] });
  });

  test('are left out in another state, and the facts of the activity are appended', async () => {
    const id = newAuditionId();
    await append(id, [...factsUntilScheduled(id).slice(0, -1), { type: 'cancelled', origin: 'api' }]);

    const result = await appendOwn(id, 6, { facts: [keyed('event', skip('own'))], ifAllowed: [scheduled] });

    expect(result).toMatchObject({ sequence: 7, appended: [{ fact: skip('own') }], notAllowed: [scheduled] });
    expect((await auditions.get(organization, id))?.state).toBe('closed');
  });

  test('are left out without a trail', async () => {
    const id = newAuditionId();

    expect(await appendOwn(id, 0, { ifAllowed: [scheduled] })).toEqual({
      sequence: 0,
      appended: [],
      notAllowed: [scheduled],
    });
  });

  test('are folded after what the activity itself appends', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id).slice(0, -1));

    const { appended } = await appendOwn(id, 5, {
      facts: [keyed('event', skip('own'))],
      ifAllowed: [scheduled, keyed('confirm', { type: 'confirmed' })],
    });

    expect(appended.map(({ fact }) => fact.type)).toEqual(['step_skipped', 'scheduled', 'confirmed']);
  });
});

const ahead = (id: AuditionId, number: number) => ({ name: 'TrailAhead', auditionId: id, number });

describe('audit trail, a run that does not know the facts of another run', () => {
  test('is refused after a reset to the first workflow task', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));

    await expect(append(id, factsUntilScheduled(id), { run: 'run-2' })).rejects.toMatchObject(ahead(id, 6));

    expect(await countRows(id)).toBe(6);
  });

  test('is refused after a reset to a later task, also for a call without facts', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));

    await expect(append(id, [], { run: 'run-2', knows: 3 })).rejects.toMatchObject(ahead(id, 6));
    await expect(append(id, [skip('a')], { run: 'run-2', knows: 5 })).rejects.toMatchObject(ahead(id, 6));
    await expect(appendOwn(id, 5, { facts: [keyed('invite', skip('a'))] }, 'run-2')).rejects.toMatchObject(
      ahead(id, 6),
    );

    expect(await countRows(id)).toBe(6);
  });

  test('is refused when a number that it uses belongs to another run, although it has reserved later ones', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));
    await append(id, [skip('run-2')], { run: 'run-2', knows: 6 });
    const { facts } = numbered(trail([skip('late')], { from: 7 }));

    const late = events.append({ auditionId: id, run: 'run-1', position: { facts, number: 9 } });

    await expect(late).rejects.toMatchObject(ahead(id, 7));
  });

  test('can append when it knows every numbered fact, as after continue-as-new', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));
    await appendOwn(id, 6, { facts: [keyed('invite', skip('an activity of run-1'))] });

    await append(id, [skip('run-2')], { run: 'run-2', knows: 6 });

    expect((await factsOf(id)).at(-1)).toEqual(skip('run-2'));
  });

  test('is refused when it is the old run, and a new run has taken over', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));
    await append(id, [{ type: 'taken_over', cause: 'reset' }], { run: 'run-2', knows: 6 });

    await expect(append(id, [skip('late')], { knows: 6 })).rejects.toMatchObject(ahead(id, 7));
    await expect(append(id, [], { knows: 6 })).rejects.toMatchObject(ahead(id, 7));
  });

  test('is refused when both runs append simultaneously, except the first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = newAuditionId();
      await append(id, factsUntilScheduled(id));

      const results = await Promise.allSettled([
        append(id, [skip('run-1')], { knows: 6 }),
        append(id, [skip('run-2')], { run: 'run-2', knows: 6 }),
      ]);

      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(await countRows(id)).toBe(7);
    }
  });

  test('reads the head of the trail, to take it over', async () => {
    const id = newAuditionId();
    expect(await events.head(organization, id)).toBeUndefined();
    await append(id, factsUntilScheduled(id));
    await appendOwn(id, 6, { facts: [keyed('invite', skip('a'))] });

    const head = await events.head(organization, id);

    expect(head).toEqual({ view: foldEvents(await read(id)), number: 6, run: 'run-1' });
    expect(await events.head('org_south', id)).toBeUndefined();
  });
});

describe('audit trail, principals', () => {
  test('are stored with their facts, those of this service by name', async () => {
    const id = newAuditionId();
    const [first, ...others] = numbered(trail(factsUntilScheduled(id).slice(0, 3))).facts;
    if (!first) throw new Error('there is no fact');
    const facts = [{ ...first, principal: 'key_1' }, ...others];

    const { appended } = await events.append({
      auditionId: id,
      run: 'run-1',
      position: { facts, number: 3 },
    });

    const principals = ['key_1', 'system', 'system'];
    expect(appended.map(({ principal }) => principal)).toEqual(principals);
    expect((await read(id)).map(({ principal }) => principal)).toEqual(principals);
    expect(await events.verify(id)).toEqual({ ok: true });
  });

  test('are absent in events of earlier versions', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id).slice(0, 1));
    await database.pool.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only');
    await database.pool.query('UPDATE audit_events SET principal = NULL WHERE audition_id = $1', [id]);
    await database.pool.query('ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only');

    expect((await read(id))[0]?.principal).toBeUndefined();
  });
});

describe('audit trail, reading', () => {
  test('returns pages in order, with chained hashes', async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));

    const first = await events.read(organization, id, { after: 0, limit: 4 });
    const second = await events.read(organization, id, { after: 4, limit: 4 });

    expect([...first, ...second].map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(second[0]?.previousHash).toBe(first.at(-1)?.hash);
  });

  test("returns nothing of another organization's trail", async () => {
    const id = newAuditionId();
    await append(id, factsUntilScheduled(id));

    expect(await events.read('org_south', id, all)).toEqual([]);
  });
});
