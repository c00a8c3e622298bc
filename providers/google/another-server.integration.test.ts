/** Tests the answers of other servers of Google Calendar, at the wire. */
import { describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { day, hour } from '../../domain/time/units.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { type ScriptedAnswer, startScriptedServer } from '../../tests/harness/scripted-server.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ListingPosition } from '../ports.ts';
import { queryBusyEvents } from './busy-events.ts';
import { listCalendars } from './calendar-list.ts';
import { createGoogleChanges } from './changes.ts';
import { createGoogleClient } from './client.ts';
import { queryFreeBusy } from './free-busy.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' } as const;
const all: ListingPosition = { kind: 'all', since: window.from };
const changed: ListingPosition = { kind: 'changes', cursor: 'a-token' };
const sound = {
  id: 'sound',
  start: { dateTime: '2026-12-01T15:00:00Z' },
  end: { dateTime: '2026-12-01T16:00:00Z' },
};

/** Starts a server with one answer to every request. */
const setUp = async (answer: ScriptedAnswer) => {
  let requests = 0;
  const apiUrl = await startScriptedServer(() => {
    requests += 1;
    return answer;
  });
  const client = createGoogleClient({ apiUrl });
  const connection = { ...caldavAccount(apiUrl), accessToken: async () => 'a-token' };
  const changes = createGoogleChanges(client);
  return {
    client,
    connection,
    requests: () => requests,
    list: (position: ListingPosition = all) =>
      changes.listChanges(connection, 'primary', position, callContext(), nothingStored),
    busy: () => queryBusyEvents(client, connection, 'primary', window, callContext()),
    calendars: () => listCalendars(client, connection, callContext()),
    freeBusy: () => queryFreeBusy(client, connection, ['primary'], window, callContext()),
    watch: (expiresAt = toInstant(Date.now() + 7 * day)) =>
      changes.push?.watch(
        connection,
        { calendarId: 'primary', id: 'channel-1', secret: 's', address: 'http://here.test', expiresAt },
        callContext(),
      ),
  };
};

