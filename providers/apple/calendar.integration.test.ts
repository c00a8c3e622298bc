/** Tests the calendars against CalDAV servers of other authors. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import {
  type CaldavServer,
  caldavServerNames,
  hasCaldavServer,
  startCaldavServer,
  startFaultyProxy,
} from '../../tests/harness/caldav-servers.ts';
import { caldavUser } from '../../tests/harness/caldav-user.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import type { CalendarEvent } from '../ports.ts';
import type { UnreadableEvents } from '../unreadable-events.ts';
import { createCaldavCalendar } from './calendar.ts';

const eventId = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const reference = 'aud_0190c8a2-1111-7222-8333-444455556666';
const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const later = { ...slot, start: '2026-12-02T14:00:00.000Z', end: '2026-12-02T14:30:00.000Z' } as const;
const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;

const eventIn = (calendarId: string, change: Partial<CalendarEvent> = {}): CalendarEvent => ({
  calendarId,
  eventId,
  reference,
  use: { name: 'ada', key: 'key-1' },
  summary: 'Audition: Captain, "Nightfall"; first round',
  description: 'Bring the sides.\nÉtage 3 \\ left',
  slot,
  revision: 1,
  ...change,
});

const text = (...lines: readonly string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n');

const meeting = (uid: string, ...lines: readonly string[]): string =>
  text('BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20261101T000000Z', 'SUMMARY:Meeting', ...lines, 'END:VEVENT');

const setupWith = (server: () => CaldavServer) => {
  let calendars = 0;
  return async (properties?: string) => {
    calendars += 1;
    const calendarId = await server().createCalendar(`cal${calendars}`, properties);
    // Some servers permit a UID in one calendar of the account only.
    onTestFinished(async () => void (await server().send('DELETE', calendarId)));
    const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
    onTestFinished(async () => dispatcher.destroy());
    const rejections: string[] = [];
    const unreadable: UnreadableEvents[] = [];
    const provider = createCaldavCalendar(
      (home) => createGuardedFetch(dispatcher, home),
      (events) => unreadable.push(events),
    );
    const account = (serverUrl = server().url, password: string = caldavUser.password) =>
      caldavAccount(serverUrl, { password, onRejected: () => rejections.push('rejected') });
    const stored = async () => (await server().resources(calendarId)).map((resource) => resource.text);
    const put = (change: Partial<CalendarEvent> = {}) =>
      provider.putEvent(account(), eventIn(calendarId, change), callContext());
    const remove = (...keys: readonly string[]) =>
      provider.deleteEvent(account(), { calendarId, eventId, reference, keys }, callContext());
    const busy = async (window: { from: `${string}Z`; until: `${string}Z` } = december) =>
      provider.busyEvents(account(), calendarId, window, callContext());
    /** Stores an event as another program does. */
    const store = async (uid: string, data: string) => {
      const answer = await server().send('PUT', `${calendarId}${uid}.ics`, data, {
        'content-type': 'text/calendar',
      });
      expect(answer.status).toBeLessThan(300);
    };
    const name = `cal${calendars}`;
    return { calendarId, name, provider, account, stored, put, remove, busy, store, rejections, unreadable };
  };
};

const valueOf = (data: string | undefined, name: string) =>
  new RegExp(`^${name}[^:\\r\\n]*:(.*)$`, 'm').exec(data ?? '')?.[1]?.trim();

