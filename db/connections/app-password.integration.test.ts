import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const use = { purpose: 'calendar.putEvent', correlationId: 'corr-1' };
const password = {
  kind: 'app_password',
  serverUrl: 'https://calendar.example/',
  username: 'ann@example.com',
  password: 'sand-boxx-appl-pass',
} as const;

let accounts = 0;

/** Connects a new Apple account. */
const setup = async () => {
  const { connections } = database.repositories;
  accounts += 1;
  const account = `ann.${accounts}@example.com`;
  const request = {
    organization: 'org_north',
    owner: undefined,
    provider: 'apple',
    grant: { account: { id: account, name: account }, scopes: [], credential: password },
  } as const;
  const connected = await connections.connect(request);
  if (connected.kind !== 'connected') throw new Error('the account was not connected');
  const { id } = connected;
  const open = () =>
    createAccessTokens({
      store: connections,
      authorizers: { google: undefined, microsoft: undefined, zoom: undefined },
    }).forConnection({ organization: 'org_north', id, provider: 'apple', version: 1 }, use.purpose);
  const status = async () => (await connections.get('org_north', id))?.status;
  return { connections, id, open, status, connectAgain: () => connections.connect(request) };
};

test('an app-specific password is read with a record of its use', async () => {
  const { id, open } = await setup();
  expect(await open().appPassword(callContext())).toEqual(password);
  const { rows } = await database.pool.query(
    'SELECT secret, purpose, correlation_id FROM credential_reads WHERE subject = $1',
    [id],
  );
  expect(rows).toEqual([{ secret: 'app_password', purpose: use.purpose, correlation_id: 'corr-1' }]);
});

test('an app-specific password that was rejected is not used again until the account is connected again', async () => {
  const { open, status, connectAgain } = await setup();
  const account = open();
  await account.appPassword(callContext());
  await account.reportRejectedPassword();
  expect(await status()).toBe('needs_reauthorization');
  await expect(open().appPassword(callContext())).rejects.toMatchObject({
    fault: { kind: 'reconnect' },
    vendor: { code: 'grant_refused' },
  });
  await connectAgain();
  expect(await open().appPassword(callContext())).toEqual(password);
});

test('an app-specific password that was replaced meanwhile is not marked as rejected', async () => {
  const { open, status, connectAgain } = await setup();
  const account = open();
  await account.appPassword(callContext());
  await connectAgain();
  await account.reportRejectedPassword();
  expect(await status()).toBe('connected');
});

test('an app-specific password is not read from another organization', async () => {
  const { connections, id } = await setup();
  expect(await connections.readAppPassword('org_south', id, use)).toEqual({ kind: 'unknown_connection' });
});
