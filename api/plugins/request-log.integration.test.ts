/** Tests that the log names the caller of each request. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createTestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('the request log names the key of a request, of a denied one too, and never the key itself', async () => {
  let log = '';
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      log += String(chunk);
      done();
    },
  });
  const logger = createLogger({ level: 'info', process: 'test' }, sink);
  const { call, keyFor } = await createTestApi(database, { logger });
  const key = await keyFor('backend');
  expect((await call('GET', '/v1/auditions', { key })).status).toBe(200);
  expect((await call('GET', '/v1/attention', { key })).status).toBe(403);
  expect((await call('GET', '/v1/attention', { key: 'unknown-key' })).status).toBe(401);
  const revoked = await keyFor('operator');
  const { apiKeys } = database.repositories;
  const id = (await apiKeys.list('org_north')).find(({ role }) => role === 'operator')?.id ?? '';
  await apiKeys.revoke(id);
  const denied = await call('GET', '/v1/attention', { key: revoked });
  const unknown = await call('GET', '/v1/attention', { key: 'other-key' });
  expect(denied.body).toEqual({
    ...z.looseObject({}).parse(unknown.body),
    correlationId: expect.any(String),
  });
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === 'request completed');
  const caller = expect.stringMatching(/^key_[0-9a-f]{16}$/);
  expect(lines).toMatchObject([
    { status: 200, organization: 'org_north', caller },
    { status: 403, organization: 'org_north', caller },
    { status: 401 },
    { status: 401, organization: 'org_north', caller: id, isRevoked: true },
    { status: 401 },
  ]);
  for (const line of [lines[2], lines[4]]) expect(line).not.toHaveProperty('caller');
  for (const secret of [key, revoked]) expect(log).not.toContain(secret);
});
