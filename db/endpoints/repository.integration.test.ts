/** Endpoints with their secrets, and how far each has been told. */
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

/** In their order. */
const actsOf = async (organization: OrganizationId) =>
  (await repositories.administrativeActs.list(organization, { limit: 50 })).items.toReversed();

/** PostgreSQL takes no NUL in a text (22021, character_not_in_repertoire). */
const unnotable: Actor = { ...actor, by: 'nobody\u0000' };

/** Progress and data keys are those of all: nobody else writes any meanwhile. */
const everythingOf = async (organization: OrganizationId) => {
  const { rows } = await database.db.execute(sql`
    SELECT to_jsonb(e) AS row FROM webhook_endpoints e WHERE organization = ${organization}
    UNION ALL SELECT to_jsonb(p) FROM endpoint_progress p
    UNION ALL SELECT to_jsonb(o) FROM outbox o WHERE organization = ${organization}
    UNION ALL SELECT to_jsonb(a) FROM administrative_acts a WHERE organization = ${organization}
    UNION ALL SELECT to_jsonb(k) FROM data_keys k
    ORDER BY 1
  `);
  return rows;
};

describe('a secret', () => {
  it('is opened for its organization alone, and each time is noted', async () => {
    const { endpoints, id, use } = await setUp();
    expect(await endpoints.getWithSecrets(use)).toMatchObject({ id, status: 'enabled', secrets: [secret] });
    expect(await endpoints.getWithSecrets({ ...use, organization: newOrganizationId() })).toBeUndefined();
    expect(await readsOf(id)).toEqual([{ secret: 'signing_secret', purpose: 'test.open' }]);
  });

  it('lies nowhere in the clear, and does not open in the place of another', async () => {
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

  it('is exchanged: the old one signs beside the new one, for as long as was said', async () => {
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

  it('is exchanged by one of two who want to at once', async () => {
    const { endpoints, organization, id, use } = await setUp();
    const other = await database.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM webhook_endpoints WHERE id = $1 FOR UPDATE', [id]);
    const secrets = [3, 4].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const rotations = Promise.all(secrets.map((one) => endpoints.rotateSecret(use, one, day, actor)));
    // Both have read the secret, and wait to write.
    await eventually(async () => {
      const { rows } = await database.pool.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.length === 2;
    }, 10_000);
    await other.query('ROLLBACK');
    other.release();
    const outcomes = await rotations;
    const made = secrets.filter((_, index) => outcomes[index] !== undefined);
    expect(made).toHaveLength(1);
    expect((await actsOf(organization)).map(({ act }) => act)).toEqual([
      'endpoint.created',
      'endpoint.secret_rotated',
    ]);
    expect((await endpoints.getWithSecrets(use))?.secrets).toEqual([...made, secret]);
  });

  it('is erased with its endpoint, and all that was kept of it', async () => {
    const { endpoints, progress, organization, id } = await setUp();
    const audition = await addAudition(repositories, organization);
    await progress.advance({ endpoint: id, audition, from: 0, to: 3, answer: '200' });
    expect(await endpoints.remove(newOrganizationId(), id, actor)).toBe(false);
    expect(await endpoints.remove(organization, id, actor)).toBe(true);
    const { rows } = await database.db.execute(sql`
      SELECT id FROM data_keys WHERE id = ${id}
      UNION ALL SELECT endpoint FROM endpoint_progress WHERE endpoint = ${id}
      UNION ALL SELECT endpoint FROM outbox WHERE endpoint = ${id}
    `);
    expect(rows).toEqual([]);
    expect(await endpoints.remove(organization, id, actor)).toBe(false);
  });
});

describe('progress', () => {
  it('goes on from where it was, and not from where somebody thought it was', async () => {
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

  it('is kept for no endpoint that has been removed meanwhile', async () => {
    const { endpoints, progress, organization, id } = await setUp();
    const audition = await addAudition(repositories, organization);
    await endpoints.remove(organization, id, actor);
    expect(await progress.advance({ endpoint: id, audition, from: 0, to: 1, answer: '200' })).toBe(false);
    expect(await progress.deliveredThrough(id, audition)).toBe(0);
  });

  it('shows on the endpoint since when it fails, and that it works again', async () => {
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

describe('disabling', () => {
  it('is done once: the same reason gets the same answer, another one none', async () => {
    const { endpoints, organization, id } = await setUp();
    const other = await addEndpoint(repositories, organization);
    const first = await endpoints.disable(organization, id, 'msg_1 was not taken');
    expect(first).toEqual({ at: expect.stringMatching(/Z$/), others: [other] });
    expect(await endpoints.disable(organization, id, 'msg_1 was not taken')).toEqual(first);
    expect(await endpoints.disable(organization, id, 'msg_2 was not taken')).toBeUndefined();
    expect(await endpoints.get(organization, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'msg_1 was not taken',
      disabledAt: first?.at,
    });
    expect(
      (await endpoints.getWithSecrets({ organization, endpoint: id, purpose: 't', correlationId: 'c' }))
        ?.status,
    ).toBe('disabled');
  });

  it('is over when it is enabled again', async () => {
    const { endpoints, organization, id } = await setUp();
    await endpoints.recordFailure(id, '500');
    await endpoints.disable(organization, id, 'msg_1 was not taken');
    expect(await endpoints.update(organization, id, { status: 'enabled' }, actor)).toMatchObject({
      status: 'enabled',
      disabledReason: undefined,
      disabledAt: undefined,
      failingSince: undefined,
    });
  });
});

describe('an organization', () => {
  it('sees and changes its own endpoints only', async () => {
    const { endpoints, organization, id } = await setUp();
    const stranger = newOrganizationId();
    expect((await endpoints.list(organization)).map((endpoint) => endpoint.id)).toEqual([id]);
    expect(await endpoints.list(stranger)).toEqual([]);
    expect(await endpoints.get(stranger, id)).toBeUndefined();
    expect(
      await endpoints.update(stranger, id, { url: 'https://stranger.example.com/' }, actor),
    ).toBeUndefined();
    expect(await endpoints.disable(stranger, id, 'why not')).toBeUndefined();
    expect(await endpoints.get(organization, id)).toMatchObject({
      url: 'https://platform.example.com/hooks',
      status: 'enabled',
    });
  });

  it('has no more than twenty, and a refused one leaves no key behind', async () => {
    const { endpoints, organization } = await setUp();
    for (let count = 1; count < 20; count += 1) await addEndpoint(repositories, organization);
    const id = newEndpointId();
    const url = 'https://platform.example.com/hooks';
    expect(await endpoints.create({ id, organization, url, eventTypes: [], secret }, actor)).toBe(false);
    const { rows } = await database.db.execute(sql`SELECT id FROM data_keys WHERE id = ${id}`);
    expect(rows).toEqual([]);
    expect((await actsOf(organization)).map(({ target }) => target)).not.toContain(id);
  });
});

describe('a change', () => {
  const url = 'https://elsewhere.example.com/';
  const made = { url, eventTypes: [], secret };

  it('leaves one act, of whoever did it', async () => {
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

  it('leaves none where there was nothing to change', async () => {
    const { endpoints, organization, id, use } = await setUp();
    const before = await actsOf(organization);
    const stranger = newOrganizationId();
    await endpoints.update(stranger, id, { url }, actor);
    await endpoints.rotateSecret({ ...use, organization: stranger }, newer, day, actor);
    await endpoints.remove(stranger, id, actor);
    expect(await actsOf(stranger)).toEqual([]);
    expect(await actsOf(organization)).toEqual(before);
  });

  it.each<[string, (at: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>]>([
    [
      'made',
      ({ endpoints, organization }) =>
        endpoints.create({ ...made, id: newEndpointId(), organization }, unnotable),
    ],
    [
      'changed',
      ({ endpoints, organization, id }) =>
        endpoints.update(organization, id, { url, status: 'disabled' }, unnotable),
    ],
    ['given another secret', ({ endpoints, use }) => endpoints.rotateSecret(use, newer, day, unnotable)],
    ['removed', ({ endpoints, organization, id }) => endpoints.remove(organization, id, unnotable)],
  ])('is not made where it cannot be noted: no endpoint is %s', async (_, change) => {
    const at = await setUp();
    const audition = await addAudition(repositories, at.organization);
    await at.progress.advance({ endpoint: at.id, audition, from: 0, to: 3, answer: '200' });
    const before = await everythingOf(at.organization);
    await expect(change(at)).rejects.toMatchObject({ cause: { code: '22021' } });
    expect(await everythingOf(at.organization)).toEqual(before);
    expect((await at.endpoints.getWithSecrets(at.use))?.secrets).toEqual([secret]);
  });
});

it('finds the auditions of which anything happened in a time, one after the other', async () => {
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
