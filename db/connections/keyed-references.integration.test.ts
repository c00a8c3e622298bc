/** Tests that the database does not confirm a guessed account, and that connections of earlier versions keep their rows. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ConnectionId, organizationIdSchema } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { sha256 } from '../digest.ts';
import { accountHashOf } from './account-hashes.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const account = { id: 'ann@example.com', name: 'ann@example.com' };

const setup = async () => {
  const { connections, missingReferences } = database.repositories;
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const connect = () =>
    connections.connect({
      organization,
      owner: 'ann',
      provider: 'apple',
      grant: {
        account,
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'refresh' },
      },
    });
  const connected = await connect();
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  const { id } = connected;
  const reference = async () => {
    const { rows } = await database.pool.query('SELECT account_reference FROM connections WHERE id = $1', [
      id,
    ]);
    return z.tuple([z.object({ account_reference: z.string() })]).parse(rows)[0].account_reference;
  };
  const plain = accountHashOf({ organization, owner: 'ann', provider: 'apple', account });
  return {
    organization,
    connect,
    id,
    plain,
    reference,
    complete: () =>
      missingReferences.complete((connection, error) => expect([connection, error]).toEqual([])),
    /** Stores the reference as the versions before 0084 did. */
    makeEarlier: () =>
      database.pool.query('UPDATE connections SET account_reference = $1 WHERE id = $2', [plain, id]),
  };
};

const known = (id: ConnectionId) => ({ kind: 'connected', id, wasKnown: true });

describe('the account reference of a connection', () => {
  it('is no hash that can be computed from the account alone', async () => {
    const { organization, reference, plain } = await setup();
    const guesses = [plain, sha256(account.id), sha256(`${organization}\n${account.id}`)];
    expect(await reference()).toMatch(/^v1:[A-Za-z0-9_-]{43}$/);
    expect(guesses).not.toContain((await reference()).slice('v1:'.length));
    expect((await setup()).plain).not.toBe(plain);
  });

  it('of an earlier version finds the connection, and is keyed when the account is connected again', async () => {
    const { connect, id, reference, makeEarlier } = await setup();
    const keyed = await reference();
    await makeEarlier();
    expect(await connect()).toEqual(known(id));
    expect(await reference()).toBe(keyed);
  });

  it('of an earlier version is keyed when a worker starts, also for a disconnected account', async () => {
    const { organization, connect, id, reference, makeEarlier, complete } = await setup();
    const keyed = await reference();
    await database.repositories.connections.disconnect(organization, id);
    await makeEarlier();
    await complete();
    await complete();
    expect(await reference()).toBe(keyed);
    expect(await connect()).toEqual(known(id));
  });

  it('of an earlier version is refused in a new connection, because that process does not find keyed ones', async () => {
    const { organization, plain } = await setup();
    const insert = database.pool.query(
      `INSERT INTO connections (id, organization, provider, account_reference, account)
       VALUES ($1, $2, 'apple', $3, '')`,
      [`conn_${randomUUID()}`, organization, plain],
    );
    await expect(insert).rejects.toThrow('its version is older than the database');
  });
});
