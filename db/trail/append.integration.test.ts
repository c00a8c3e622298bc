import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { factsUntilScheduled, newAuditionId, numbered, trail } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createDatabaseClient } from '../client.ts';
import { TrailAhead } from '../errors.ts';
import { createEventStore, type EventStore } from './event-store.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

/** Returns how many statements the work sends to the database. */
const countStatements = async (work: () => Promise<unknown>): Promise<number> => {
  const query = vi.spyOn(database.pool, 'query');
  await work();
  const statements = query.mock.calls.length;
  query.mockRestore();
  return statements;
};

describe('the cost of an append', () => {
  test('is one statement in the process that knows the end of the trail, and one without facts', async () => {
    const { events } = database.repositories;
    const auditionId = newAuditionId();
    const [first, second] = [0, 3].map((from) =>
      numbered(trail(factsUntilScheduled(auditionId).slice(from, from + 3), { from: from + 1 })),
    );
    const append = (position = numbered([])) => events.append({ auditionId, run: 'run-1', position });

    expect(await countStatements(() => append(first))).toBe(1);
    expect(await countStatements(() => append(second))).toBe(1);
    expect(await countStatements(() => append({ facts: [], number: 6 }))).toBe(1);
    expect(await countStatements(() => append(second))).toBeLessThanOrEqual(2);
  });
});

/** Stores the first facts of an audition, and appends further ones, each by this or by another process. */
const setup = async () => {
  const other = createDatabaseClient(database.url);
  const elsewhere = createEventStore(other.db, database.protection);
  const { events } = database.repositories;
  const auditionId = newAuditionId();
  const facts = factsUntilScheduled(auditionId);
  const position = (from: number, until: number) => numbered(trail(facts.slice(from - 1, until), { from }));
  const append = (store: EventStore, from: number, until: number, run = 'run-1') =>
    store.append({ auditionId, run, position: position(from, until) });
  const state = async () => ({
    verdict: await events.verify(auditionId),
    types: (await events.read('org_north', auditionId, { after: 0, limit: 100 })).map(
      ({ fact }) => fact.type,
    ),
    view: await database.repositories.auditions.get('org_north', auditionId),
  });
  const types = facts.map(({ type }) => type);
  return { other, elsewhere, events, auditionId, append, state, types };
};

describe('an append onto a remembered end', () => {
  test('continues the trail that another process has continued', async () => {
    const { other, elsewhere, events, append, state, types } = await setup();
    await append(events, 1, 2);
    await append(elsewhere, 3, 3);
    await append(events, 4, 4);
    await append(elsewhere, 5, 5);
    await append(events, 6, 6);
    expect(await state()).toMatchObject({
      verdict: { ok: true },
      types,
      view: { state: 'scheduled', sequence: 6 },
    });
    await other.close();
  });

  test('appends facts once that another process has appended', async () => {
    const { other, elsewhere, events, append, state, types } = await setup();
    await append(events, 1, 2);
    await append(elsewhere, 3, 5);
    const { appended } = await append(events, 3, 6);
    expect(appended.map(({ fact }) => fact.type)).toEqual(['scheduled']);
    expect(await state()).toMatchObject({ verdict: { ok: true }, types });
    await other.close();
  });

  test('is refused when another run has appended facts that this run does not know', async () => {
    const { other, elsewhere, events, append, state, types } = await setup();
    await append(events, 1, 3);
    await append(elsewhere, 4, 5, 'run-2');
    await expect(append(events, 4, 4)).rejects.toThrow(TrailAhead);
    expect((await state()).types).toEqual(types.slice(0, 5));
    await other.close();
  });

  test('updates a read model that lags behind', async () => {
    const { other, events, auditionId, append, state } = await setup();
    await append(events, 1, 5);
    await database.pool.query("UPDATE auditions SET sequence = 3, state = 'holding' WHERE id = $1", [
      auditionId,
    ]);
    await append(events, 6, 6);
    expect(await state()).toMatchObject({ view: { state: 'scheduled', sequence: 6 } });
    await other.close();
  });

  test('folds again what a worker of an earlier version has folded without a field of the view', async () => {
    const { other, elsewhere, events, auditionId, append, state } = await setup();
    await append(events, 1, 5);
    const event = {
      participant: participantIdSchema.parse('performer-1'),
      connection: 'conn_performer',
    } as const;
    const skipped: AuditionFact = { type: 'step_skipped', step: 'calendar_event', detail: 'Skipped.', event };
    const position = numbered(trail([skipped, { type: 'scheduled' }], { from: 6 }));
    await events.append({ auditionId, run: 'run-1', position });
    // Its schema removes the fields that it does not know.
    await database.pool.query(
      "UPDATE auditions SET view = view - '{skippedEvents,foldVersion}'::text[] WHERE id = $1",
      [auditionId],
    );
    expect((await events.head('org_north', auditionId))?.view.skippedEvents).toEqual([event]);
    expect((await state()).view?.skippedEvents).toBeUndefined();
    const confirmed = numbered(trail([{ type: 'confirmed' }], { from: 8 }));
    await elsewhere.append({ auditionId, run: 'run-1', position: confirmed });
    expect(await state()).toMatchObject({ view: { state: 'confirmed', skippedEvents: [event] } });
    await other.close();
  });

  test('reports facts that are in the trail already as such', async () => {
    const { other, events, auditionId, append } = await setup();
    await append(events, 1, 5);
    const [scheduled] = numbered(trail(factsUntilScheduled(auditionId).slice(5), { from: 6 })).facts;
    if (!scheduled) throw new Error('there is no fact');
    const call = { auditionId, run: 'run-1', position: { facts: [], number: 6 } };
    expect(await events.append(call, { ifAllowed: [scheduled] })).toMatchObject({
      sequence: 6,
      notAllowed: [],
    });
    expect(await events.append(call, { ifAllowed: [scheduled] })).toMatchObject({
      sequence: 6,
      notAllowed: [],
    });
    await other.close();
  });
});
