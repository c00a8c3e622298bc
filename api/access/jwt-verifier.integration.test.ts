/** Tests tokens of a local issuer, whose keys are fetched over HTTP, against the real API. */
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditionRequest, createTestApi, type TestApi } from '../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { startTokenIssuer, type TokenIssuer } from '../../tests/harness/token-issuer.ts';
import { createTokenVerifier } from './jwt-verifier.ts';

const other = await generateKeyPair('ES256');
const id = newAuditionId();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id, 'org_north')));
});
afterAll(() => database.drop());

let issuer: TokenIssuer;
let test: TestApi;
let nowMs: number;
let jwksErrors: unknown[];
beforeEach(async () => {
  issuer = await startTokenIssuer();
  nowMs = Date.now();
  jwksErrors = [];
  const verifyToken = createTokenVerifier(
    issuer.settings,
    (error) => jwksErrors.push(error),
    () => nowMs,
  );
  test = await createTestApi(database, { verifyToken });
  return async () => {
    await test.api.close();
    issuer.close();
  };
});

const inSeconds = (seconds: number) => Math.floor(nowMs / 1_000) + seconds;
const sign = async (changes: JWTPayload = {}, how: Parameters<TokenIssuer['sign']>[1] = {}) =>
  issuer.sign(changes, { nowMs, ...how });

/** The claims of a valid token, for tests that sign them differently. */
const claims = () => ({
  sub: 'ada@platform',
  org: 'org_north',
  role: 'admin',
  iss: issuer.settings.issuer,
  aud: issuer.settings.audience,
  exp: inSeconds(300),
});

const read = async (token: string) => test.call('GET', `/v1/auditions/${id}`, { key: token });

describe('a token of the issuer', () => {
  it('grants access to its organization with its role', async () => {
    expect((await read(await sign())).status).toBe(200);
    expect((await read(await sign({ org: 'org_south' }))).status).toBe(404);
    const token = await sign({ role: 'operator' });
    const refused = await test.call('POST', '/v1/auditions', {
      key: token,
      body: auditionRequest(),
      headers: { 'idempotency-key': 'x' },
    });
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      403,
      'Bearer realm="castmatch", error="insufficient_scope"',
    ]);
  });

  it('is accepted when its issuer ends with a slash', async () => {
    expect((await read(await sign({ iss: `${issuer.settings.issuer}/` }))).status).toBe(200);
    expect((await read(await sign({ iss: `${issuer.settings.issuer}//` }))).status).toBe(401);
  });

  it('is verified with cached keys', async () => {
    for (let count = 0; count < 5; count += 1) await read(await sign());
    expect(issuer.requestCount()).toBe(1);
  });

  it('is accepted when the clocks differ by less than a minute', async () => {
    expect((await read(await sign({ exp: inSeconds(-30), nbf: inSeconds(30) }))).status).toBe(200);
  });
});

describe('a token is rejected', () => {
  const hmac = new TextEncoder().encode('x'.repeat(64));
  it.each<readonly [string, () => Promise<string> | string, RegExp]>([
    ['from another issuer', () => sign({ iss: 'https://login.example.org' }), /another issuer/],
    ['for another audience', () => sign({ aud: 'other-service' }), /another audience/],
    ['without an audience', () => sign({ aud: undefined }), /another audience/],
    ['that has expired', () => sign({ exp: inSeconds(-61) }), /expired/],
    ['that never expires', () => sign({ exp: undefined }), /claim exp/],
    ['that is not valid yet', () => sign({ nbf: inSeconds(90) }), /not valid yet/],
    ['without a subject', () => sign({ sub: undefined }), /claim sub/],
    ['without an organization', () => sign({ org: undefined }), /claims: org\./],
    ['with an invalid organization', () => sign({ org: 'conn_1' }), /claims: org\./],
    ['with an unknown role', () => sign({ role: 'root' }), /claims: role\./],
    ['with another signature', () => sign({}, { key: other.privateKey }), /signature/],
    ['with an unknown key', () => sign({}, { kid: 'two', key: other.privateKey }), /key that its issuer/],
    ['without a signature', () => new UnsecuredJWT(claims()).encode(), /algorithm|signed/],
    [
      'signed with a shared secret',
      () => new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(hmac),
      /algorithm/,
    ],
    ['that was truncated', async () => (await sign()).slice(0, -4), /signature|read/],
    [
      'that was changed',
      async () => {
        const [header, , signature] = (await sign()).split('.');
        const payload = Buffer.from(JSON.stringify(claims()));
        return `${header}.${payload.toString('base64url')}.${signature}`;
      },
      /signature/,
    ],
    ['that is malformed', () => 'a.b.c', /read/],
  ])('%s', async (_case, token, message) => {
    const { status, body, headers } = await read(await token());
    expect([status, body]).toMatchObject([
      401,
      { code: 'unauthenticated', detail: expect.stringMatching(message) },
    ]);
    expect(headers['www-authenticate']).toBe('Bearer realm="castmatch", error="invalid_token"');
  });

  it('when no issuer is configured', async () => {
    const withoutIssuer = await createTestApi(database);
    const { status } = await withoutIssuer.call('GET', '/v1/auditions', { key: await sign() });
    expect(status).toBe(401);
    await withoutIssuer.api.close();
  });
});

describe('while the keys of the issuer are unavailable', () => {
  it.each([
    ['down', { status: 503, body: {} }],
    ['redirecting', { status: 302, body: {} }],
    ['responding with invalid keys', { status: 200, body: { keys: 'none' } }],
  ])('because the issuer is %s, a valid token gets 503 with Retry-After', async (_case, instead) => {
    issuer.answerWith(instead);
    const { status, body, headers } = await read(await sign());
    expect([status, body]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
    expect(headers['retry-after']).toBe('5');
    expect(jwksErrors).toHaveLength(1);
  });

  it('the API waits for the cooldown before it fetches the keys again', async () => {
    issuer.answerWith({ status: 503, body: {} });
    for (let count = 0; count < 3; count += 1) expect((await read(await sign())).status).toBe(503);
    expect(issuer.requestCount()).toBe(1);

    issuer.answerWith();
    nowMs += 5_000;
    expect((await read(await sign())).status).toBe(200);
  });

  it('API keys are still accepted', async () => {
    issuer.answerWith({ status: 503, body: {} });
    expect((await read(await test.keyFor('backend'))).status).toBe(200);
  });
});
