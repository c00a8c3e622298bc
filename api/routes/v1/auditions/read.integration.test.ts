/** Tests reading auditions, lists and audit trails. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { foldEvents } from '../../../../domain/audition/view.ts';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
let key: string;
const days = ['2027-03-01', '2027-03-02', '2027-03-03', '2027-03-04', '2027-03-05'];
const ids = days.map(newAuditionId);
const item = attentionItem('att_read_1');
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  key = await test.keyFor('operator');
  for (const [index, id] of ids.entries()) {
    const facts = factsUntilScheduled(id, 'org_north', days[index]);
    const raised = index === 0 ? [{ type: 'attention_raised', item } as const] : [];
    await storeEvents(
      database.repositories.events,
      id,
      trail([...facts, ...raised], { startMs: Date.UTC(2026, 10, 24, index) }),
    );
  }
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const page = z.object({ items: z.array(z.looseObject({})), nextCursor: z.string().optional() });
const get = async (url: string) => page.parse((await test.call('GET', url, { key })).body);

const pagesOf = async (url: string) => {
  const items: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const next = await get(cursor === undefined ? url : `${url}&cursor=${encodeURIComponent(cursor)}`);
    items.push(...next.items);
    cursor = next.nextCursor;
    pages += 1;
  } while (cursor !== undefined && pages < 20);
  return { items, pages };
};

describe('the list of auditions', () => {
  it('shows each audition once across all pages', async () => {
    const { items, pages } = await pagesOf('/v1/auditions?limit=2');
    expect(pages).toBe(3);
    expect(items).toHaveLength(ids.length);
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set(ids));
  });

  it.each([
    ['state=scheduled', 5],
    ['state=closed', 0],
    ['state=closed&state=scheduled', 5],
    ['state=closed&state=requested', 0],
    ['performer=performer-1', 5],
    ['performer=performer-1&state=scheduled&state=closed&needsAttention=true', 1],
    ['performer=another', 0],
    ['project=project-1&role=role-1', 5],
    ['project=another', 0],
    ['needsAttention=true', 1],
    ['needsAttention=false', 4],
    ['scheduledFrom=2027-03-03T00:00:00Z', 3],
    ['scheduledUntil=2027-03-03T00:00:00%2B01:00', 2],
  ])('is filtered by %s', async (query, expected) => {
    expect((await get(`/v1/auditions?${query}`)).items).toHaveLength(expected);
  });

  it.each([
    ['requestedAt', ids],
    ['-requestedAt', ids.toReversed()],
    ['scheduledFor', ids],
    ['-scheduledFor', ids.toReversed()],
    ['scheduledFor&performer=performer-1', ids],
    ['-scheduledFor&state=scheduled&state=confirmed', ids.toReversed()],
  ])('is sorted by %s, across pages', async (sort, expected) => {
    const { items, pages } = await pagesOf(`/v1/auditions?limit=2&sort=${sort}`);
    expect(items.map(({ id }) => id)).toEqual(expected);
    expect(pages).toBe(3);
  });

  it('refuses a cursor of another order, and an order or a state that does not exist', async () => {
    const { nextCursor = '' } = await get('/v1/auditions?limit=2&sort=scheduledFor');
    for (const query of [
      `cursor=${nextCursor}`,
      'sort=name',
      'state=scheduled&state=open',
      'performer=Ada%20Moss',
    ]) {
      const { body } = await test.call('GET', `/v1/auditions?${query}`, { key });
      expect(body).toMatchObject({ code: 'invalid_query' });
    }
  });
});

describe('one audition', () => {
  it('is read from the read model', async () => {
    const [id] = ids;
    const { body } = await test.call('GET', `/v1/auditions/${id}`, { key });
    const expected = id && (await database.repositories.auditions.get('org_north', id));
    expect(body).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  it('that was never requested is not found', async () => {
    const { status, body } = await test.call('GET', '/v1/auditions/aud_none', { key });
    expect([status, body]).toMatchObject([404, { code: 'audition_not_found' }]);
  });
});

describe('a running audition that is not recorded yet', () => {
  it('is read from its workflow, with an empty trail, and accepts commands', async () => {
    const id = newAuditionId();
    const queries: (readonly [string, string])[] = [];
    const view = foldEvents(trail(factsUntilScheduled(id, 'org_north').slice(0, 1)));
    test.orchestration.override({
      queryRunningView: async (organization, of) => {
        queries.push([organization, of]);
        return view;
      },
    });
    const read = await test.call('GET', `/v1/auditions/${id}`, { key });
    const events = await test.call('GET', `/v1/auditions/${id}/events`, { key });
    const cancelled = await test.call('POST', `/v1/auditions/${id}/cancel`, { key, body: { reason: 'no' } });
    test.orchestration.override({});
    expect(read).toMatchObject({ status: 200, body: { id, state: 'requested' } });
    expect(events).toMatchObject({ status: 200, body: { items: [] } });
    expect(cancelled.status).toBe(202);
    expect(new Set(queries.map(String))).toEqual(new Set([`org_north,${id}`]));
  });
});

describe('the trail', () => {
  it('is read in order, page by page, each event chained to the previous one', async () => {
    const { items, pages } = await pagesOf(`/v1/auditions/${ids[1]}/events?limit=4`);
    expect(pages).toBe(2);
    expect(items.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(items.slice(1).map(({ previousHash }) => previousHash)).toEqual(
      items.slice(0, -1).map(({ hash }) => hash),
    );
  });
});

describe('an attention item', () => {
  it('is listed with its audition', async () => {
    expect((await get('/v1/attention')).items).toEqual([
      { ...item, auditionId: ids[0], project: 'project-1', role: 'role-1' },
    ]);
  });
});
