/** Tests the answers of other servers of Microsoft Graph, at the wire. */
import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour } from '../../domain/time/units.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  type ScriptedAnswer,
  type ScriptedRequest,
  startScriptedServer,
} from '../../tests/harness/scripted-server.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import { createOutlookCalendar } from './calendar.ts';
import { listCalendars } from './calendar-list.ts';
import { createOutlookChanges } from './changes.ts';
import { createGraphClient } from './graph-client.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' } as const;
const all: ListingPosition = { kind: 'all', since: window.from };
const cursorOf = (query: string) =>
  JSON.stringify({ from: window.from, until: '2028-01-05T00:00:00.000Z', query });
const changed: ListingPosition = { kind: 'changes', cursor: cursorOf('$deltatoken=x') };
const at = (clock: string, timeZone: string | null = 'UTC') => ({
  dateTime: `2026-12-01T${clock}:00.0000000`,
  timeZone,
});
const sound = { id: 'sound', type: 'singleInstance', start: at('15:00'), end: at('16:00') };
const deltaLink = 'https://graph.microsoft.com/v1.0/me/calendarView/delta?$deltatoken=x';
const notFound: ScriptedAnswer = {
  status: 404,
  body: { error: { code: 'ErrorItemNotFound', message: 'x' } },
};

const setUp = async (answerTo: ScriptedAnswer | ((request: ScriptedRequest) => ScriptedAnswer)) => {
  const requests: string[] = [];
  const graphUrl = await startScriptedServer((request) => {
    requests.push(`${request.path}?${request.query.toString()}`);
    return typeof answerTo === 'function' ? answerTo(request) : answerTo;
  });
  const client = createGraphClient({ graphUrl });
  const connection = { ...caldavAccount(graphUrl), accessToken: async () => 'a-token' };
  const changes = createOutlookChanges(client, { now: () => Date.parse(window.from) });
  const calendar = createOutlookCalendar(client);
  const list = (position: ListingPosition = all) =>
    changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
  /** Lists all pages, as the synchronisation does. */
  const listAll = async () => {
    const found: ListedChange[] = [];
    const kept: unknown[] = [];
    for (let position = all; ; ) {
      const page = await list(position);
      if (page.kind !== 'page') throw new Error(page.kind);
      found.push(...page.changes);
      kept.push(...(page.leftOut?.events ?? []));
      if (page.nextPage === undefined) return { found, kept, cursor: page.nextCursor };
      if (page.nextPage === position.page) throw new Error('a page follows itself');
      position = { ...position, page: page.nextPage };
    }
  };
  return {
    requests,
    list,
    listAll,
    push: changes.push,
    connection,
    busy: () => calendar.busyEvents(connection, 'primary', window, callContext()),
    calendars: () => listCalendars(client, connection, [], callContext()),
  };
};

