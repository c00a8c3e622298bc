/** Tests which rows the trail writes to the outbox, and which deliveries follow from them. */
import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { storeEvents } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import {
  actor,
  addAudition,
  addEndpoint,
  addEvents,
  newOrganizationId,
} from '../../tests/harness/endpoints.ts';
import { outboxChannel } from './outbox.ts';

let database: TestDatabase;
let repositories: TestDatabase['repositories'];
beforeAll(async () => {
  database = await createTestDatabase();
  ({ repositories } = database);
});
afterAll(() => database.drop());

/** Claims and acknowledges all due rows, and returns their deliveries. */
const drain = async () => {
  const found = [];
  for (;;) {
    const { claimed, rows, deliveries } = await repositories.outbox.claim(100, 60_000);
    found.push(...deliveries);
    await repositories.outbox.acknowledge(rows.map(({ id }) => id));
    if (claimed === 0) return found;
  }
};

const rowsOf = async (organization: string) =>
  (await database.db.execute(sql`SELECT * FROM outbox WHERE organization = ${organization}`)).rows;

/** Deletes the delayed search that each new endpoint starts with. */
const clearOutbox = (organization: string) =>
  database.db.execute(sql`DELETE FROM outbox WHERE organization = ${organization}`);

const setUp = async (options?: { eventTypes: readonly string[] }) => {
  const organization = newOrganizationId();
  const endpoint = await addEndpoint(repositories, organization, options);
  await clearOutbox(organization);
  return { organization, endpoint };
};

const markDelivered = (
  endpoint: Awaited<ReturnType<typeof addEndpoint>>,
  audition: `aud_${string}`,
  to: number,
) => repositories.endpointProgress.advance({ endpoint, audition, from: 0, to, answer: '200' });

describe('outbox row', () => {
  it('is not written when the organization has no enabled endpoint', async () => {
    await setUp();
    const without = newOrganizationId();
    await addAudition(repositories, without);
    expect(await rowsOf(without)).toEqual([]);
    const { organization, endpoint } = await setUp();
    await repositories.endpoints.disable(organization, endpoint, 'for the test');
    await addAudition(repositories, organization);
    expect(await rowsOf(organization)).toEqual([]);
  });

  it('is written once per batch of events, and notifies listeners', async () => {
    const { organization, endpoint } = await setUp();
    const listener = new Client({ connectionString: database.url });
    await listener.connect();
    onTestFinished(() => listener.end());
    const { promise: notified, resolve } = Promise.withResolvers<string>();
    listener.on('notification', ({ channel }) => resolve(channel));
    await listener.query(`LISTEN ${outboxChannel}`);
    const audition = await addAudition(repositories, organization);
    expect(await notified).toBe(outboxChannel);
    expect(await drain()).toEqual([
      {
        organization,
        endpoint,
        auditionId: audition,
        through: 6,
        correlationId: 'correlation-1',
        retryFrom: undefined,
      },
    ]);
  });

  it('is not written for events that are stored already', async () => {
    const { organization } = await setUp();
    const audition = await addAudition(repositories, organization, [], Date.UTC(2031, 0));
    await clearOutbox(organization);
    const stored = await repositories.events.read(organization, audition, { after: 0, limit: 10 });
    await storeEvents(
      repositories.events,
      audition,
      stored.map(({ sequence, at, correlationId, fact }) => ({ sequence, at, correlationId, fact })),
    );
    expect(await rowsOf(organization)).toEqual([]);
  });
});

