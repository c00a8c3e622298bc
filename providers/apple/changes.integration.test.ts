/** Tests the changes of calendars at CalDAV servers of other authors. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour } from '../../domain/time/units.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import {
  type CaldavServer,
  caldavServerNames,
  type FaultyProxy,
  hasCaldavServer,
  startCaldavServer,
  startFaultyProxy,
} from '../../tests/harness/caldav-servers.ts';
import { caldavUser } from '../../tests/harness/caldav-user.ts';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { storedEtags } from '../../tests/harness/stored-events.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import type { UnreadableEvents } from '../unreadable-events.ts';
import { createCaldavCalendar } from './calendar.ts';
import { createCaldavChanges } from './changes.ts';

const since = '2026-11-30T00:00:00.000Z';
const now = () => Date.parse('2026-12-01T00:00:00.000Z');
const eventId = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const reference = 'aud_0190c8a2-1111-7222-8333-444455556666';

const single = (uid: string, start = '20261210T090000Z', ...lines: readonly string[]) =>
  calendarText(
    ...event(`UID:${uid}`, 'DTSTAMP:20261101T000000Z', `DTSTART:${start}`, 'DURATION:PT1H', ...lines),
  );

const lesson = (...lines: readonly string[]) =>
  calendarText(
    ...event(
      'UID:lesson',
      'DTSTAMP:20261101T000000Z',
      'DTSTART;TZID=Europe/Paris:20261207T100000',
      'DURATION:PT1H',
      ...lines,
    ),
  );

const setupWith =
  (server: () => CaldavServer) =>
  async ({
    pageSize = 2,
    time = now,
    proxy,
  }: {
    pageSize?: number;
    time?: () => number;
    proxy?: FaultyProxy;
  } = {}) => {
    const own = await server().createCalendar(crypto.randomUUID());
    // Some servers permit a UID in one calendar of the account only.
    onTestFinished(async () => void (await server().send('DELETE', own)));
    const calendarId = proxy ? new URL(new URL(own).pathname, proxy.url).href : own;
    const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
    onTestFinished(async () => dispatcher.destroy());
    const fetchFor = (home: URL) => createGuardedFetch(dispatcher, home);
    const unreadable: UnreadableEvents[] = [];
    const report = (events: UnreadableEvents) => unreadable.push(events);
    const changes = createCaldavChanges(fetchFor, report, { pageSize, now: time });
    const account = caldavAccount(proxy?.url ?? server().url);
    /** The stored events by id, as the database keeps them. */
    const stored = new Map<string, ListedChange>();
    const etags = () =>
      new Map([...stored.values()].map(({ series = '', event: listed }) => [series, listed?.etag]));
    const listPage = (position: ListingPosition) =>
      changes.listChanges(account, calendarId, position, callContext(), storedEtags(etags));
    /** Lists all pages and stores them, as the synchronisation does. */
    const list = async (start: ListingPosition) => {
      const found: ListedChange[] = [];
      const whole: string[] = [];
      let pages = 0;
      for (let position = start; ; ) {
        const page = await listPage(position);
        if (page.kind !== 'page') throw new Error(page.kind);
        pages += 1;
        found.push(...page.changes);
        whole.push(...(page.wholeSeries ?? []));
        for (const change of page.changes) if (change.event) stored.set(change.id, change);
        for (const { id, event: listed } of page.changes) {
          if (listed) continue;
          for (const [known, { series }] of stored) if (known === id || series === id) stored.delete(known);
        }
        if (page.nextPage === undefined) return { found, whole, pages, cursor: page.nextCursor ?? '' };
        position = { ...position, page: page.nextPage };
      }
    };
    const store = async (name: string, text: string) => {
      const answer = await server().send('PUT', `${own}${name}.ics`, text, {
        'content-type': 'text/calendar',
      });
      expect(answer.status).toBeLessThan(300);
    };
    const remove = async (name: string) => {
      const answer = await server().send('DELETE', `${own}${name}.ics`);
      expect(answer.status).toBeLessThan(300);
    };
    const provider = createCaldavCalendar(fetchFor, report);
    const write = (revision: number, start: string) =>
      provider.putEvent(
        account,
        {
          calendarId,
          eventId,
          reference,
          use: { name: 'ada', key: `key-${revision}` },
          summary: 'Audition',
          description: '',
          slot: {
            start: toInstant(Date.parse(start)),
            end: toInstant(Date.parse(start) + hour / 2),
            zone: 'Europe/Paris',
          },
          revision,
        },
        callContext(),
      );
    return { calendarId, own, list, listPage, store, remove, write, unreadable };
  };