describe('a list of changes', () => {
  it.each([
    ['is compressed', { isGzipped: true, body: { value: [sound], '@odata.deltaLink': deltaLink } }],
    ['has an empty link', { body: { value: [sound], '@odata.nextLink': '', '@odata.deltaLink': deltaLink } }],
  ])('that %s is read once, and to its end', async (_what, answer) => {
    const { list, busy, requests } = await setUp(answer);
    const page = await list();
    expect(page).toMatchObject({ changes: [{ id: 'sound' }], nextCursor: cursorOf('$deltatoken=x') });
    expect(page).not.toHaveProperty('nextPage');
    expect(await busy()).toHaveLength(1);
    expect(requests).toHaveLength(2);
  });

  it('with a link that has its token in the path is followed by a list of all events', async () => {
    const link = "https://graph.test/v1.0/me/calendarView/delta(token='x')";
    const { list } = await setUp({ body: { value: [sound], '@odata.deltaLink': link } });
    const page = await list();
    expect(page).toMatchObject({ changes: [{ id: 'sound' }], nextCursor: undefined });
    expect(page).not.toHaveProperty('nextPage');
  });

  it.each([
    [
      'https://graph.test/v1.0/me/calendarView/delta?token=a%2Bb&startDateTime=1',
      'token=a%2Bb&startDateTime=1',
    ],
    ['me/calendarView/delta?$deltatoken=x', '$deltatoken=x'],
  ])('is continued with the parameters of %s', async (link, query) => {
    const { list, requests } = await setUp({ body: { value: [], '@odata.deltaLink': link } });
    const page = await list();
    const cursor = page.kind === 'page' ? page.nextCursor : undefined;
    expect(cursor).toBe(cursorOf(query));
    await list({ kind: 'changes', cursor: cursor ?? '' });
    expect(new URL(requests.at(-1) ?? '', 'http://x').searchParams.toString()).toBe(
      new URLSearchParams(query).toString(),
    );
  });

  it.each([
    [
      'has a next link without a query',
      { value: [sound], '@odata.nextLink': 'https://graph.test/v1.0/delta' },
    ],
    ['has a next link of an unknown form', { value: [sound], '@odata.nextLink': { href: 'x' } }],
    ['has no value', { '@odata.deltaLink': deltaLink }],
  ])('that %s fails, so that nothing is taken for deleted', async (_what, body) => {
    const { list } = await setUp({ body });
    await expect(list()).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
  });

  it.each([
    ['of a gateway', { value: [] }],
    ['of its first events', { value: [sound] }],
    ['with an empty link', { value: [sound], '@odata.deltaLink': '' }],
    ['with null as its links', { value: [], '@odata.nextLink': null, '@odata.deltaLink': null }],
  ])('without its end, %s, cannot be read, and no event is taken for deleted', async (_what, body) => {
    const { list } = await setUp({ body });
    const unreadable = {
      fault: { kind: 'retry', effect: 'none' },
      vendor: { unreadable: '@odata.deltaLink' },
    };
    await expect(list()).rejects.toMatchObject(unreadable);
    await expect(list(changed)).rejects.toMatchObject(unreadable);
  });

  it('reads an event of which everything is null but its id and its times', async () => {
    const names = [
      'body',
      'location',
      'attendees',
      'organizer',
      'iCalUId',
      'changeKey',
      '@odata.etag',
      'showAs',
      'responseStatus',
      'seriesMasterId',
      'transactionId',
      'originalStartTimeZone',
      'singleValueExtendedProperties',
    ];
    const item = { ...Object.fromEntries(names.map((name) => [name, null])), ...sound };
    const { list, busy } = await setUp({ body: { value: [item], '@odata.deltaLink': deltaLink } });
    expect(await list()).toMatchObject({ changes: [{ id: 'sound', event: { busy: 'busy' } }] });
    expect(await busy()).toMatchObject([{ eventId: 'sound', busy: 'busy' }]);
  });

  it.each([
    ['Middle Earth Standard Time', ['unknown_zone: Middle Earth Standard Time']],
    ['tzone://Microsoft/Custom', ['unknown_zone: tzone://Microsoft/Custom']],
    ['W. Europe Standard Time', undefined],
    [null, undefined],
  ])('reports the zone %s if it is not known', async (zone, faults) => {
    const item = { ...sound, start: at('08:00', zone) };
    const { list, busy } = await setUp({ body: { value: [item], '@odata.deltaLink': deltaLink } });
    const page = await list();
    expect(page).toMatchObject({ changes: [{ id: 'sound' }] });
    expect(page.kind === 'page' && page.leftOut).toEqual(faults && { events: [], faults });
    expect(await busy()).toHaveLength(1);
  });

  it('leaves out an event with an empty id, which is that of no event', async () => {
    const value = [{ ...sound, id: '' }, { '@removed': { reason: 'deleted' } }, sound];
    const { list } = await setUp({ body: { value, '@odata.deltaLink': deltaLink } });
    expect(await list()).toMatchObject({
      changes: [{ id: 'sound' }],
      leftOut: { events: [{ by: 'unknown' }, { by: 'unknown' }] },
    });
  });

  it('asks for each removed event, whatever its reason', async () => {
    const value = [
      { id: 'a', '@removed': { reason: 'deleted' } },
      { id: 'b', '@removed': { reason: 'changed' } },
      { id: 'c', '@removed': {} },
      { id: 'd', '@removed': 'later' },
    ];
    const { listAll } = await setUp(({ path }) => {
      if (path.endsWith('/delta')) return { body: { value, '@odata.deltaLink': deltaLink } };
      if (path.endsWith('/calendar')) return { body: { id: 'main' } };
      return path.endsWith('/b') ? { body: { ...sound, id: 'b', start: at('01:00') } } : notFound;
    });
    const { found } = await listAll();
    // An event that is there, within the window, lies among the deleted items.
    expect(found.map(({ id, event }) => [id, event])).toEqual([
      ['b', undefined],
      ['a', undefined],
      ['c', undefined],
      ['d', undefined],
    ]);
  });

  it('lists an occurrence that does not name its series', async () => {
    const value = [{ ...sound, type: 'occurrence', seriesMasterId: null }];
    const { list } = await setUp({ body: { value, '@odata.deltaLink': deltaLink } });
    expect(await list()).toMatchObject({ changes: [{ id: 'sound', event: { busy: 'busy' } }] });
  });
});