describe('a list of events', () => {
  it.each([
    ['is compressed', { isGzipped: true, body: { items: [sound], nextSyncToken: 'next' } }],
    ['has an empty page token', { body: { items: [sound], nextPageToken: '', nextSyncToken: 'next' } }],
  ])('that %s is read once, and to its end', async (_what, answer) => {
    const { list, busy, requests } = await setUp(answer);
    expect(await list()).toMatchObject({
      changes: [{ id: 'sound' }],
      nextPage: undefined,
      nextCursor: 'next',
    });
    expect(await busy()).toHaveLength(1);
    expect(requests()).toBe(2);
  });

  it.each([
    ['neither token', {}],
    ['an empty sync token', { nextSyncToken: '' }],
  ])('with %s is followed by a list of all events', async (_what, tokens) => {
    const { list } = await setUp({ body: { items: [sound], ...tokens } });
    expect(await list()).toMatchObject({
      changes: [{ id: 'sound' }],
      nextPage: undefined,
      nextCursor: undefined,
    });
  });

  it('reads a page token that is a number', async () => {
    const { list } = await setUp({ body: { items: [], nextPageToken: 2 } });
    expect(await list()).toMatchObject({ nextPage: '2', nextCursor: undefined });
  });

  it('without items has none', async () => {
    const { list, busy } = await setUp({ body: { nextSyncToken: 'next' } });
    expect(await list()).toMatchObject({ changes: [], leftOut: undefined, nextCursor: 'next' });
    expect(await busy()).toEqual([]);
  });

  it.each([
    ['has items that are no list', { items: {}, nextSyncToken: 'next' }],
    ['has a page token of an unknown form', { items: [sound], nextPageToken: { at: 2 } }],
    ['is no object', [sound]],
  ])('that %s fails, so that nothing is taken for deleted', async (_what, body) => {
    const { list, busy } = await setUp({ body });
    const fault = { fault: { kind: 'retry', effect: 'none' } };
    await expect(list()).rejects.toMatchObject(fault);
    await expect(busy()).rejects.toMatchObject(fault);
  });

  it('keeps the answer of the owner when another guest cannot be read', async () => {
    const attendees = [null, 'guest', { email: 7 }, { self: true, responseStatus: 'declined' }];
    const { list, busy } = await setUp({ body: { items: [{ ...sound, attendees }], nextSyncToken: 'next' } });
    expect(await list()).toMatchObject({
      changes: [{ event: { busy: 'free', answer: { given: 'declined' } } }],
    });
    expect(await busy()).toEqual([]);
  });

  it('keeps the marks of an event that has a property which cannot be read', async () => {
    const marks = { castmatchReference: 'aud_ophelia', castmatchRevision: 3, other: null };
    const item = { ...sound, extendedProperties: { private: marks } };
    const { list, busy } = await setUp({ body: { items: [item], nextSyncToken: 'next' } });
    const reference = 'aud_ophelia';
    expect(await list()).toMatchObject({ changes: [{ mark: { reference, revision: undefined } }] });
    expect(await busy()).toMatchObject([{ reference }]);
  });

  it('blocks the times of events with values that are new', async () => {
    const odd = {
      ...sound,
      eventType: 'later',
      transparency: 'later',
      visibility: 'later',
      status: 'later',
      attendees: [{ self: true, responseStatus: 'later' }],
      updated: 'later',
    };
    const { list, busy } = await setUp({ body: { items: [odd], nextSyncToken: 'next' } });
    expect(await list()).toMatchObject({ changes: [{ event: { busy: 'busy', answer: undefined } }] });
    expect(await busy()).toMatchObject([{ busy: 'busy' }]);
  });

  it('names the series of a deleted occurrence that has nothing but its names', async () => {
    const item = {
      id: 'series_20261201T150000Z',
      status: 'cancelled',
      recurringEventId: 'series',
      originalStartTime: { dateTime: '2026-12-01T15:00:00Z' },
    };
    const { list } = await setUp({ body: { items: [item], nextSyncToken: 'next' } });
    expect(await list()).toMatchObject({ changes: [{ id: item.id, series: 'series', event: undefined }] });
  });

  it('leaves out an event with an empty id, which is that of no event', async () => {
    const { list, busy } = await setUp({ body: { items: [{ ...sound, id: '' }, sound] } });
    expect(await list()).toMatchObject({
      changes: [{ id: 'sound' }],
      leftOut: { events: [{ by: 'unknown' }], faults: ['unreadable_event: id'] },
    });
    expect(await busy()).toHaveLength(1);
  });

  it.each([
    ['a local time', { dateTime: '2026-12-01T15:00:00', timeZone: 'Middle/Earth' }, 'Europe/Paris'],
    ['a day', { date: '2026-12-01' }, 'Middle/Earth'],
  ])('reports the zone of %s that is not known', async (_what, start, timeZone) => {
    const item = { ...sound, start, end: { dateTime: '2026-12-03T15:00:00Z' } };
    const { list, busy } = await setUp({ body: { timeZone, items: [item, sound] } });
    expect(await list()).toMatchObject({
      changes: [{ id: 'sound' }, { id: 'sound' }],
      leftOut: { events: [], faults: ['unknown_zone: Middle/Earth'] },
    });
    expect(await busy()).toHaveLength(2);
  });

  it.each([null, ''])('whose zone is %j is read in UTC', async (timeZone) => {
    const day = { ...sound, start: { date: '2026-12-01' }, end: { date: '2026-12-02' } };
    const { list, busy } = await setUp({ body: { timeZone, items: [day] } });
    const start = '2026-12-01T00:00:00.000Z';
    expect(await list()).toMatchObject({ changes: [{ event: { start, zone: 'UTC' } }], leftOut: undefined });
    expect(await busy()).toMatchObject([{ start }]);
  });

  it('reports no zone of a time that has an offset', async () => {
    const start = { dateTime: '2026-12-01T15:00:00+01:00', timeZone: 'Middle/Earth' };
    const { list } = await setUp({ body: { timeZone: 'Europe/Paris', items: [{ ...sound, start }] } });
    expect(await list()).toMatchObject({ leftOut: undefined });
  });
});

