/** Tests the codec server: decryption of payloads, and its access control. */
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OrganizationId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { createDataConverter } from '../../../foundation/temporal/data-converter.ts';
import { apiDependencies, createTestApi, masterKeys } from '../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async (environment: 'local' | 'test' = 'test') => {
  const playsNoPart = await createTestApi(database);
  const { configuration } = apiDependencies({
    repositories: database.repositories,
    auditionWorkflows: playsNoPart.orchestration,
  });
  const test = await createTestApi(database, { configuration: { ...configuration, environment } });
  return { ...test, key: await test.keyFor('operator'), backend: await test.keyFor('backend') };
};

const payloads = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), z.string()), data: z.string() })),
});
const plain = { payloads: [{ metadata: { encoding: btoa('json/plain') }, data: btoa('"Ada Example"') }] };

describe('the codec server', () => {
  it('decrypts payloads that it has encrypted', async () => {
    const { call, key } = await setup();
    const encoded = payloads.parse((await call('POST', '/codec/encode', { key, body: plain })).body);
    expect(JSON.stringify(encoded)).not.toContain(btoa('"Ada Example"'));
    expect((await call('POST', '/codec/decode', { key, body: encoded })).body).toEqual(plain);
  });

  it('decrypts payloads that a worker has encrypted', async () => {
    const { call, key } = await setup();
    const [codec] = createDataConverter(masterKeys).payloadCodecs ?? [];
    const [payload] = (await codec?.encode([defaultPayloadConverter.toPayload({ name: 'Ada' })])) ?? [];
    const sent = {
      metadata: Object.fromEntries(
        Object.entries(payload?.metadata ?? {}).map(([name, value]) => [
          name,
          Buffer.from(value).toString('base64'),
        ]),
      ),
      data: Buffer.from(payload?.data ?? []).toString('base64'),
    };
    const { body } = await call('POST', '/codec/decode', { key, body: { payloads: [sent] } });
    expect(atob(payloads.parse(body).payloads[0]?.data ?? '')).toBe('{"name":"Ada"}');
  });

  it("accepts the request without payloads that Temporal's CLI sends for a query without arguments", async () => {
    const { call, key } = await setup();
    for (const path of ['/codec/encode', '/codec/decode']) {
      expect(await call('POST', path, { key, body: {} })).toMatchObject({
        status: 200,
        body: { payloads: [] },
      });
    }
  });

  it('records who has decrypted how many payloads as an administrative act', async () => {
    const { call, keyFor } = await setup();
    const organization = 'org_that_decrypts';
    const key = await keyFor('operator', organization);
    const encoded = payloads.parse((await call('POST', '/codec/encode', { key, body: plain })).body);
    await call('POST', '/codec/decode', { key, body: encoded });
    const { items } = await database.repositories.administrativeActs.list(organization, { limit: 10 });
    expect(items).toMatchObject([
      {
        act: 'codec.decoded',
        by: `operator of ${organization}`,
        role: 'operator',
        target: expect.stringMatching(/^key_[0-9a-f]{16}$/),
        detail: { payloads: 1 },
      },
    ]);
  });

  it('leaves the payloads of other organizations encrypted, and decrypts the others beside them', async () => {
    const { call, keyFor } = await setup();
    const { repositories } = database;
    const encode = async (organization: OrganizationId) => {
      const id = newAuditionId();
      await storeEvents(repositories.events, id, trail(factsUntilScheduled(id, organization)));
      const [codec] = createDataConverter(masterKeys, repositories.vault).payloadCodecs ?? [];
      const context = { type: 'workflow', namespace: 'default', workflowId: auditionWorkflowId(id) } as const;
      const [payload] =
        (await codec?.encode([defaultPayloadConverter.toPayload(organization)], context)) ?? [];
      const metadata = Object.entries(payload?.metadata ?? {}).map(
        ([name, value]) => [name, Buffer.from(value).toString('base64')] as const,
      );
      return {
        metadata: Object.fromEntries(metadata),
        data: Buffer.from(payload?.data ?? []).toString('base64'),
      };
    };
    const [mine, foreign] = [await encode('org_codec_a'), await encode('org_codec_b')];
    const key = await keyFor('admin', 'org_codec_a');
    const { status, body } = await call('POST', '/codec/decode', {
      key,
      body: { payloads: [foreign, mine] },
    });
    expect(status).toBe(200);
    expect(payloads.parse(body).payloads).toEqual([
      foreign,
      expect.objectContaining({ data: btoa('"org_codec_a"') }),
    ]);
    const { items } = await repositories.administrativeActs.list('org_codec_a', { limit: 1 });
    expect(items).toMatchObject([{ act: 'codec.decoded', detail: { payloads: 1 } }]);
  });

  it('rejects altered payloads', async () => {
    const { call, key } = await setup();
    const encoded = payloads.parse((await call('POST', '/codec/encode', { key, body: plain })).body);
    const altered = encoded.payloads.map((payload) => ({
      ...payload,
      data: Buffer.from('x'.repeat(60)).toString('base64'),
    }));
    const { status, body } = await call('POST', '/codec/decode', { key, body: { payloads: altered } });
    expect([status, body]).toMatchObject([400, { code: 'invalid_body' }]);
  });

  it('rejects callers without a key, and backend keys', async () => {
    const { call, backend } = await setup();
    expect((await call('POST', '/codec/decode', { body: plain })).status).toBe(401);
    expect((await call('POST', '/codec/decode', { key: backend, body: plain })).status).toBe(403);
  });

  it('allows cross-origin requests only of the Web UI', async () => {
    const { call } = await setup();
    const preflight = (origin: string) =>
      call('OPTIONS', '/codec/decode', {
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
    const ours = await preflight('http://web-ui.example.com');
    expect(ours.headers['access-control-allow-origin']).toBe('http://web-ui.example.com');
    expect(String(ours.headers['access-control-allow-headers'])).toMatch(/authorization/i);
    expect(
      (await preflight('http://evil.example.com')).headers['access-control-allow-origin'],
    ).toBeUndefined();
  });
});

describe('a key in the path of the codec server', () => {
  it('is accepted on a developer’s machine', async () => {
    const { call, key, backend } = await setup('local');
    expect((await call('POST', `/codec/${key}/decode`, { body: plain })).body).toEqual(plain);
    expect((await call('POST', `/codec/${backend}/decode`, { body: plain })).status).toBe(403);
    expect((await call('POST', '/codec/made-up/decode', { body: plain })).status).toBe(401);
  });

  it('is not accepted in other environments', async () => {
    const { call, key } = await setup();
    expect((await call('POST', `/codec/${key}/decode`, { body: plain })).status).toBe(404);
  });
});
