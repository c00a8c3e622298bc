import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toInstant } from '../../domain/time/epoch.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { calendarEvent, calendarId, setUpGoogleCalendar, slot } from '../../tests/harness/google-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import { createGoogleChanges } from './changes.ts';
import { googleError } from './errors.ts';

const since = '2026-01-01T00:00:00.000Z';

const setup = async (pageSize = 2) => {
  const google = await setUpGoogleCalendar({ google: { timeZone: 'Europe/Paris' } });
  const changes = createGoogleChanges(google.client, { pageSize });
  const listPage = (position: ListingPosition) =>
    changes.listChanges(google.connection, calendarId, position, callContext(), nothingStored);
  /** Lists all pages, as the synchronisation does. */
  const list = async (start: ListingPosition) => {
    const found: ListedChange[] = [];
    for (let position = start; ; ) {
      const page = await listPage(position);
      if (page.kind !== 'page') throw new Error(page.kind);
      found.push(...page.changes.filter(({ isPartial }) => !isPartial));
      if (page.nextPage === undefined) return { found, cursor: page.nextCursor ?? '' };
      position = { ...position, page: page.nextPage };
    }
  };
  const busy = (day: string, change: object = {}) =>
    google.control.addBusy({
      account: calendarId,
      start: `${day}T09:00:00Z`,
      end: `${day}T10:00:00Z`,
      ...change,
    });
  /** Lists from a Google that answers with an error. */
  const listRejected = (status: number, position: ListingPosition) => {
    const reject = (operation: ProviderOperation) =>
      Promise.reject(googleError(operation, { status, message: 'rejected' }));
    const rejecting = createGoogleChanges({
      exchange: reject,
      exchangeWithDirectory: reject,
      exchangeWithMeet: reject,
      exchangeWithDrive: reject,
    });
    return rejecting.listChanges(google.connection, calendarId, position, callContext(), nothingStored);
  };
  return { ...google, changes, list, listPage, listRejected, busy };
};

describe('listChanges', () => {
  it('lists all events in pages, then only what has changed', async () => {
    const { list, busy, calendar, connection } = await setup();
    busy('2026-12-01');
    busy('2026-12-02');
    busy('2026-12-03');
    const all = await list({ kind: 'all', since });
    expect(all.found).toHaveLength(3);
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const changed = await list({ kind: 'changes', cursor: all.cursor });
    expect(changed.found).toMatchObject([
      {
        id: calendarEvent().eventId,
        mark: { eventId: calendarEvent().eventId, reference: 'aud_ophelia', revision: 1 },
        event: { start: slot.start, end: slot.end, isAllDay: false, busy: 'busy' },
      },
    ]);
    expect((await list({ kind: 'changes', cursor: changed.cursor })).found).toEqual([]);
  });

  it('reads days in the zone of the calendar, and what does not block time as free', async () => {
    const { list, busy } = await setup();
    busy('2026-12-01', { start: '2026-12-01', end: '2026-12-02' });
    busy('2026-12-03', { transparency: 'transparent' });
    busy('2026-12-04', { answer: 'tentative' });
    busy('2026-12-05', { answer: 'declined' });
    const { found } = await list({ kind: 'all', since });
    expect(found.map(({ event }) => event)).toMatchObject([
      { start: '2026-11-30T23:00:00.000Z', end: '2026-12-01T23:00:00.000Z', isAllDay: true, busy: 'busy' },
      { busy: 'free' },
      { busy: 'tentative' },
      { busy: 'free' },
    ]);
  });

  it('lists a deleted event without its times', async () => {
    const { list, calendar, connection } = await setup();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const { cursor } = await list({ kind: 'all', since });
    const deletion = { ...calendarEvent(), keys: ['event:ada'] };
    await calendar.deleteEvent(connection, deletion, callContext());
    const { found } = await list({ kind: 'changes', cursor });
    expect(found).toEqual([
      { id: calendarEvent().eventId, series: undefined, event: undefined, mark: undefined },
    ]);
  });

  it('reports an expired cursor, and an unknown page', async () => {
    const { list, listPage, control } = await setup();
    const { cursor } = await list({ kind: 'all', since });
    expect(await listPage({ kind: 'changes', cursor, page: 'unknown' })).toEqual({ kind: 'cursor_expired' });
    control.expireSyncTokens();
    expect(await listPage({ kind: 'changes', cursor })).toEqual({ kind: 'cursor_expired' });
  });

  it('lists an event of ours that a person has repeated, and its instances with the mark', async () => {
    const { list, calendar, connection, client } = await setup(100);
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const { cursor } = await list({ kind: 'all', since });
    await client.exchange(
      { provider: 'google', name: 'test', writes: true },
      connection,
      callContext(),
      z.unknown(),
      (library, options) =>
        library.events.patch(
          {
            calendarId,
            eventId: calendarEvent().eventId,
            requestBody: { recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] },
          },
          options,
        ),
    );
    const { eventId } = calendarEvent();
    const mark = { eventId, reference: 'aud_ophelia', revision: 1 };
    for (const position of [
      { kind: 'changes', cursor },
      { kind: 'all', since },
    ] as const) {
      const { found } = await list(position);
      expect(found).toMatchObject([
        { series: eventId, mark, event: { start: slot.start } },
        { series: eventId, mark },
        { series: eventId, mark },
        { id: eventId, series: eventId, mark, event: { start: slot.start, end: slot.end } },
      ]);
    }
    await calendar.deleteEvent(connection, { ...calendarEvent(), keys: ['event:ada'] }, callContext());
    await calendar.putEvent(connection, calendarEvent({ revision: 2 }), callContext());
    expect((await list({ kind: 'all', since })).found).toMatchObject([{ id: eventId, series: undefined }]);
  });

  it.each([
    [400, { kind: 'changes', cursor: 'c' }],
    [410, { kind: 'changes', cursor: 'c', page: 'p' }],
    [410, { kind: 'all', since, page: 'p' }],
    [400, { kind: 'all', since, page: 'p' }],
  ] as const)('reports a token as expired that is rejected with %i', async (status, position) => {
    const { listRejected } = await setup();
    expect(await listRejected(status, position)).toEqual({ kind: 'cursor_expired' });
  });

  it('throws the rejection of a listing without a token: another one helps no more', async () => {
    const { listRejected } = await setup();
    await expect(listRejected(400, { kind: 'all', since })).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
    });
  });

  it('throws the fault of a calendar that does not exist', async () => {
    const { changes, connection } = await setup();
    const listing = changes.listChanges(
      connection,
      'unknown',
      { kind: 'all', since },
      callContext(),
      nothingStored,
    );
    await expect(listing).rejects.toMatchObject({ fault: { kind: 'not_found' }, connection: 'conn_1' });
  });
});

