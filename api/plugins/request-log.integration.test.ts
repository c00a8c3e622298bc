/** Tests that the log names the caller of each request. */
import { Writable } from 'node:stream';
import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../../foundation/observability/logger.ts';
import { apiConfiguration, createTestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { startTokenIssuer } from '../../tests/harness/token-issuer.ts';
import { createTokenVerifier } from '../access/jwt-verifier.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Returns a logger, and what it has logged about completed requests. */
const watchedLogger = () => {
  let log = '';
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      log += String(chunk);
      done();
    },
  });
  return {
    logger: createLogger({ level: 'info', process: 'test' }, sink),
    text: () => log,
    requests: () =>
      log
        .trim()
        .split('\n')
        .map((line) => z.looseObject({ msg: z.string() }).parse(JSON.parse(line)))
        .filter(({ msg }) => msg === 'request completed'),
  };
};

it('the request log names the key of a request, of a denied one too, and never the key itself', async () => {
  const { logger, text, requests } = watchedLogger();
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
  const lines = requests();
  const caller = expect.stringMatching(/^key_[0-9a-f]{16}$/);
  expect(lines).toMatchObject([
    { status: 200, organization: 'org_north', caller },
    { status: 403, organization: 'org_north', caller },
    { status: 401 },
    { status: 401, organization: 'org_north', caller: id, isRevoked: true },
    { status: 401 },
  ]);
  for (const line of [lines[2], lines[4]]) expect(line).not.toHaveProperty('caller');
  for (const secret of [key, revoked]) expect(text()).not.toContain(secret);
});

it('the request log names the subject of a token of the issuer that is refused, and of no other', async () => {
  const issuer = await startTokenIssuer();
  const { logger, text, requests } = watchedLogger();
  const verifyToken = createTokenVerifier(issuer.settings, () => {});
  const { call } = await createTestApi(database, { logger, verifyToken });
  const forger = await generateKeyPair('ES256');
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const tokens = [
    await issuer.sign({ exp: nowSeconds - 90 }),
    await issuer.sign({ aud: 'another-service' }),
    await issuer.sign({ nbf: nowSeconds + 600 }),
    await issuer.sign({ role: 'root' }),
    await issuer.sign({ org: 'nobody' }),
    await issuer.sign({}, { key: forger.privateKey }),
    await issuer.sign({ iss: 'https://login.example.org' }),
    await issuer.sign({ exp: nowSeconds - 90, sub: 'line\nbreak' }),
  ];
  for (const key of tokens) expect((await call('GET', '/v1/auditions', { key })).status).toBe(401);
  issuer.close();
  const caller = 'sub:ada@platform';
  const organization = 'org_north';
  expect(requests().map((line) => [line.caller, line.organization])).toEqual([
    [caller, organization],
    [caller, organization],
    [caller, organization],
    [caller, organization],
    [caller, undefined],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ]);
  for (const token of tokens) expect(text()).not.toContain(token);
});

it('the request log names the key in the path of the codec server on a developer’s machine', async () => {
  const { logger, text, requests } = watchedLogger();
  const { call, keyFor } = await createTestApi(database, {
    logger,
    configuration: { ...apiConfiguration, environment: 'local' },
  });
  const [operator, backend] = [await keyFor('operator', 'org_path'), await keyFor('backend', 'org_path')];
  for (const key of [operator, backend])
    await call('POST', `/codec/${key}/decode`, { body: { payloads: [] } });
  const id = async (role: string) =>
    (await database.repositories.apiKeys.list('org_path')).find((key) => key.role === role)?.id;
  expect(requests()).toMatchObject([
    { status: 200, organization: 'org_path', caller: await id('operator') },
    { status: 403, organization: 'org_path', caller: await id('backend') },
  ]);
  for (const secret of [operator, backend]) expect(text()).not.toContain(secret);
});
