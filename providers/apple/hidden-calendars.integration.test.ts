/**
 * Tests free/busy queries against CalDAV servers of other authors. Not all have the privilege `CALDAV:read-free-busy`, so a
 * proxy refuses what it does not imply (RFC 4791, section 6.1.1).
 */
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import {
  type CaldavServer,
  hasCaldavServer,
  startCaldavServer,
  startFaultyProxy,
} from '../../tests/harness/caldav-servers.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import type { HiddenTimes } from '../ports.ts';
import type { UnreadableEvents } from '../unreadable-events.ts';
import { createCaldavCalendar } from './calendar.ts';
import { createCaldavChanges } from './changes.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-08T00:00:00.000Z' } as const;
const events = [
  ['single', 'DTSTART:20261201T090000Z', 'DTEND:20261201T100000Z'],
  ['weekly', 'DTSTART:20261110T140000Z', 'DTEND:20261110T143000Z', 'RRULE:FREQ=WEEKLY'],
  ['free', 'DTSTART:20261202T090000Z', 'DTEND:20261202T100000Z', 'TRANSP:TRANSPARENT'],
  ['cancelled', 'DTSTART:20261203T090000Z', 'DTEND:20261203T100000Z', 'STATUS:CANCELLED'],
  ['tentative', 'DTSTART:20261204T090000Z', 'DTEND:20261204T100000Z', 'STATUS:TENTATIVE'],
] as const;

const eventText = (uid: string, lines: readonly string[]): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Test//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20261101T000000Z',
    'SUMMARY:Meeting',
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');

const timesOf = (answer: HiddenTimes | undefined) =>
  answer?.kind === 'times'
    ? answer.times.map(({ start, end, busy, kind }) => `${kind} ${busy} ${start} ${end}`).sort()
    : answer?.error.fault.kind;

describe.each(['radicale', 'xandikos', 'cyrus', 'davical'] as const)('%s', (program) => {
  describe.skipIf(!hasCaldavServer(program))('that shows nothing but busy times', () => {
    let server: CaldavServer;
    let calendars = 0;
    beforeAll(async () => {
      server = await startCaldavServer(program);
    });
    afterAll(() => server.close());

    const setup = async () => {
      calendars += 1;
      const stored = await server.createCalendar(`hidden${calendars}`);
      // Some servers permit a UID in one calendar of the account only.
      onTestFinished(async () => void (await server.send('DELETE', stored)));
      const proxy = await startFaultyProxy(server.url);
      const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
      onTestFinished(async () => {
        await dispatcher.destroy();
        await proxy.close();
      });
      const path = new URL(stored).pathname;
      const refusal = { status: 403 };
      proxy.intercept = async (incoming, response, pass) => {
        if (!incoming.url?.startsWith(path)) return pass();
        const body = await readText(incoming);
        const isQuery = incoming.method === 'REPORT' && body.includes('free-busy-query');
        if (!isQuery) return void response.writeHead(refusal.status).end();
        const answer = await server.send('REPORT', stored, body, { depth: '1' });
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        return void response.end(await answer.text());
      };
      const unreadable: UnreadableEvents[] = [];
      const fetchFor = (home: URL) => createGuardedFetch(dispatcher, home);
      const provider = createCaldavCalendar(fetchFor, (found) => unreadable.push(found));
      const changes = createCaldavChanges(fetchFor, (found) => unreadable.push(found));
      const account = caldavAccount(proxy.url);
      const calendarId = new URL(path, proxy.url).href;
      const store = async (uid: string, lines: readonly string[]) => {
        const type = { 'content-type': 'text/calendar' };
        const answer = await server.send('PUT', `${stored}${uid}.ics`, eventText(uid, lines), type);
        expect(answer.status).toBeLessThan(300);
      };
      const query = async (ids: readonly string[] = [calendarId]) => {
        const asked = ids.map((id) => ({ calendarId: id, isRoom: false }));
        const answers = await provider.hidden?.busyTimes(account, asked, window, callContext());
        return (answers ?? []).map(timesOf);
      };
      const list = () =>
        changes.listChanges(
          account,
          calendarId,
          { kind: 'all', since: '2026-11-30T00:00:00.000Z' },
          callContext(),
          nothingStored,
        );
      const freeBusy = () => provider.freeBusy(account, [calendarId], window, callContext());
      return { store, query, list, freeBusy, refusal, calendarId, unreadable };
    };

    it('answers a free/busy query, and refuses to list its events', async () => {
      const { store, query, list, unreadable } = await setup();
      for (const [uid, ...lines] of events) await store(uid, lines);
      expect(await query()).toEqual([
        [
          'merged busy 2026-12-01T09:00:00.000Z 2026-12-01T10:00:00.000Z',
          'merged busy 2026-12-01T14:00:00.000Z 2026-12-01T14:30:00.000Z',
          'merged tentative 2026-12-04T09:00:00.000Z 2026-12-04T10:00:00.000Z',
        ],
      ]);
      expect(unreadable).toEqual([]);
      await expect(list()).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
    });

    it('is read for a search of free slots', async () => {
      const { store, freeBusy } = await setup();
      const [[uid, ...lines]] = events;
      await store(uid, lines);
      expect(await freeBusy()).toEqual([
        { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T10:00:00.000Z' },
      ]);
    });

    it('is free without events', async () => {
      const { query } = await setup();
      expect(await query()).toEqual([[]]);
    });

    it('can pretend that the calendar does not exist', async () => {
      const { list, refusal } = await setup();
      refusal.status = 404;
      await expect(list()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    });

    it('reports a calendar that does not exist without failing the others', async () => {
      const { query, calendarId } = await setup();
      const [found, gone] = await query([calendarId, calendarId.replace(/hidden/, 'gone')]);
      expect(found).toEqual([]);
      expect(gone).toMatch(/not_found|rejected_input|not_permitted/);
    });
  });
});