describe('outbox claim', () => {
  it('returns a row to one process until the lease expires', async () => {
    const { organization } = await setUp();
    await addAudition(repositories, organization);
    const claims = await Promise.all([1, 2, 3].map(() => repositories.outbox.claim(100, 60_000)));
    expect(claims.flatMap(({ rows }) => rows)).toHaveLength(1);
    const rows = claims.flatMap((claim) => claim.rows);
    const ids = rows.map(({ id }) => id);
    await repositories.outbox.retryLater(ids, -1);
    expect((await repositories.outbox.claim(100, 60_000)).rows).toEqual(rows);
    await repositories.outbox.acknowledge(ids);
  });

  it('returns one delivery per audition, through its last event', async () => {
    const { organization } = await setUp();
    const audition = await addAudition(repositories, organization);
    await addEvents(repositories, audition, 7, [{ type: 'confirmed' }]);
    expect(await drain()).toEqual([expect.objectContaining({ auditionId: audition, through: 7 })]);
  });

  it('returns no delivery for an endpoint that has received all events', async () => {
    const { organization, endpoint } = await setUp();
    const audition = await addAudition(repositories, organization);
    await markDelivered(endpoint, audition, 6);
    expect(await drain()).toEqual([]);
  });

  it('returns no delivery when the endpoint has subscribed to none of the events', async () => {
    const { organization, endpoint } = await setUp({ eventTypes: ['audition.confirmed'] });
    const audition = await addAudition(repositories, organization);
    expect(await drain()).toEqual([]);
    await addEvents(repositories, audition, 7, [{ type: 'confirmed' }]);
    expect(await drain()).toEqual([expect.objectContaining({ endpoint, through: 7 })]);
  });

  it('returns no delivery for events before the creation of the endpoint', async () => {
    const { organization } = await setUp();
    await addAudition(repositories, organization, [], Date.now() - 3_600_000);
    expect(await drain()).toEqual([]);
  });

  it('returns a delivery for each endpoint of the organization only', async () => {
    const { organization, endpoint } = await setUp();
    const second = await addEndpoint(repositories, organization);
    await setUp();
    await addAudition(repositories, organization);
    const due = await drain();
    expect(due.map((delivery) => delivery.endpoint).toSorted()).toEqual([endpoint, second].toSorted());
  });
});

describe('endpoint that is enabled again', () => {
  it('receives all missed auditions, and retries waiting deliveries immediately', async () => {
    const { organization, endpoint } = await setUp();
    const other = await addEndpoint(repositories, organization);
    const delivered = await addAudition(repositories, organization);
    await markDelivered(endpoint, delivered, 6);
    await repositories.endpoints.disable(organization, endpoint, 'for the test');
    const behind = await addAudition(repositories, organization);
    const alsoBehind = await addAudition(repositories, organization);
    await drain();
    await repositories.endpoints.update(organization, endpoint, { status: 'enabled' }, actor);
    const due = await drain();
    expect(due.map(({ auditionId }) => auditionId).toSorted()).toEqual([behind, alsoBehind].toSorted());
    expect(due.map((delivery) => delivery.endpoint)).not.toContain(other);
    for (const { retryFrom } of due) expect(retryFrom).toMatch(/Z$/);
  });

  it('gets a delayed search, as a new endpoint does', async () => {
    const organization = newOrganizationId();
    const endpoint = await addEndpoint(repositories, organization);
    expect(await rowsOf(organization)).toEqual([
      expect.objectContaining({ endpoint, audition_id: null, sequence: 0 }),
    ]);
    expect(await drain()).toEqual([]);
  });

  it('receives events of statements that ran while it was being enabled', async () => {
    const { organization, endpoint } = await setUp();
    await repositories.endpoints.disable(organization, endpoint, 'for the test');
    await repositories.endpoints.update(organization, endpoint, { status: 'enabled' }, actor);
    expect(await drain()).toEqual([]);
    expect(await rowsOf(organization)).toEqual([
      expect.objectContaining({ endpoint, audition_id: null, sequence: 0 }),
    ]);
    // As written by a statement that saw no enabled endpoint.
    const straggler = await addAudition(repositories, organization);
    await database.db.execute(sql`DELETE FROM outbox WHERE audition_id = ${straggler}`);
    await database.db.execute(sql`UPDATE outbox SET next_attempt_at = now() WHERE endpoint = ${endpoint}`);
    expect(await drain()).toEqual([expect.objectContaining({ auditionId: straggler, through: 6 })]);
  });
});