const errorBody = (code: number, reason: string, domain = 'calendar') => ({
  error: { code, message: reason, errors: [{ reason, domain, message: reason }] },
});

describe('a rejected list of changes', () => {
  it.each([
    ['410 without a body', { status: 410 }],
    ['410 with a page', { status: 410, body: '<html>Gone</html>' }],
    ['410 with another reason', { status: 410, body: errorBody(410, 'updatedMinTooLongAgo') }],
    ['400 of a token', { status: 400, body: errorBody(400, 'invalid') }],
    ['400 in the other form', { status: 400, body: { error: { code: 400, status: 'INVALID_ARGUMENT' } } }],
  ])('with %s begins anew', async (_what, answer) => {
    const { list } = await setUp(answer);
    expect(await list(changed)).toEqual({ kind: 'cursor_expired' });
  });

  it.each([
    ['404', { status: 404, body: errorBody(404, 'notFound') }, 'not_found'],
    ['403 without a body', { status: 403 }, 'not_permitted'],
    ['403 for a reason that is new', { status: 403, body: errorBody(403, 'later') }, 'not_permitted'],
    ['403 for a new limit', { status: 403, body: errorBody(403, 'later', 'usageLimits') }, 'retry'],
    ['403 with null', { status: 403, body: { error: { errors: [{ reason: null }] } } }, 'not_permitted'],
    ['429 without a reason', { status: 429 }, 'retry'],
    [
      '429 with a page',
      { status: 429, body: '<html></html>', headers: { 'retry-after': '7' } },
      'retry_after',
    ],
    ['502 with a page', { status: 502, body: '<html></html>' }, 'outage'],
    ['200 with a page', { body: '<html></html>' }, 'retry'],
    ['200 without a body', {}, 'retry'],
  ])('with %s is a fault', async (_what, answer, kind) => {
    const { list } = await setUp(answer);
    await expect(list(changed)).rejects.toMatchObject({ fault: { kind } });
  });
});

describe('a channel', () => {
  const answer = { id: 'channel-1', resourceId: 'resource-1' };

  it.each([
    ['a text', String],
    ['a number', Number],
  ])('ends at the time that is stated as %s', async (_what, form) => {
    const end = Math.floor(Date.now() / hour + 2) * hour;
    const { watch } = await setUp({ body: { ...answer, expiration: form(end) } });
    expect(await watch()).toEqual({ ...answer, expiresAt: toInstant(end) });
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['the default of an integer', '0'],
    ['in another form', '2026-12-03T00:00:00Z'],
    ['after the end of all time', '99999999999999999999'],
  ])('ends when it was requested to, if the time is %s', async (_what, expiration) => {
    const expiresAt = toInstant(Date.now() + day);
    const { watch } = await setUp({ body: { ...answer, expiration } });
    expect(await watch(expiresAt)).toEqual({ ...answer, expiresAt });
  });

  it('does not last longer than requested', async () => {
    const expiresAt = toInstant(Date.now() + hour);
    const { watch } = await setUp({ body: { ...answer, expiration: toEpochMs(expiresAt) + day } });
    expect(await watch(expiresAt)).toMatchObject({ expiresAt });
  });
});

describe('a list of calendars', () => {
  const main = { id: 'ann@example.com', primary: true, accessRole: 'owner' };

  it('has those that can be read', async () => {
    const items = [
      { id: 'choir', summary: 7, accessRole: null, deleted: 'no' },
      null,
      { summary: 'x' },
      main,
    ];
    const { calendars, requests } = await setUp({ body: { items, nextPageToken: '' } });
    expect(await calendars()).toEqual([
      { calendarId: 'primary', alias: main.id, name: '', isMain: true, isWritable: true },
      { calendarId: 'choir', name: '', isMain: false, isWritable: false },
    ]);
    expect(requests()).toBe(1);
  });
});

describe('a free/busy query', () => {
  it('takes a calendar with an error that cannot be read for unreadable', async () => {
    const { freeBusy } = await setUp({ body: { calendars: { primary: { busy: [], errors: [null] } } } });
    await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});
