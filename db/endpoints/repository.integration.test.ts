/** Tests endpoints, their secrets and their delivery progress. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import {
  actor,
  addAudition,
  addEndpoint,
  newEndpointId,
  newOrganizationId,
  secret,
} from '../../tests/harness/endpoints.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import type { Actor } from '../access/administrative-acts.ts';

let database: TestDatabase;
let repositories: TestDatabase['repositories'];
beforeAll(async () => {
  database = await createTestDatabase();
  ({ repositories } = database);
});
afterAll(() => database.drop());

const newer = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const day = 86_400_000;

const setUp = async () => {
  const { endpoints, endpointProgress: progress } = repositories;
  const organization = newOrganizationId();
  const id = await addEndpoint(repositories, organization);
  const use = { organization, endpoint: id, purpose: 'test.open', correlationId: 'correlation-1' };
  return { endpoints, progress, organization, id, use };
};

const readsOf = async (id: string) =>
  (
    await database.db.execute(
      sql`SELECT secret, purpose FROM credential_reads WHERE subject = ${id} ORDER BY id`,
    )
  ).rows;

/** The oldest first. */
const actsOf = async (organization: OrganizationId) =>
  (await repositories.administrativeActs.list(organization, { limit: 50 })).items.toReversed();

/** Its act cannot be stored: PostgreSQL rejects NUL in a text (22021, character_not_in_repertoire). */
const unstorableActor: Actor = { ...actor, by: 'operator\u0000' };

/** Includes the progress and data keys of all organizations: no other test runs at the same time. */
const everythingOf = async (organization: OrganizationId) => {
  const { rows } = await database.db.execute(sql`
    SELECT to_jsonb(e) AS row FROM webhook_endpoints e WHERE organization = ${organization}
    UNION ALL SELECT to_jsonb(p) FROM endpoint_progress p
    UNION ALL SELECT to_jsonb(o) FROM outbox o WHERE organization = ${organization}
    UNION ALL SELECT to_jsonb(a) FROM administrative_acts a WHERE organization = ${organization}
    ORDER BY 1
  `);
  const keys = await database.keys.db.execute(sql`SELECT to_jsonb(k) AS row FROM data_keys k ORDER BY 1`);
  return [...rows, ...keys.rows];
};

describe('endpoint secret', () => {
  it('is decrypted for its organization only, and each read is recorded', async () => {
    const { endpoints, id, use } = await setUp();
    expect(await endpoints.getWithSecrets(use)).toMatchObject({ id, status: 'enabled', secrets: [secret] });
    expect(await endpoints.getWithSecrets({ ...use, organization: newOrganizationId() })).toBeUndefined();
    expect(await readsOf(id)).toEqual([{ secret: 'signing_secret', purpose: 'test.open' }]);
  });

  it('is stored encrypted, and does not open in the row of another endpoint', async () => {
    const { endpoints, organization, id, use } = await setUp();
    const other = await addEndpoint(repositories, organization);
    const { rows } = await database.db.execute(sql`SELECT * FROM webhook_endpoints`);
    expect(JSON.stringify(rows)).not.toContain(secret.slice('whsec_'.length));
    await database.db.execute(sql`
      UPDATE webhook_endpoints SET sealed_secret = (SELECT sealed_secret FROM webhook_endpoints WHERE id = ${other})
      WHERE id = ${id}
    `);
    await expect(endpoints.getWithSecrets(use)).rejects.toMatchObject({ name: 'NotAuthentic' });
  });

  it('stays valid next to its successor for the requested time after a rotation', async () => {
    const { endpoints, organization, id, use } = await setUp();
    const rotated = await endpoints.rotateSecret(use, newer, day, actor);
    expect(Date.parse(rotated?.previousSecretUntil ?? '')).toBeGreaterThan(Date.now() + day - 60_000);
    expect((await endpoints.getWithSecrets(use))?.secrets).toEqual([newer, secret]);
    await database.db.execute(sql`UPDATE webhook_endpoints SET previous_until = now() WHERE id = ${id}`);
    expect((await endpoints.getWithSecrets(use))?.secrets).toEqual([newer]);
    expect(
      await endpoints.rotateSecret({ ...use, organization: newOrganizationId() }, secret, day, actor),
    ).toBeUndefined();
    expect(await endpoints.get(organization, id)).not.toHaveProperty('secret');
  });

  it('is rotated by one of two simultaneous rotations', async () => {
    const { endpoints, organization, id, use } = await setUp();
    const other = await database.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM webhook_endpoints WHERE id = $1 FOR UPDATE', [id]);
    const secrets = [3, 4].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const rotations = Promise.all(
      secrets.map((candidate) => endpoints.rotateSecret(use, candidate, day, actor)),
    );
    // Waits until both have read the secret and wait for the row lock.
    await eventually(async () => {
      const { rows } = await database.pool.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.length === 2;
    }, 10_000);
    await other.query('ROLLBACK');
    other.release();
    const outcomes = await rotations;
    const rotated = secrets.filter((_, index) => outcomes[index] !== undefined);
    expect(rotated).toHaveLength(1);
    expect((await actsOf(organization)).map(({ act }) => act)).toEqual([
      'endpoint.created',
      'endpoint.secret_rotated',
    ]);
    expect((await endpoints.getWithSecrets(use))?.secrets).toEqual([...rotated, secret]);
  });

  it('is deleted with its endpoint, its progress and its outbox rows', async () => {
    const { endpoints, progress, organization, id } = await setUp();
    const audition = await addAudition(repositories, organization);
    await progress.advance({ endpoint: id, audition, from: 0, to: 3, answer: '200' });
    expect(await endpoints.remove(newOrganizationId(), id, actor)).toBe(false);
    expect(await endpoints.remove(organization, id, actor)).toBe(true);
    const { rows } = await database.db.execute(sql`
      SELECT endpoint FROM endpoint_progress WHERE endpoint = ${id}
      UNION ALL SELECT endpoint FROM outbox WHERE endpoint = ${id}
    `);
    const keys = await database.keys.db.execute(sql`SELECT id FROM data_keys WHERE id = ${id}`);
    expect([...rows, ...keys.rows]).toEqual([]);
    expect(await endpoints.remove(organization, id, actor)).toBe(false);
  });
});