describe('an event of ours that is written again while it is listed', () => {
  it('has no edited text: its texts and their mark are read together', async () => {
    const { calendar, connection, listPage, list } = await setup();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const first = await listPage({ kind: 'all', since });
    const page = first.kind === 'page' ? first.nextPage : undefined;
    await calendar.putEvent(
      connection,
      calendarEvent({ revision: 2, summary: 'Audition: Gertrude' }),
      callContext(),
    );
    const { found } = await list({ kind: 'all', since, page });
    expect(found).toMatchObject([{ mark: { revision: 2, edited: [] } }]);
  });
});

describe('a Google calendar that is deleted while a page of it is read', () => {
  it('has neither deleted events nor rooms without an answer', async () => {
    const { connection } = await setup();
    const operation = { provider: 'google', name: 'calendar.listChanges', writes: false } as const;
    const notFound = googleError(operation, { status: 404, code: 'notFound', message: 'gone' });
    const reject = () => Promise.reject(notFound);
    let isGone = true;
    let requests = 0;
    const vanishing = createGoogleChanges({
      exchange: async (_operation, _connection, _call, answer) => {
        requests += 1;
        const isRead = requests === 1 || (requests === 3 && !isGone);
        if (!isRead) throw notFound;
        return answer.parse({
          nextSyncToken: 'next',
          items: [
            {
              id: 'ours',
              start: { dateTime: since },
              end: { dateTime: since },
              extendedProperties: { private: { castmatchRoom: 'studio@example.com' } },
            },
          ],
        });
      },
      exchangeWithDirectory: reject,
      exchangeWithMeet: reject,
      exchangeWithDrive: reject,
    });
    const list = async () => {
      const position = { kind: 'all', since } as const;
      const first = await vanishing.listChanges(
        connection,
        calendarId,
        position,
        callContext(),
        nothingStored,
      );
      const page = first.kind === 'page' ? first.nextPage : undefined;
      return vanishing.listChanges(
        connection,
        calendarId,
        { ...position, page },
        callContext(),
        nothingStored,
      );
    };
    await expect(list()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    expect(requests).toBe(3);
    [isGone, requests] = [false, 0];
    // The event was deleted. The next listing says so.
    expect(await list()).toMatchObject({ changes: [], nextCursor: 'next' });
  });
});

describe('watch', () => {
  it('opens a channel with our id and address, which stopWatching ends, also repeatedly', async () => {
    const { changes, connection, control } = await setup();
    const expiresAt = toInstant(Date.now() + 3_600_000);
    const request = {
      calendarId,
      id: crypto.randomUUID(),
      secret: 'secret-1',
      address: 'http://127.0.0.1:9/v1/webhooks/google',
      expiresAt,
    };
    const watch = await changes.push?.watch(connection, request, callContext());
    expect(watch).toMatchObject({ id: request.id, expiresAt });
    expect(control.state().google.channels).toMatchObject([
      { id: request.id, calendarId, address: request.address },
    ]);
    const stop = () => changes.push?.stopWatching(connection, watch ?? { id: '' }, callContext());
    await stop();
    await stop();
    expect(control.state().google.channels).toEqual([]);
  });
});
