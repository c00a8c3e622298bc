/** Tests a mailbox that answers slowly: a page must not need more time than a call has. Ten times faster than in reality. */
import { describe, expect, it } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import { createOutlookChanges } from './changes.ts';
import type { GraphClient } from './graph-client.ts';

const since = '2026-11-01T00:00:00.000Z';
const latencyMs = 30;
const deadlineMs = 1_000;
const readForMs = 500;

const setup = async () => {
  const outlook = await setUpOutlookCalendar();
  const { connection, control, client } = outlook;
  const listWith = async (graph: GraphClient, start: ListingPosition = { kind: 'all', since }) => {
    const changes = createOutlookChanges(graph, { readForMs, now: () => Date.parse(since) });
    const found: ListedChange[] = [];
    let pages = 0;
    for (let position = start; ; ) {
      const call = callContext(AbortSignal.timeout(deadlineMs));
      const page = await changes.listChanges(connection, 'primary', position, call, nothingStored);
      if (page.kind !== 'page') throw new Error(page.kind);
      pages += 1;
      found.push(...page.changes);
      if (page.nextPage === undefined) return { found, pages, cursor: page.nextCursor ?? '' };
      position = { ...position, page: page.nextPage };
    }
  };
  const list = (start: ListingPosition) => listWith(client, start);
  const add = (index: number, change: object = {}) =>
    control.addOutlookEvent({
      account: connection.account,
      start: `2026-12-02T${String(index % 24).padStart(2, '0')}:00:00Z`,
      end: `2026-12-02T${String(index % 24).padStart(2, '0')}:30:00Z`,
      ...change,
    }).eventId;
  const remove = async (id: string) => {
    const response = await fetch(`${outlook.url}/v1.0/me/calendar/events/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${await connection.accessToken(callContext())}` },
    });
    expect(response.status).toBe(204);
  };
  const slow = () => control.setFault('microsoft', { kind: 'latency', latencyMs });
  const requests = (operation: string) =>
    Object.values(outlook.calls()[operation] ?? {}).reduce((sum, count) => sum + count, 0);
  return { ...outlook, list, listWith, add, remove, slow, requests };
};

const fifty = Array.from({ length: 50 }, (_, index) => index);
const repeated = { repeat: { everyDays: 7, times: 3 } };

describe('the changes of an Outlook calendar that answers slowly', () => {
  it('are listed when a person deletes fifty events, each within the deadline of a page', async () => {
    const { list, add, remove, slow, requests } = await setup();
    const ids = fifty.map((index) => add(index));
    const { cursor } = await list({ kind: 'all', since });
    for (const id of ids) await remove(id);
    slow();
    const before = requests('events.get');
    const { found, pages } = await list({ kind: 'changes', cursor });
    expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(found.every(({ event }) => event === undefined)).toBe(true);
    expect(requests('events.get') - before).toBe(50);
    expect(pages).toBeGreaterThan(1);
  });

  it('are listed when each of two pages has an occurrence of fifty series, which are read once', async () => {
    const { add, slow, requests, client, listWith } = await setup();
    const series = fifty.map((index) => add(index, repeated));
    slow();
    // Graph can list the occurrences of a series on different pages.
    let isFirst = true;
    const { found } = await listWith({
      exchange: async (operation, account, call, answer, request) => {
        if (!request.path.includes('/delta'))
          return client.exchange(operation, account, call, answer, request);
        const link = isFirst ? '@odata.nextLink' : '@odata.deltaLink';
        const value = series.map((seriesMasterId) => ({
          id: `${seriesMasterId}/${link}`,
          type: 'occurrence',
          seriesMasterId,
        }));
        isFirst = false;
        return answer.parse({ value, [link]: 'https://graph.test/delta?token=1' });
      },
    });
    expect(found).toHaveLength(200);
    expect(new Set(found.flatMap(({ series }) => series ?? []))).toEqual(new Set(series));
    expect(requests('events.instances')).toBe(50);
  });

  it('are listed by the first listing of a hundred series, with one request for each', async () => {
    const { list, add, slow, requests } = await setup();
    for (const index of [...fifty, ...fifty]) add(index, repeated);
    for (const index of fifty) add(index);
    slow();
    const { found, cursor } = await list({ kind: 'all', since });
    expect(found).toHaveLength(100 * 4 + 50);
    expect(requests('events.instances')).toBe(100);
    expect((await list({ kind: 'changes', cursor })).found).toEqual([]);
  });

  it('are requested in a smaller page when the first one does not arrive in time', async () => {
    const { add, client, listWith } = await setup();
    for (const index of fifty.slice(0, 12)) add(index);
    const sizes: (number | undefined)[] = [];
    const { found } = await listWith({
      exchange: (operation, account, call, answer, request) => {
        sizes.push(request.pageSize);
        if (request.pageSize !== 50) return client.exchange(operation, account, call, answer, request);
        const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
        return Promise.reject(transportError(operation, timeout, call));
      },
    });
    expect(found).toHaveLength(12);
    expect(sizes).toEqual([50, 5, 50, 5, 50, 5]);
  });
});