describe('delivery progress', () => {
  it('advances only from its stored value', async () => {
    const { progress, organization, id } = await setUp();
    const audition = await addAudition(repositories, organization);
    const to = (from: number, through: number) =>
      progress.advance({ endpoint: id, audition, from, to: through, answer: '200' });
    expect(await progress.deliveredThrough(id, audition)).toBe(0);
    expect(await to(0, 2)).toBe(true);
    expect(await to(0, 2)).toBe(false);
    expect(await to(1, 5)).toBe(false);
    expect(await to(2, 3)).toBe(true);
    expect(await progress.deliveredThrough(id, audition)).toBe(3);
  });

  it('is not stored for an endpoint that was removed meanwhile', async () => {
    const { endpoints, progress, organization, id } = await setUp();
    const audition = await addAudition(repositories, organization);
    await endpoints.remove(organization, id, actor);
    expect(await progress.advance({ endpoint: id, audition, from: 0, to: 1, answer: '200' })).toBe(false);
    expect(await progress.deliveredThrough(id, audition)).toBe(0);
  });

  it('shows on the endpoint since when deliveries fail, and their recovery', async () => {
    const { endpoints, progress, organization, id } = await setUp();
    const audition = await addAudition(repositories, organization);
    await endpoints.recordFailure(id, '503');
    const failing = await endpoints.get(organization, id);
    await endpoints.recordFailure(id, 'no answer in time');
    expect(await endpoints.get(organization, id)).toMatchObject({
      failingSince: failing?.failingSince,
      lastAnswer: 'no answer in time',
    });
    await progress.advance({ endpoint: id, audition, from: 0, to: 1, answer: '204' });
    const works = await endpoints.get(organization, id);
    expect(works).toMatchObject({ failingSince: undefined, lastAnswer: '204' });
    expect(works?.lastSuccessAt).toMatch(/Z$/);
  });
});

describe('disabling an endpoint', () => {
  it('is idempotent by the reason, and does nothing for another reason', async () => {
    const { endpoints, organization, id } = await setUp();
    const other = await addEndpoint(repositories, organization);
    const first = await endpoints.disable(organization, id, 'msg_1 was not delivered');
    expect(first).toEqual({ at: expect.stringMatching(/Z$/), others: [other] });
    expect(await endpoints.disable(organization, id, 'msg_1 was not delivered')).toEqual(first);
    expect(await endpoints.disable(organization, id, 'msg_2 was not delivered')).toBeUndefined();
    expect(await endpoints.get(organization, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'msg_1 was not delivered',
      disabledAt: first?.at,
    });
    expect(
      (await endpoints.getWithSecrets({ organization, endpoint: id, purpose: 't', correlationId: 'c' }))
        ?.status,
    ).toBe('disabled');
  });

  it('is reverted when the endpoint is enabled again', async () => {
    const { endpoints, organization, id } = await setUp();
    await endpoints.recordFailure(id, '500');
    await endpoints.disable(organization, id, 'msg_1 was not delivered');
    expect(await endpoints.update(organization, id, { status: 'enabled' }, actor)).toMatchObject({
      status: 'enabled',
      disabledReason: undefined,
      disabledAt: undefined,
      failingSince: undefined,
    });
  });
});

