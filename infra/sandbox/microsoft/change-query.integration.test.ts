import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startGraphSandbox } from '../../../tests/harness/graph-sandbox.ts';
import type { SandboxOptions } from '../settings.ts';
import { dayMs } from '../time.ts';

const window = 'startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z';
const pageSchema = z.object({
  value: z.array(z.looseObject({ id: z.string(), type: z.string().optional() })),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
});

const prefer = (size: number) => ({ prefer: `IdType="ImmutableId", odata.maxpagesize=${size}` });

const setup = async (options: SandboxOptions = {}, clock?: () => number) => {
  const graph = await startGraphSandbox(options, clock);
  const { call } = graph;
  const page = async (path = `/calendarView/delta?${window}`, size = 50) =>
    pageSchema.parse((await call('GET', path, undefined, prefer(size))).body);
  const deltaLink = async () => (await page())['@odata.deltaLink'] ?? '';
  const add = (day: string, change: object = {}) =>
    graph.control.addOutlookEvent({
      account: graph.account,
      start: `${day}T09:00:00Z`,
      end: `${day}T10:00:00Z`,
      ...change,
    }).eventId;
  return { ...graph, page, deltaLink, add };
};

const pathOf = (link = '') => link.slice(link.indexOf('/me/'));

const idsOf = ({ value }: z.infer<typeof pageSchema>) => value.map(({ id }) => id);

describe('a change query of the Outlook sandbox', () => {
  it('lists the events of the window in pages, and then each change once', async () => {
    const { call, page, add } = await setup();
    const [first, second, third] = [add('2026-12-01'), add('2026-12-02'), add('2026-12-03')];
    add('2027-02-01');
    const one = await page(undefined, 2);
    expect(one).not.toHaveProperty('@odata.deltaLink');
    await call('DELETE', `/calendar/events/${first}`);
    const two = await page(one['@odata.nextLink'], 2);
    expect([...idsOf(one), ...idsOf(two)]).toEqual(expect.arrayContaining([first, second, third]));
    const changes = await page(two['@odata.deltaLink']);
    expect(changes.value).toEqual([
      { '@odata.type': '#microsoft.graph.event', id: first, '@removed': { reason: 'deleted' } },
    ]);
    expect(idsOf(await page(changes['@odata.deltaLink']))).toEqual([]);
  });

  it('lists a change outside the window as removed', async () => {
    const { page, deltaLink, add } = await setup();
    const link = await deltaLink();
    const id = add('2027-02-01');
    expect((await page(link)).value).toMatchObject([{ id, '@removed': { reason: 'deleted' } }]);
  });

  it('lists a series with its master, and its occurrences with their times only', async () => {
    const { page, add, call } = await setup();
    const series = add('2026-12-01', { repeat: { everyDays: 7, times: 3 } });
    const { value, ...links } = await page(undefined, 1);
    expect(value.map(({ type }) => type)).toEqual(['seriesMaster', 'occurrence', 'occurrence', 'occurrence']);
    expect(value[1]).toMatchObject({ seriesMasterId: series });
    expect(value[1]).not.toHaveProperty('showAs');
    await call('DELETE', `/calendar/events/${value[1]?.id}`);
    const changed = await page(links['@odata.deltaLink']);
    expect(idsOf(changed)).toEqual([series, value[2]?.id, value[3]?.id]);
  });

  it('never sends extended properties', async () => {
    const { call, page } = await setup();
    const property = 'String {00000000-1111-2222-3333-444444444444} Name mark';
    await call('POST', '/calendar/events', {
      start: { dateTime: '2026-12-01T09:00:00', timeZone: 'UTC' },
      end: { dateTime: '2026-12-01T10:00:00', timeZone: 'UTC' },
      singleValueExtendedProperties: [{ id: property, value: 'x' }],
    });
    const [event] = (await page()).value;
    expect(event).toBeDefined();
    expect(event).not.toHaveProperty('singleValueExtendedProperties');
  });

  it.each([
    ['an option that it does not know', `/calendarView/delta?${window}&$select=id`, 'ErrorInvalidUrlQuery'],
    ['no window', '/calendarView/delta', 'ErrorInvalidParameter'],
    ['a token that it did not issue', '/calendarView/delta?$deltatoken=x', 'BadRequest'],
  ])('is refused with %s', async (_name, path, code) => {
    const { call } = await setup();
    expect(await call('GET', path)).toMatchObject({ status: 400, body: { error: { code } } });
  });

  it('is answered with 410 after its links have expired', async () => {
    const { call, control, deltaLink } = await setup();
    const link = await deltaLink();
    control.expireDeltaLinks();
    expect(await call('GET', link)).toMatchObject({
      status: 410,
      body: { error: { code: 'SyncStateNotFound' } },
    });
  });

  it.each([
    [410, 'SyncStateNotFound'],
    [400, 'syncStateNotFound'],
  ] as const)('is answered with %s after its link has grown old', async (status, code) => {
    let ahead = 0;
    const microsoft = { expiredLinkStatus: status, accessTokenSeconds: 60 * 86_400 };
    const { library, page, deltaLink } = await setup({ microsoft }, () => Date.now() + ahead);
    const link = await deltaLink();
    ahead = 27 * dayMs;
    const { '@odata.deltaLink': later } = await page(link);
    ahead = 29 * dayMs;
    await expect(library().api(pathOf(link)).get()).rejects.toMatchObject({ statusCode: status, code });
    expect(await library().api(pathOf(later)).get()).toMatchObject({ value: [] });
  });

  it('has pages that are smaller than preferred', async () => {
    const { page, add } = await setup({ microsoft: { changesPerPage: 1 } });
    const ids = [add('2026-12-01'), add('2026-12-02')];
    const one = await page();
    const two = await page(one['@odata.nextLink']);
    expect([...idsOf(one), ...idsOf(two)]).toEqual(ids);
    expect(two).toHaveProperty('@odata.deltaLink');
  });

  it('without a window does not exist in v1.0', async () => {
    const { call } = await setup();
    expect((await call('GET', '/calendar/events/delta')).status).toBe(404);
  });
});