/** Returns a token of the same form that the server has never given: another hash, or a later number. */
const unknownTokenLike = (token: string): string =>
  /[0-9a-f]{20}/.test(token)
    ? token.replaceAll(/[0-9a-f]{20}/g, 'deadbeefdeadbeefdead')
    : token.replace(/\d+$/, '999999');

const ids = (found: readonly ListedChange[]) => found.map(({ id }) => id).sort();
const startsOf = (found: readonly ListedChange[]) =>
  found.flatMap(({ event: listed }) => (listed ? [listed.start.slice(0, 16)] : [])).sort();

/** A server that knows no sync-collection: its tokens are removed from its answers. */
const startServerWithoutTokens = async (target: string): Promise<FaultyProxy> => {
  const proxy = await startFaultyProxy(target);
  onTestFinished(() => proxy.close());
  proxy.intercept = async (incoming, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { authorization, depth, 'content-type': type } = incoming.headers;
    const answer = await fetch(new URL(incoming.url ?? '/', target), {
      method: incoming.method ?? 'GET',
      headers: {
        ...(authorization && { authorization }),
        ...(typeof depth === 'string' && { depth }),
        ...(type && { 'content-type': type }),
      },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const text = (await answer.text()).replaceAll(/<(\w+:)?sync-token[^>]*>[^<]*<\/(\w+:)?sync-token>/g, '');
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(text);
  };
  return proxy;
};

describe.each(caldavServerNames)('changes of calendars at %s', (program) => {
  describe.skipIf(!hasCaldavServer(program))(`(tests/harness/caldav-servers.ts: ${program})`, () => {
    let server: CaldavServer;
    beforeAll(async () => {
      server = await startCaldavServer(program);
    });
    afterAll(() => server.close());
    const setup = setupWith(() => server);
    const hasNoTokens = program === 'go-webdav';

    it('are all events in pages first, then only what has changed', async () => {
      const { list, store, remove, write } = await setup();
      for (const uid of ['one', 'two', 'three']) await store(uid, single(uid));
      await store('past', single('past', '20200110T090000Z'));
      const all = await list({ kind: 'all', since });
      expect(ids(all.found)).toEqual(['one', 'three', 'two']);
      expect(all.pages).toBe(2);
      expect(all.found[0]).toMatchObject({
        event: {
          start: '2026-12-10T09:00:00.000Z',
          end: '2026-12-10T10:00:00.000Z',
          isAllDay: false,
          busy: 'busy',
        },
      });

      expect((await list({ kind: 'changes', cursor: all.cursor })).found).toEqual([]);
      await write(1, '2026-12-11T09:00:00Z');
      await store('two', single('two', '20261212T090000Z', 'TRANSP:TRANSPARENT'));
      await remove('three');
      const { found, cursor } = await list({ kind: 'changes', cursor: all.cursor });
      expect(found.filter(({ event: listed }) => listed)).toMatchObject([
        { id: eventId, series: `/${eventId}.ics`, mark: { eventId, reference, revision: 1 } },
        { id: 'two', event: { start: '2026-12-12T09:00:00.000Z', busy: 'free' } },
      ]);
      expect(found.filter(({ event: listed }) => !listed)).toEqual([
        { id: '/three.ics' },
        { id: 'three', series: '/three.ics' },
      ]);
      expect((await list({ kind: 'changes', cursor })).found).toEqual([]);
    });

    it('list a series occurrence by occurrence, again as a whole after an edit', async () => {
      const { list, store } = await setup();
      await store('lesson', lesson('RRULE:FREQ=WEEKLY;COUNT=3'));
      const all = await list({ kind: 'all', since });
      expect(startsOf(all.found)).toEqual(['2026-12-07T09:00', '2026-12-14T09:00', '2026-12-21T09:00']);
      expect(ids(all.found)).toEqual(['lesson', 'lesson/2026-12-14T10:00:00', 'lesson/2026-12-21T10:00:00']);
      expect(all.found[0]).toMatchObject({ event: { zone: 'Europe/Paris' } });

      const moved = [
        ...event(
          'UID:lesson',
          'DTSTAMP:20261101T000000Z',
          'DTSTART;TZID=Europe/Paris:20261207T100000',
          'DURATION:PT1H',
          'RRULE:FREQ=WEEKLY;COUNT=3',
          'EXDATE;TZID=Europe/Paris:20261221T100000',
        ),
        ...event(
          'UID:lesson',
          'DTSTAMP:20261101T000000Z',
          'RECURRENCE-ID;TZID=Europe/Paris:20261214T100000',
          'DTSTART;TZID=Europe/Paris:20261215T150000',
          'DURATION:PT1H',
        ),
      ];
      await store('lesson', calendarText(...moved));
      const changed = await list({ kind: 'changes', cursor: all.cursor });
      expect(ids(changed.found)).toEqual(['lesson', 'lesson/2026-12-14T10:00:00']);
      expect(startsOf(changed.found)).toEqual(['2026-12-07T09:00', '2026-12-15T14:00']);
      expect(changed.whole).toEqual(['/lesson.ics']);
    });

    it('list a series without end within a window, which expires before it is too short', async () => {
      let days = 0;
      const { list, listPage, store } = await setup({ time: () => now() + days * day });
      await store('nightly', single('nightly', '20261101T200000Z', 'RRULE:FREQ=DAILY'));
      const all = await list({ kind: 'all', since });
      expect(startsOf(all.found).at(-1)).toBe('2028-01-04T20:00');
      days = 29;
      expect(await listPage({ kind: 'changes', cursor: all.cursor })).toMatchObject({ kind: 'page' });
      days = 31;
      expect(await listPage({ kind: 'changes', cursor: all.cursor })).toEqual({ kind: 'cursor_expired' });
      const again = await list({ kind: 'all', since });
      expect(startsOf(again.found).at(-1)).toBe('2028-02-04T20:00');
    });

    // Radicale accepts no such resource.
    it.skipIf(program === 'radicale')(
      'of a dense resource are limited, and the others are listed',
      async () => {
        const { list, store, unreadable } = await setup();
        const dense = Array.from({ length: 8 }, (_, at) =>
          event(
            'UID:dense',
            'DTSTAMP:20261101T000000Z',
            `DTSTART:20260101T00${String(at).padStart(2, '0')}00Z`,
            'DURATION:PT1M',
            'RRULE:FREQ=MINUTELY;INTERVAL=61',
          ),
        );
        await store('dense', calendarText(...dense.flat()));
        await store('one', single('one'));
        const { found, whole } = await list({ kind: 'all', since });
        expect(found.length).toBeLessThan(10_050);
        expect(whole).toEqual(['/dense.ics', '/one.ics']);
        expect(ids(found)).toContain('one');
        expect(unreadable).toMatchObject([{ faults: ['too_many_occurrences: RRULE'], count: 7 }]);
      },
    );

    // DAViCal answers an unknown token like an empty one (`unknown-tokens.integration.test.ts`).
    it.skipIf(hasNoTokens || program === 'davical')(
      'report an unknown cursor, page or token as expired',
      async () => {
        const { list, listPage, store } = await setup();
        await store('one', single('one'));
        const { cursor } = await list({ kind: 'all', since });
        const expired = { kind: 'cursor_expired' };
        expect(await listPage({ kind: 'changes', cursor: 'of another version' })).toEqual(expired);
        expect(await listPage({ kind: 'all', since, page: 'of another version' })).toEqual(expired);
        const { token } = JSON.parse(cursor);
        const unknown = cursor.replace(token, unknownTokenLike(token));
        expect(await listPage({ kind: 'changes', cursor: unknown })).toEqual(expired);
      },
    );

    it.skipIf(hasNoTokens)('continue a listing in another process without a gap', async () => {
      const first = await setup();
      for (const uid of ['a', 'b', 'c', 'd']) await first.store(uid, single(uid));
      const page = await first.listPage({ kind: 'all', since });
      if (page.kind !== 'page') throw new Error(page.kind);
      expect(ids(page.changes)).toEqual(['a', 'b']);
      await first.store('a', single('a', '20261220T090000Z'));
      const other = await setupWith(() => ({ ...server, createCalendar: async () => first.own }))({});
      const rest = await other.list({ kind: 'all', since, page: page.nextPage });
      expect(ids(rest.found)).toEqual(['c', 'd']);
      const changed = await other.list({ kind: 'changes', cursor: rest.cursor });
      expect(startsOf(changed.found)).toEqual(['2026-12-20T09:00']);
    });

    it('contain the answer of the owner to our event, until it is written for another time', async () => {
      const { list, write, store, own } = await setup();
      await write(1, '2026-12-10T09:00:00Z');
      const { cursor } = await list({ kind: 'all', since });
      const text = await (await server.send('GET', `${own}${eventId}.ics`)).text();
      const attendee = `ATTENDEE;PARTSTAT=DECLINED:mailto:${caldavUser.username}`;
      await store(eventId, text.replace('END:VEVENT', `${attendee}\r\nEND:VEVENT`));
      const answered = await list({ kind: 'changes', cursor });
      expect(answered.found).toMatchObject([
        { id: eventId, event: { answer: { given: 'declined', endsWithRevision: true } } },
      ]);
      await write(2, '2026-12-11T09:00:00Z');
      const moved = await list({ kind: 'changes', cursor: answered.cursor });
      expect(moved.found).toMatchObject([{ id: eventId, mark: { revision: 2 } }]);
      expect(moved.found[0]?.event?.answer).toBeUndefined();
    });

    it('of a calendar that vanished are a fault', async () => {
      const { list, listPage, store, own } = await setup();
      await store('one', single('one'));
      const { cursor } = await list({ kind: 'all', since });
      await server.send('DELETE', own);
      await expect(listPage({ kind: 'all', since })).rejects.toMatchObject({
        fault: { kind: 'not_found' },
      });
      const changes = listPage({ kind: 'changes', cursor });
      await expect(changes).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    });

    it.skipIf(hasNoTokens)(
      'of a server without sync-collection are found by the CTag and the etags',
      async () => {
        const proxy = await startServerWithoutTokens(server.url);
        const { list, store, remove } = await setup({ proxy });
        for (const uid of ['one', 'two', 'three']) await store(uid, single(uid));
        const all = await list({ kind: 'all', since });
        expect(JSON.parse(all.cursor)).not.toHaveProperty('token');
        proxy.requests.length = 0;
        expect((await list({ kind: 'changes', cursor: all.cursor })).found).toEqual([]);
        expect(proxy.requests).toHaveLength(1);

        await store('two', single('two', '20261212T090000Z'));
        await store('four', single('four'));
        await remove('three');
        const { found, cursor } = await list({ kind: 'changes', cursor: all.cursor });
        expect(ids(found)).toEqual(['/three.ics', 'four', 'three', 'two']);
        expect((await list({ kind: 'changes', cursor })).found).toEqual([]);
      },
    );
  });
});