describe('endpoints of an organization', () => {
  it('are visible and changeable for that organization only', async () => {
    const { endpoints, organization, id } = await setUp();
    const foreign = newOrganizationId();
    expect((await endpoints.list(organization)).map((endpoint) => endpoint.id)).toEqual([id]);
    expect(await endpoints.list(foreign)).toEqual([]);
    expect(await endpoints.get(foreign, id)).toBeUndefined();
    expect(
      await endpoints.update(foreign, id, { url: 'https://stranger.example.com/' }, actor),
    ).toBeUndefined();
    expect(await endpoints.disable(foreign, id, 'why not')).toBeUndefined();
    expect(await endpoints.get(organization, id)).toMatchObject({
      url: 'https://platform.example.com/hooks',
      status: 'enabled',
    });
  });

  it('are limited to twenty, and a refused endpoint leaves no data key', async () => {
    const { endpoints, organization } = await setUp();
    for (let count = 1; count < 20; count += 1) await addEndpoint(repositories, organization);
    const id = newEndpointId();
    const url = 'https://platform.example.com/hooks';
    expect(await endpoints.create({ id, organization, url, eventTypes: [], secret }, actor)).toBe(false);
    const { rows } = await database.keys.db.execute(sql`SELECT id FROM data_keys WHERE id = ${id}`);
    expect(rows).toEqual([]);
    expect((await actsOf(organization)).map(({ target }) => target)).not.toContain(id);
  });
});

describe('change of an endpoint', () => {
  const url = 'https://elsewhere.example.com/';
  const newEndpoint = { url, eventTypes: [], secret };

  it('stores one administrative act with its author', async () => {
    const { endpoints, organization, id, use } = await setUp();
    await endpoints.update(organization, id, { url }, { ...actor, detail: { url } });
    await endpoints.rotateSecret(use, newer, day, { ...actor, detail: { force: false } });
    await endpoints.remove(organization, id, actor);
    expect(await actsOf(organization)).toMatchObject([
      { act: 'endpoint.created', target: id, ...actor, detail: {} },
      { act: 'endpoint.changed', target: id, ...actor, detail: { url } },
      { act: 'endpoint.secret_rotated', target: id, ...actor, detail: { force: false } },
      { act: 'endpoint.removed', target: id, ...actor, detail: {} },
    ]);
  });

  it('stores no administrative act when there is nothing to change', async () => {
    const { endpoints, organization, id, use } = await setUp();
    const before = await actsOf(organization);
    const foreign = newOrganizationId();
    await endpoints.update(foreign, id, { url }, actor);
    await endpoints.rotateSecret({ ...use, organization: foreign }, newer, day, actor);
    await endpoints.remove(foreign, id, actor);
    expect(await actsOf(foreign)).toEqual([]);
    expect(await actsOf(organization)).toEqual(before);
  });

  it.each<[string, (at: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>]>([
    [
      'created',
      ({ endpoints, organization }) =>
        endpoints.create({ ...newEndpoint, id: newEndpointId(), organization }, unstorableActor),
    ],
    [
      'changed',
      ({ endpoints, organization, id }) =>
        endpoints.update(organization, id, { url, status: 'disabled' }, unstorableActor),
    ],
    ['given a new secret', ({ endpoints, use }) => endpoints.rotateSecret(use, newer, day, unstorableActor)],
    ['removed', ({ endpoints, organization, id }) => endpoints.remove(organization, id, unstorableActor)],
  ])('is rolled back when its act cannot be stored: no endpoint is %s', async (_, change) => {
    const at = await setUp();
    const audition = await addAudition(repositories, at.organization);
    await at.progress.advance({ endpoint: at.id, audition, from: 0, to: 3, answer: '200' });
    const before = await everythingOf(at.organization);
    await expect(change(at)).rejects.toMatchObject({ cause: { code: '22021' } });
    expect(await everythingOf(at.organization)).toEqual(before);
    expect((await at.endpoints.getWithSecrets(at.use))?.secrets).toEqual([secret]);
  });
});

it('the delivery progress finds auditions with events in a time range, one after the other', async () => {
  const { progress, organization } = await setUp();
  const morning = Date.UTC(2031, 0, 1, 9);
  const [first, second] = [
    await addAudition(repositories, organization, [], morning),
    await addAudition(repositories, organization, [], morning),
  ].toSorted();
  await addAudition(repositories, organization, [], Date.UTC(2031, 0, 2));
  await addAudition(repositories, newOrganizationId(), [], morning);
  const range = { from: '2031-01-01T09:00:00.000Z', until: '2031-01-01T10:00:00.000Z' } as const;
  const next = (after: typeof first) => progress.nextAudition(organization, { ...range, after });
  expect(await next(undefined)).toBe(first);
  expect(await next(first)).toBe(second);
  expect(await next(second)).toBeUndefined();
});