/** A series of two occurrences on two pages. @param second the answer to the second page */
const seriesServer =
  (next: (url: string) => string, second: ScriptedAnswer, url: () => string) =>
  ({ path, query }: ScriptedRequest): ScriptedAnswer => {
    if (path.endsWith('/delta'))
      return {
        body: { value: [{ ...sound, id: 's', type: 'seriesMaster' }], '@odata.deltaLink': deltaLink },
      };
    if (path.endsWith('/calendarView')) return { body: { value: [] } };
    if (path === '/v1.0/me/calendar') return { body: { id: 'main' } };
    if (path !== '/v1.0/me/calendar/events/s/instances') return notFound;
    if (query.has('$skip')) return second;
    const value = [{ ...sound, id: 'first', seriesMasterId: 's' }];
    return { body: { value, '@odata.nextLink': next(url()) } };
  };

describe('the occurrences of a series', () => {
  it.each([
    ['with a version', (url: string) => `${url}/v1.0/me/calendar/events/s/instances?$skip=1`],
    ['with another version', (url: string) => `${url}/beta/me/calendar/events/s/instances?$skip=1`],
    ['without a version', (url: string) => `${url}/me/calendar/events/s/instances?$skip=1`],
    ['relative to the server', () => '/v1.0/me/calendar/events/s/instances?$skip=1'],
    ['relative to the version', () => 'me/calendar/events/s/instances?$skip=1'],
  ])('are read to their end when the link of the next page is %s', async (_what, next) => {
    let address = '';
    const second = { body: { value: [{ ...sound, id: 'second', seriesMasterId: 's' }] } };
    const { listAll, connection } = await setUp(seriesServer(next, second, () => address));
    const { serverUrl } = await connection.appPassword(callContext());
    address = serverUrl;
    const { found } = await listAll();
    expect(found.map(({ id }) => id)).toEqual(['s', 'first', 'second']);
  });

  it('are kept when the link of the next page is not found: that says nothing about the series', async () => {
    const { listAll } = await setUp(
      seriesServer(
        () => 'me/calendar/events/s/instances?$skip=1',
        notFound,
        () => '',
      ),
    );
    const { found, kept } = await listAll();
    expect(found).toEqual([]);
    expect(kept).toContainEqual({ by: 'series', series: 's' });
  });
});

