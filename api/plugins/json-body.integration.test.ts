import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
let authorization: string;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  authorization = `Bearer ${await test.keyFor('admin')}`;
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const json = 'application/json';

const send = (
  method: 'POST' | 'DELETE',
  url: string,
  { contentType, payload }: { readonly contentType?: string; readonly payload?: string | Buffer },
) =>
  test.api.inject({
    method,
    url,
    headers: {
      authorization,
      'idempotency-key': crypto.randomUUID(),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(payload === undefined ? {} : { payload }),
  });

const unknownAudition = '/v1/auditions/aud_0000000000000000000000000a';

describe('a missing body', () => {
  it.each([
    ['a content type', json],
    ['a content type with a charset', 'application/json; charset=utf-8'],
    ['no content type', undefined],
  ])('with %s is valid where every field is optional', async (_, contentType) => {
    const cancelled = await send('POST', `${unknownAudition}/cancel`, { contentType });
    expect(cancelled.json()).toMatchObject({ code: 'audition_not_found' });
    const unanswered = await send('POST', '/v1/webhook-endpoints/endp_unknown/rotate-secret', {
      contentType,
    });
    expect(unanswered.json()).toMatchObject({ code: 'endpoint_not_found' });
  });

  it('with a content type is valid for a route without a body', async () => {
    const deleted = await send('DELETE', '/v1/connections/conn_unknown', { contentType: json });
    expect(deleted.json()).toMatchObject({ code: 'connection_not_found' });
  });

  it.each([json, undefined])(
    'with the content type %s is refused where a field is required',
    async (contentType) => {
      const refused = await send('POST', `${unknownAudition}/check-in`, { contentType });
      expect(refused.statusCode).toBe(400);
      expect(refused.json()).toMatchObject({ code: 'invalid_body', errors: [{ pointer: '/participant' }] });
    },
  );
});

describe('a body', () => {
  it('that is not UTF-8 is refused', async () => {
    const payload = Buffer.concat([Buffer.from('{"reason":"caf'), Buffer.from([0xe9]), Buffer.from('"}')]);
    const refused = await send('POST', `${unknownAudition}/cancel`, { contentType: json, payload });
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({ code: 'invalid_body', detail: 'The body is not valid UTF-8.' });
  });

  it.each(['{', '"', 'undefined', ' '])('%j is refused as no JSON', async (payload) => {
    const refused = await send('POST', `${unknownAudition}/cancel`, { contentType: json, payload });
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({ code: 'invalid_body', detail: 'The body is not valid JSON.' });
  });

  it('that sets a prototype is refused', async () => {
    const payload = '{"__proto__":{"reason":"x"}}';
    const refused = await send('POST', `${unknownAudition}/cancel`, { contentType: json, payload });
    expect(refused.statusCode).toBe(400);
  });
});