describe.each(caldavServerNames)('calendars at %s', (program) => {
  describe.skipIf(!hasCaldavServer(program))(`(tests/harness/caldav-servers.ts: ${program})`, () => {
    let server: CaldavServer;
    beforeAll(async () => {
      server = await startCaldavServer(program);
    });
    afterAll(() => server.close());
    const setup = setupWith(() => server);

    it('hold one event however often it is written', async () => {
      const { put, stored, busy } = await setup();
      expect(await put()).toEqual({ eventId });
      const [first] = await stored();
      expect(await put()).toEqual({ eventId });
      expect(await stored()).toEqual([first]);
      expect(valueOf(first, 'UID')).toBe(eventId);
      expect(valueOf(first, 'DTSTART')).toBe('20261201T090000Z');
      expect(await busy()).toEqual([{ busy: 'busy', start: slot.start, end: slot.end, eventId, reference }]);
    });

    it('move an event, raise its SEQUENCE, and keep what others have added', async () => {
      const { put, stored, store, busy } = await setup();
      await put();
      const [written = ''] = await stored();
      const added = [
        'X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC',
        'ATTENDEE;CN="Lee, Ann";PARTSTAT=ACCEPTED:mailto:lee@example.com',
        'BEGIN:VALARM',
        'ACTION:DISPLAY',
        'DESCRIPTION:Leave now',
        'TRIGGER:-PT30M',
        'END:VALARM',
      ];
      await store(eventId, written.replace('END:VEVENT', [...added, 'END:VEVENT'].join('\r\n')));
      await put({ slot: later, revision: 2, use: { name: 'ada', key: 'key-2' } });
      const resources = await stored();
      expect(resources).toHaveLength(1);
      const [moved = ''] = resources;
      for (const line of added) expect(moved).toContain(line.split(':')[0]);
      expect(moved).toContain('DESCRIPTION:Leave now');
      expect(Number(valueOf(moved, 'SEQUENCE'))).toBeGreaterThan(Number(valueOf(written, 'SEQUENCE')));
      expect(valueOf(moved, 'CREATED')).toBe(valueOf(written, 'CREATED'));
      expect(await busy()).toMatchObject([{ start: later.start, end: later.end }]);
    });

    it('keep the description that a person has edited until ours is another one', async () => {
      const { put, stored, store } = await setup();
      const description = async () => valueOf((await stored())[0], 'DESCRIPTION');
      await put({ description: 'First round', location: 'Room 1' });
      const [written = ''] = await stored();
      await store(eventId, written.replace('DESCRIPTION:First round', 'DESCRIPTION:Bring a hat'));
      const same = { description: 'First round', slot: later } as const;
      await put({ ...same, location: 'Room 1', revision: 2 });
      await put({ ...same, location: 'Room 2', revision: 3 });
      expect(await description()).toBe('Bring a hat');
      expect(valueOf((await stored())[0], 'LOCATION')).toBe('Room 2');
      await put({ slot: later, location: 'Room 2', description: 'Second round', revision: 4 });
      expect(await description()).toBe('Second round');
    });

    it('keep a description empty that a person has removed, until ours is another one', async () => {
      const { put, stored, store } = await setup();
      const description = async () => valueOf((await stored())[0], 'DESCRIPTION');
      await put({ description: 'First round' });
      const [written = ''] = await stored();
      await store(eventId, written.replace(/^DESCRIPTION:First round\r?\n/m, ''));
      await put({ description: 'First round', slot: later, revision: 2 });
      expect(await description()).toBeUndefined();
      await put({ description: 'Second round', slot: later, revision: 3 });
      expect(await description()).toBe('Second round');
    });

    it('return the edit of a person that is written over, unless it is known', async () => {
      const { calendarId, put, stored, store } = await setup();
      await put();
      const known = { times: [slot], isPresent: true };
      await put({ slot: later, revision: 2, known });
      await store(eventId, (await stored())[0]?.replaceAll('20261202T14', '20261203T09') ?? '');
      expect(await put({ revision: 3, known: { ...known, times: [later] } })).toMatchObject({
        overwrote: { kind: 'moved', start: '2026-12-03T09:00:00.000Z', end: '2026-12-03T09:30:00.000Z' },
      });
      await server.send('DELETE', `${calendarId}${eventId}.ics`);
      expect(await put({ revision: 4, known })).toMatchObject({ overwrote: { kind: 'deleted' } });
    });

    it('do not return to an earlier revision', async () => {
      const { put, busy } = await setup();
      await put({ slot: later, revision: 2 });
      await put({ revision: 1 });
      expect(await busy()).toMatchObject([{ start: later.start }]);
    });

    it('keep an event until its last use ends', async () => {
      const { put, remove, busy } = await setup();
      await put();
      await put({ use: { name: 'carl', key: 'key-2' } });
      expect(await remove('key-of-another-step')).toBe('absent');
      expect(await remove('key-1')).toBe('deleted');
      expect(await busy()).toHaveLength(1);
      expect(await remove('key-2')).toBe('deleted');
      expect(await remove('key-2')).toBe('absent');
      expect(await busy()).toEqual([]);
    });

    it('that their owner has deleted have no event to remove, and cannot be written', async () => {
      const { calendarId, put, remove } = await setup();
      await put();
      expect((await server.send('DELETE', calendarId)).status).toBeLessThan(300);
      expect(await remove('key-1')).toBe('absent');
      await expect(put()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    });

    it('get the event again after a person has deleted it', async () => {
      const { calendarId, put, stored } = await setup();
      await put();
      await server.send('DELETE', `${calendarId}${eventId}.ics`);
      await put({ slot: later, revision: 2 });
      expect(await stored()).toHaveLength(1);
    });

    it('never change an event of another program under our id', async () => {
      const { put, remove, store, stored } = await setup();
      await store(
        eventId,
        meeting(
          eventId,
          'DTSTART:20261201T090000Z',
          'DTEND:20261201T100000Z',
          'X-CASTMATCH-REFERENCE:another',
        ),
      );
      const before = await stored();
      await expect(put()).rejects.toMatchObject({
        fault: { kind: 'conflict' },
        vendor: { code: 'event_of_another' },
      });
      expect(await remove('key-1')).toBe('absent');
      expect(await stored()).toEqual(before);
    });

    it('are busy at the occurrences of series, in their zones', async () => {
      const { store, busy } = await setup();
      await store(
        'weekly',
        meeting(
          'weekly',
          'DTSTART;TZID=Europe/Paris:20200106T100000',
          'DTEND;TZID=Europe/Paris:20200106T110000',
          'RRULE:FREQ=WEEKLY;BYDAY=MO',
          'EXDATE;TZID=Europe/Paris:20261214T100000',
        ).replace(
          'BEGIN:VEVENT',
          [
            'BEGIN:VTIMEZONE',
            'TZID:Europe/Paris',
            'BEGIN:STANDARD',
            'DTSTART:19701025T030000',
            'TZOFFSETFROM:+0200',
            'TZOFFSETTO:+0100',
            'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
            'END:STANDARD',
            'BEGIN:DAYLIGHT',
            'DTSTART:19700329T020000',
            'TZOFFSETFROM:+0100',
            'TZOFFSETTO:+0200',
            'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
            'END:DAYLIGHT',
            'END:VTIMEZONE',
            'BEGIN:VEVENT',
          ].join('\r\n'),
        ),
      );
      await store(
        'free',
        meeting('free', 'DTSTART:20261203T090000Z', 'DTEND:20261203T100000Z', 'TRANSP:TRANSPARENT'),
      );
      const starts = (await busy()).map(({ start }) => start).sort();
      expect(starts).toEqual([
        '2026-12-07T09:00:00.000Z',
        '2026-12-21T09:00:00.000Z',
        '2026-12-28T09:00:00.000Z',
      ]);
    });

    it('are busy on whole days in the zone of the events', async () => {
      const { store, busy } = await setup();
      await store('day', meeting('day', 'DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261226'));
      await store(
        'talk',
        meeting(
          'talk',
          'DTSTART;TZID=America/New_York:20261203T100000',
          'DTEND;TZID=America/New_York:20261203T110000',
        ),
      );
      const [day] = (await busy()).filter(({ eventId: uid }) => uid === 'day');
      expect(day).toMatchObject({ start: '2026-12-24T05:00:00.000Z', end: '2026-12-26T05:00:00.000Z' });
    });

    it('are read whole when one event has 2 MB', async () => {
      const { store, busy } = await setup();
      const description = `DESCRIPTION:${'sides and notes '.repeat(130_000)}`;
      await store(
        'large',
        meeting('large', 'DTSTART:20261203T090000Z', 'DTEND:20261203T100000Z', description),
      );
      await store('small', meeting('small', 'DTSTART:20261204T090000Z', 'DTEND:20261204T100000Z'));
      expect((await busy()).map(({ eventId: uid }) => uid).sort()).toEqual(['large', 'small']);
    });

    it('are listed with their names, without those for tasks only', async () => {
      const { calendarId, name, provider, account } = await setup();
      await setup(
        '<c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set>',
      );
      const listed = await provider.calendarList.list(account(), [], callContext());
      const { pathname } = new URL(calendarId);
      const paths = listed.map((calendar) => decodeURIComponent(new URL(calendar.calendarId).pathname));
      expect(paths).toContain(decodeURIComponent(pathname));
      expect(listed).toMatchObject(
        expect.arrayContaining([expect.objectContaining({ name, isWritable: true })]),
      );
    });

    it('report a damaged event, and are still read', async () => {
      const { store, busy, unreadable } = await setup();
      const shire = 'DTSTART;TZID=Middle-earth/Shire:20261203T100000';
      await store('far', meeting('far', shire, 'DURATION:PT1H'));
      await store('near', meeting('near', 'DTSTART:20261204T090000Z', 'DURATION:PT1H'));
      expect(await busy()).toHaveLength(2);
      expect(unreadable).toEqual([
        {
          connection: 'conn_1',
          organization: 'org_1',
          calendarId: expect.stringMatching(/^http.*\/$/),
          count: 1,
          faults: ['unknown_zone: Middle-earth/Shire'],
        },
      ]);
    });

    it('are one calendar with and without the final slash', async () => {
      const { calendarId, provider, account, put } = await setup();
      await put();
      const ids = [calendarId, calendarId.slice(0, -1)];
      const busy = await provider.freeBusy(account(), ids, december, callContext());
      expect(busy).toEqual([slot, slot].map(({ start, end }) => ({ start, end })));
    });

    it('that do not exist are an error, never free', async () => {
      const { calendarId, provider, account } = await setup();
      const gone = new URL('../gone/', calendarId).href;
      await expect(provider.freeBusy(account(), [gone], december, callContext())).rejects.toMatchObject({
        fault: { kind: expect.stringMatching(/not_found|not_permitted/) },
        connection: 'conn_1',
      });
    });

    it('are not written twice when the answer to the first write is lost', async () => {
      const { calendarId, provider, account, stored } = await setup();
      const proxy = await startFaultyProxy(server.url);
      onTestFinished(() => proxy.close());
      const viaProxy = calendarId.replace(server.url, proxy.url);
      const written = Promise.withResolvers<void>();
      proxy.intercept = async (incoming, response, pass) => {
        if (incoming.method !== 'PUT') return pass();
        response.destroy();
        await pass();
        written.resolve();
      };
      const put = () => provider.putEvent(account(proxy.url), eventIn(viaProxy), callContext());
      await expect(put()).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
      await written.promise;
      proxy.intercept = undefined;
      expect(await put()).toEqual({ eventId });
      expect(await stored()).toHaveLength(1);
    });

    it('are written again when another program writes in between', async () => {
      const { calendarId, provider, account, put, stored, store } = await setup();
      await put();
      const proxy = await startFaultyProxy(server.url);
      onTestFinished(() => proxy.close());
      let edits = 0;
      proxy.intercept = async (incoming, _response, pass) => {
        if (incoming.method === 'PUT' && incoming.headers['if-match'] !== undefined && edits < 2) {
          edits += 1;
          const [current = ''] = await stored();
          await store(eventId, current.replace('END:VEVENT', `COMMENT:edit ${edits}\r\nEND:VEVENT`));
        }
        await pass();
      };
      const viaProxy = calendarId.replace(server.url, proxy.url);
      await provider.putEvent(
        account(proxy.url),
        eventIn(viaProxy, { slot: later, revision: 2 }),
        callContext(),
      );
      const [written = ''] = await stored();
      expect(written.match(/COMMENT:edit \d/g)?.toSorted()).toEqual(['COMMENT:edit 1', 'COMMENT:edit 2']);
      expect(valueOf(written, 'DTSTART')).toBe('20261202T140000Z');
    });

    it.each([
      [503, { kind: 'outage' }],
      [429, { kind: 'retry_after', delayMs: 7_000 }],
      [403, { kind: 'not_permitted' }],
      [507, { kind: 'outage' }],
    ])('report the answer %i as a fault', async (status, fault) => {
      const { calendarId, provider, account } = await setup();
      const proxy = await startFaultyProxy(server.url);
      onTestFinished(() => proxy.close());
      proxy.intercept = (_incoming, response) => {
        response.writeHead(status, { 'retry-after': '7' }).end();
      };
      const viaProxy = calendarId.replace(server.url, proxy.url);
      await expect(
        provider.freeBusy(account(proxy.url), [viaProxy], december, callContext()),
      ).rejects.toMatchObject({ provider: 'apple', fault });
    });
  });
});

describe.skipIf(!hasCaldavServer('radicale'))('a rejected password (Radicale)', () => {
  let server: CaldavServer;
  beforeAll(async () => {
    server = await startCaldavServer('radicale');
  });
  afterAll(() => server.close());
  const setup = setupWith(() => server);

  it('marks the connection and asks the owner to connect again', async () => {
    const { calendarId, provider, account, rejections } = await setup();
    await expect(
      provider.freeBusy(account(server.url, 'wrong'), [calendarId], december, callContext()),
    ).rejects.toMatchObject({ fault: { kind: 'reconnect' }, vendor: { status: 401 } });
    expect(rejections).toEqual(['rejected']);
  });

  it('is not reported when the calendar is at another owner’s server, which gets no password', async () => {
    const { provider, account, rejections } = await setup();
    const other = server.url.replace('127.0.0.1', 'localhost');
    await expect(
      provider.freeBusy(account(), [`${other}/ann@example.com/cal1/`], december, callContext()),
    ).rejects.toMatchObject({ fault: { kind: 'rejected_input' } });
    expect(rejections).toEqual([]);
  });
});