describe('a rejected list of changes', () => {
  it.each([
    [
      '410 and another address',
      {
        status: 410,
        headers: { location: 'http://127.0.0.1:1/v1.0/me/calendarView/delta?$deltatoken=' },
        body: { error: { code: 'resyncRequired', message: 'x' } },
      },
    ],
    ['410 without a body', { status: 410 }],
    ['410 with a page', { status: 410, body: '<html></html>' }],
    ['400', { status: 400, body: { error: { code: 'syncStateNotFound', message: 'x' } } }],
    ['404 of the token', { status: 404, body: { error: { code: 'SyncStateNotFound', message: 'x' } } }],
  ])('with %s begins anew', async (_what, answer) => {
    const { list } = await setUp(answer);
    expect(await list(changed)).toEqual({ kind: 'cursor_expired' });
  });

  it.each([
    ['404', notFound, 'not_found', 'ErrorItemNotFound'],
    ['403 without a text', { status: 403, body: { error: { code: 'later' } } }, 'not_permitted', 'later'],
    ['429 without a body', { status: 429 }, 'retry', undefined],
    ['429 with null', { status: 429, body: { error: null } }, 'retry', undefined],
    ['503 with a page', { status: 503, body: '<html></html>' }, 'outage', undefined],
    ['200 with a page', { body: '<html></html>' }, 'retry', 'unreadable_answer'],
    ['204', { status: 204 }, 'retry', 'unreadable_answer'],
  ])('with %s is a fault', async (_what, answer, kind, code) => {
    const { list } = await setUp(answer);
    await expect(list(changed)).rejects.toMatchObject({ fault: { kind }, vendor: { code } });
  });
});

describe('a subscription', () => {
  const address = 'http://here.test/v1/webhooks/microsoft';
  const request = { calendarId: 'primary', id: 'ours', secret: 'secret', address } as const;

  it('ends at the time that is stated', async () => {
    const end = toInstant(Math.floor(Date.now() / hour + 2) * hour);
    const expirationDateTime = `${end.slice(0, -1)}0000Z`;
    const { push, connection } = await setUp({
      body: { id: 'g', resource: 'me/events', expirationDateTime },
    });
    const expiresAt = toInstant(Date.now() + day);
    const opened = await push?.watch(connection, { ...request, expiresAt }, callContext());
    expect(opened).toEqual({ id: 'g', resourceId: 'me/events', expiresAt: end });
    expect(await push?.renew?.(connection, { id: 'g', expiresAt }, callContext())).toBe(end);
  });

  it.each([
    ['null', { resource: null, expirationDateTime: null }],
    ['of another form', { resource: 7, expirationDateTime: 'soon' }],
    ['absent', {}],
  ])('ends when it was requested to, if its fields are %s', async (_what, fields) => {
    const { push, connection } = await setUp({ body: { id: 'g', ...fields } });
    const expiresAt = toInstant(Date.now() + day);
    const opened = await push?.watch(connection, { ...request, expiresAt }, callContext());
    expect(opened).toEqual({ id: 'g', resourceId: 'me/events', expiresAt });
    expect(await push?.renew?.(connection, { id: 'g', expiresAt }, callContext())).toBe(expiresAt);
  });

  it('is listed beside others that cannot be read', async () => {
    const ours = { id: 'g', resource: 'me/events', notificationUrl: address, expirationDateTime: null };
    const value = [null, { id: 'other', resource: 'me/messages', expirationDateTime: 'soon' }, ours];
    const { push, connection } = await setUp({ body: { value, '@odata.nextLink': '' } });
    expect(await push?.list?.(connection, address, callContext())).toEqual([
      { id: 'g', resourceId: 'me/events', isRecent: false },
    ]);
  });
});

describe('a list of calendars', () => {
  it('has those that can be read', async () => {
    const value = [
      { id: 'choir', name: 7, owner: 'x' },
      null,
      { id: '' },
      { id: 'm', isDefaultCalendar: true, canEdit: true },
    ];
    const { calendars } = await setUp({ body: { value, '@odata.nextLink': '' } });
    expect(await calendars()).toMatchObject([
      { calendarId: 'primary', alias: 'm', isMain: true, isWritable: true },
      { calendarId: 'choir', name: '', isMain: false, isWritable: false },
    ]);
  });
});
