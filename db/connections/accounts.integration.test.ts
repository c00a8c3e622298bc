import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organizationIdSchema } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const actor = { by: 'operator-1', role: 'operator', correlationId: 'corr-1' } as const;

/** Connects an account of a new organization, whose calendar has a damaged event. */
const setup = async () => {
  const { accounts, unreadableEvents, connectionProblems } = database.repositories;
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const connect = async () => {
    const connected = await accounts.connect(
      {
        organization,
        owner: undefined,
        provider: 'google',
        grant: {
          account: { id: 'ann', name: 'ann@example.com' },
          scopes: ['calendar'],
          credential: { kind: 'oauth', refreshToken: randomUUID() },
        },
      },
      actor,
    );
    if (connected.kind !== 'connected') throw new Error(`the account was not connected: ${connected.kind}`);
    return connected.id;
  };
  const id = await connect();
  const damage = () =>
    unreadableEvents.record({
      connection: id,
      organization,
      calendarName: 'main',
      faults: ['no_start: DTSTART'],
    });
  await damage();
  const problems = async () => (await connectionProblems.list([id])).get(id)?.map(({ kind }) => kind) ?? [];
  expect(await problems()).toEqual(['events_unreadable']);
  const disconnect = () => accounts.disconnect({ id, organization, provider: 'google' }, actor);
  return { id, connect, disconnect, problems };
};

describe('what was damaged in the calendars of an account', () => {
  it('is kept when the account is connected again: only a listing knows whether it is repaired', async () => {
    const { id, connect, problems } = await setup();
    expect(await connect()).toBe(id);
    expect(await problems()).toEqual(['events_unreadable']);
  });

  it('is forgotten when the account is disconnected, so that it says nothing about the next grant', async () => {
    const { id, disconnect, problems } = await setup();
    await disconnect();
    // The account of another person can be connected under the same id.
    await database.pool.query(`UPDATE connections SET status = 'connected' WHERE id = $1`, [id]);
    expect(await problems()).toEqual([]);
  });

  it('is kept when another account is connected', async () => {
    const [first, other] = [await setup(), await setup()];
    await other.connect();
    await other.disconnect();
    expect(await first.problems()).toEqual(['events_unreadable']);
  });
});
