/**
 * Tests an audition whose performer has a calendar at a CalDAV server (Radicale) and whose casting director has a Google
 * calendar, in the whole service: from connecting the account to the cancellation.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { type CaldavServer, hasCaldavServer, startCaldavServer } from '../harness/caldav-servers.ts';
import { caldavUser } from '../harness/caldav-user.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

const digitsOf = (instant: string | undefined): string =>
  `${(instant ?? '').slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

describe.skipIf(!hasCaldavServer('radicale'))(
  'with Radicale (python3 with the package radicale, or CALDAV_PYTHON)',
  () => {
    let service: ServiceUnderTest;
    let platform: ApiClient;
    let server: CaldavServer;
    let calendarId: string;
    let connection: string;

    /** Connects the performer's account on our page, and returns the id of the connection. */
    const connectAccount = async (): Promise<string> => {
      const { body } = await platform.get('/v1/connections/apple/authorize?owner=ada');
      const visitor = createHttpBrowser(service.url);
      const page = await visitor.open(String(Object(body).url));
      const { username, password } = caldavUser;
      const filled = { server: server.url, username, password };
      const connected = await visitor.submit(page, { to: '/apple' }, filled);
      expect(connected.status).toBeLessThan(400);
      const listed = await platform.get('/v1/connections?owner=ada');
      return String(Object(listed.body).items[0].id);
    };

    beforeAll(async () => {
      [service, server] = await Promise.all([startService(), startCaldavServer('radicale')]);
      calendarId = await server.createCalendar('auditions');
      platform = createApiClient(service);
      await service.startWorker();
      connection = await connectAccount();
    });
    afterAll(() => Promise.all([service.close(), server.close()]));

    /** Returns a request with the performer's CalDAV calendar. */
    const requestWith = (n: number, startsIn: number) => {
      const body = requestBody(n, startsIn);
      const [performer, ...others] = body.participants;
      return {
        ...body,
        participants: [
          { ...performer, id: 'ada', calendar: { provider: 'apple', connection, calendarId } },
          ...others,
        ],
      };
    };

    /** Returns the starts of our events in the performer's calendar. */
    const starts = async (): Promise<readonly string[]> =>
      (await server.resources(calendarId))
        .filter(({ text }) => text.includes('X-CASTMATCH-REFERENCE'))
        .map(({ text }) => /^DTSTART:(\S+)/m.exec(text)?.[1] ?? '');

    it('the API lists the calendars of the account', async () => {
      const listed = await platform.get(`/v1/connections/${connection}/calendars`);
      expect(listed).toMatchObject({
        status: 200,
        body: { items: [{ name: 'auditions', isWritable: true }] },
      });
    });

    it('an audition is written, moved and cancelled in the calendar of a CalDAV server', async () => {
      const requested = await platform.request(requestWith(1, 10 * day));
      const scheduled = await platform.untilNotified(requested.id);
      expect(scheduled.calendarEvents.map(({ provider }) => provider).sort()).toEqual(['apple', 'google']);
      expect(await starts()).toEqual([digitsOf(scheduled.slot?.start)]);

      // The new slot overlaps the old one: the audition's own event must not count as busy.
      const later = Date.parse(scheduled.slot?.start ?? '') + 15 * 60_000;
      const slot = {
        start: new Date(later).toISOString(),
        end: new Date(later + 1_800_000).toISOString(),
        zone: 'America/New_York',
      };
      const moved = await platform.command(requested.id, 'reschedule', { slot, reason: 'travel' });
      expect(moved).toMatchObject({ state: 'scheduled', revision: 2 });
      await platform.untilNotified(requested.id);
      expect(await starts()).toEqual([digitsOf(slot.start)]);

      await platform.command(requested.id, 'cancel', { reason: 'the part is cut' });
      await service.temporal.workflow.getHandle(`audition/${requested.id}`).result();
      expect(await starts()).toEqual([]);
    });

    it('an audition is refused while a series of the CalDAV calendar is busy, and accepted at a free time', async () => {
      const body = requestWith(2, 20 * day);
      const began = new Date(Date.parse(body.slot.start) - 20 * 7 * day).toISOString();
      const series = [
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'PRODID:-//Test//EN',
        'BEGIN:VEVENT',
        'UID:lesson',
        'DTSTAMP:20260101T000000Z',
        `DTSTART:${digitsOf(began)}`,
        'DURATION:PT1H',
        'SUMMARY:Lesson',
        'RRULE:FREQ=WEEKLY',
        'END:VEVENT',
        'END:VCALENDAR',
        '',
      ].join('\r\n');
      const stored = await server.send('PUT', `${calendarId}lesson.ics`, series, {
        'content-type': 'text/calendar',
      });
      expect(stored.status).toBe(201);
      const refused = await platform.post('/v1/auditions', body, { idempotencyKey: crypto.randomUUID() });
      expect(refused).toMatchObject({ status: 409, body: { code: 'slot_taken' } });
      const end = Date.parse(body.slot.start) + 90 * 60_000;
      const slot = {
        ...body.slot,
        start: new Date(end - 30 * 60_000).toISOString(),
        end: new Date(end).toISOString(),
      };
      const { id } = await platform.request({ ...body, slot });
      await platform.until(id, ({ state }) => state === 'scheduled');
      expect(await starts()).toEqual([digitsOf(slot.start)]);
    });
  },
);
