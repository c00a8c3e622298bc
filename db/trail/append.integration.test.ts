import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { factsUntilScheduled, newAuditionId, numbered, trail } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

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
  test('is one statement for the first, two for later ones, and one without facts', async () => {
    const { events } = database.repositories;
    const auditionId = newAuditionId();
    const [first, second] = [0, 3].map((from) =>
      numbered(trail(factsUntilScheduled(auditionId).slice(from, from + 3), { from: from + 1 })),
    );
    const append = (position = numbered([])) => events.append({ auditionId, run: 'run-1', position });

    expect(await countStatements(() => append(first))).toBe(1);
    expect(await countStatements(() => append(second))).toBe(2);
    expect(await countStatements(() => append({ facts: [], number: 6 }))).toBe(1);
    expect(await countStatements(() => append(second))).toBe(1);
  });
});
