/** Tests that one odd event of Google does not hide the others. */
import { describe, expect, it } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { UnreadableEvents } from '../unreadable-events.ts';
import { queryBusyEvents } from './busy-events.ts';
import { createGoogleChanges } from './changes.ts';
import type { GoogleClient } from './client.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' } as const;

const setup = (items: readonly unknown[], page: object = {}) => {
  const client: GoogleClient = {
    exchange: async (_operation, _connection, _call, answer) =>
      answer.parse({ timeZone: 'America/New_York', nextSyncToken: 'next', ...page, items }),
    exchangeWithDirectory: () => Promise.reject(new Error('no request is expected')),
    exchangeWithMeet: () => Promise.reject(new Error('no request is expected')),
    exchangeWithDrive: () => Promise.reject(new Error('no request is expected')),
  };
  const reported: UnreadableEvents[] = [];
  const report = (events: UnreadableEvents) => reported.push(events);
  const connection = caldavAccount('http://google.test');
  const busy = async () =>
    (await queryBusyEvents(client, connection, 'primary', window, callContext(), report)).map(
      ({ start, end }) => `${start.slice(0, 16)} ${end.slice(0, 16)}`,
    );
  const list = async () => {
    const position = { kind: 'all', since: window.from } as const;
    const changes = createGoogleChanges(client, { pageSize: 10, reportUnreadable: report });
    const answer = await changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
    if (answer.kind !== 'page') throw new Error(answer.kind);
    return answer.changes;
  };
  const leftOut = async () => {
    const position = { kind: 'all', since: window.from } as const;
    const changes = createGoogleChanges(client, { pageSize: 10 });
    const answer = await changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
    return answer.kind === 'page' ? answer.leftOut : undefined;
  };
  return { busy, list, leftOut, faults: () => reported.map(({ count, faults }) => ({ count, faults })) };
};

const sound = {
  id: 'sound',
  start: { dateTime: '2026-12-01T10:00:00-05:00' },
  end: { dateTime: '2026-12-01T11:00:00-05:00' },
};
const soundTime = '2026-12-01T15:00 2026-12-01T16:00';

describe('a time of Google', () => {
  it.each([
    ['with an offset', { dateTime: '2026-12-01T10:00:00+01:00' }, '2026-12-01T09:00'],
    ['in UTC', { dateTime: '2026-12-01T09:00:00Z' }, '2026-12-01T09:00'],
    [
      'with an offset and a zone',
      { dateTime: '2026-12-01T10:00:00+01:00', timeZone: 'Asia/Tokyo' },
      '2026-12-01T09:00',
    ],
    [
      'without an offset, in its zone',
      { dateTime: '2026-12-01T18:00:00', timeZone: 'Asia/Tokyo' },
      '2026-12-01T09:00',
    ],
    [
      'without an offset, in the calendar',
      { dateTime: '2026-12-01T04:00:00', timeZone: null },
      '2026-12-01T09:00',
    ],
    [
      'without an offset, in an unknown zone',
      { dateTime: '2026-12-01T04:00:00', timeZone: 'Middle/Earth' },
      '2026-12-01T09:00',
    ],
  ])('%s is read', async (_what, start, expected) => {
    const end = { dateTime: '2026-12-01T12:00:00Z' };
    const { busy, list } = setup([{ ...sound, start, end }]);
    expect(await busy()).toEqual([`${expected} 2026-12-01T12:00`]);
    expect((await list()).map(({ event }) => event?.start.slice(0, 16))).toEqual([expected]);
  });

  it.each([
    ['garbage', { dateTime: 'garbage' }],
    ['empty', {}],
    ['null', null],
    ['missing', undefined],
    ['a day that does not exist', { date: '2026-02-30' }],
    ['a year that no calendar has', { dateTime: '+275000-01-01T00:00:00Z' }],
  ])('that is %s is a fault of its event', async (_what, end) => {
    const { busy, list, leftOut, faults } = setup([{ ...sound, id: 'odd', end }, sound]);
    expect(await busy()).toEqual([soundTime]);
    // No deletion: what is stored of the event stays.
    expect((await list()).map(({ id }) => id)).toEqual(['sound']);
    expect((await leftOut())?.events).toEqual([{ by: 'id', id: 'odd' }]);
    const fault = { count: 1, faults: ['unreadable_event: time'] };
    expect(faults()).toEqual([fault, fault]);
  });
});

describe('an odd event of Google', () => {
  it('that ends before it starts blocks no time, and is listed', async () => {
    const end = { dateTime: '2026-12-01T09:00:00-05:00' };
    const { busy, list } = setup([{ ...sound, id: 'odd', end }, sound]);
    expect(await busy()).toEqual([soundTime]);
    expect((await list()).map(({ id, event }) => [id, event?.start === event?.end])).toEqual([
      ['odd', true],
      ['sound', false],
    ]);
  });

  it('without an id is left out and reported', async () => {
    const { busy, list, leftOut, faults } = setup([null, 'text', { ...sound, id: 7 }, sound]);
    expect(await busy()).toEqual([soundTime]);
    expect((await list()).map(({ id }) => id)).toEqual(['sound']);
    expect((await leftOut())?.events).toEqual([{ by: 'unknown' }, { by: 'unknown' }, { by: 'unknown' }]);
    expect(faults().map(({ count }) => count)).toEqual([3, 3]);
  });

  it('with fields that are null or of another form blocks its time', async () => {
    const odd = {
      ...sound,
      status: null,
      transparency: 7,
      eventType: null,
      attendees: [{ email: null, self: 'yes', responseStatus: null }, null],
      extendedProperties: { private: { castmatchReference: 7 } },
      etag: null,
      recurringEventId: null,
    };
    const { busy, list, faults } = setup([odd], { nextPageToken: null });
    expect(await busy()).toEqual([soundTime]);
    expect(await list()).toMatchObject([{ id: 'sound', event: { busy: 'busy' }, mark: undefined }]);
    expect(faults()).toEqual([]);
  });

  it('that is deleted needs no times', async () => {
    const { busy, list, faults } = setup([{ id: 'gone', status: 'cancelled', start: null, end: null }]);
    expect(await busy()).toEqual([]);
    expect(await list()).toMatchObject([{ id: 'gone', event: undefined }]);
    expect(faults()).toEqual([]);
  });
});
