/**
 * Tests what a performer does in a calendar at a CalDAV server while auditions are scheduled. The servers send no
 * notifications: the tests ask for a round instead of waiting for the next poll.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { auditionIdSchema, connectionIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { calendarNewsSignal, calendarSyncQuery } from '../../workflows/calendar-sync/messages.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { type CaldavServer, hasCaldavServer, startCaldavServer } from '../harness/caldav-servers.ts';
import { caldavUser } from '../harness/caldav-user.ts';
import { calendar as calendarText, event } from '../harness/calendar-text.ts';
import { eventually } from '../harness/eventually.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

const hour = 3_600_000;
const digitsOf = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
const openItems = ({ attention }: AuditionView) => attention.map(({ step }) => step);

const lesson = (...lines: readonly string[]) =>
  event('UID:lesson', 'DTSTAMP:20260101T000000Z', 'SUMMARY:Lesson', 'DURATION:PT1H', ...lines);

describe.each(['radicale', 'xandikos', 'cyrus', 'davical', 'CALDAV_URL'] as const)(
  'with a calendar at %s',
  (program) => {
    describe.skipIf(!hasCaldavServer(program))(`(tests/harness/caldav-servers.ts: ${program})`, () => {
      let service: ServiceUnderTest;
      let platform: ApiClient;
      let server: CaldavServer;
      let calendarId: string;
      let connection: string;
      let used = 0;

      beforeAll(async () => {
        [service, server] = await Promise.all([
          startService({ calendarSync: true }),
          startCaldavServer(program),
        ]);
        calendarId = await server.createCalendar('auditions');
        platform = createApiClient(service);
        await service.startWorker();
        const { body } = await platform.get('/v1/connections/apple/authorize?owner=ada');
        const visitor = createHttpBrowser(service.url);
        const page = await visitor.open(String(Object(body).url));
        const { username, password } = caldavUser;
        await visitor.submit(page, { to: '/apple' }, { server: server.url, username, password });
        const listed = await platform.get('/v1/connections?owner=ada');
        connection = String(Object(listed.body).items[0].id);
      });
      afterAll(() => Promise.all([service.close(), server.close()]));

      const sync = () =>
        service.temporal.workflow.getHandle(calendarSyncWorkflowId(connectionIdSchema.parse(connection)));

      /** Runs a round that reads what the calendar contains now, and waits for its end. */
      const runRound = async () => {
        const rounds = async () =>
          (
            await sync()
              .query(calendarSyncQuery)
              .catch(() => undefined)
          )?.rounds ?? -1;
        await eventually(async () => (await rounds()) > 0, 30_000);
        const before = await rounds();
        await sync().signal(calendarNewsSignal, { what: 'changed' });
        await eventually(async () => (await rounds()) > before, 30_000);
        const { status } = await sync().query(calendarSyncQuery);
        expect(status).toBe('in_sync');
      };

      /**
       * Requests an audition on a day of its own, and waits until the calendar is synchronized. The others have no calendar:
       * the synchronisations of their connections would have the ids of those in other test files.
       */
      const schedule = async () => {
        used += 1;
        const body = requestBody(used, (5 + used) * day);
        const calendar = { provider: 'apple', connection, calendarId };
        const participants = body.participants.map(({ calendar: _google, ...participant }) =>
          participant.kind === 'performer' ? { ...participant, id: 'ada', calendar } : participant,
        );
        const { id } = await platform.request({ ...body, participants });
        const view = await platform.untilNotified(id);
        await runRound();
        const written = view.calendarEvents.find(({ provider }) => provider === 'apple');
        const start = toEpochMs(view.slot?.start ?? view.updatedAt);
        return { id, start, url: `${calendarId}${written?.eventId}.ics`, performerId: 'ada' };
      };

      const read = async (url: string) => (await server.send('GET', url)).text();
      const put = async (url: string, text: string) => {
        const answer = await server.send('PUT', url, text, { 'content-type': 'text/calendar' });
        expect(answer.status).toBeLessThan(300);
      };
      const moveTo = async (url: string, start: number) =>
        put(
          url,
          (await read(url))
            .replace(/^DTSTART[^\r\n]*/m, `DTSTART:${digitsOf(start)}`)
            .replace(/^DTEND[^\r\n]*/m, `DTEND:${digitsOf(start + hour / 2)}`),
        );
      const startOf = async (url: string) => /^DTSTART:(\S+)/m.exec(await read(url))?.[1];

      const changesOf = async (id: string) =>
        (
          await service.database.repositories.events.read(organization, auditionIdSchema.parse(id), {
            after: 0,
            limit: 500,
          })
        ).flatMap(({ fact }) => (fact.type === 'calendar_changed' ? [fact.change] : []));

      it('an audition that moves by itself, and an edited title, raise no question', async () => {
        const { id, start, url } = await schedule();
        await put(url, (await read(url)).replace(/^SUMMARY:.*$/m, 'SUMMARY:My big day'));
        await runRound();
        const slot = {
          start: toInstant(start + 2 * hour),
          end: toInstant(start + 2.5 * hour),
          zone: 'Europe/Paris',
        };
        await platform.command(id, 'reschedule', { slot });
        await platform.untilNotified(id);
        await runRound();
        expect(await startOf(url)).toBe(digitsOf(start + 2 * hour));
        expect(openItems(await platform.view(id))).toEqual([]);
        // The edit is on the trail (decision 76), and nobody is asked.
        expect(await changesOf(id)).toEqual(['text_edited']);
      });

      it('an event that the performer moves leads to one question, and to one move when it is followed', async () => {
        const { id, start, url, performerId } = await schedule();
        await moveTo(url, start + hour);
        await runRound();
        const asked = await platform.until(id, (view) => openItems(view).includes('calendar_change'));
        const [item] = asked.attention;
        expect(item).toMatchObject({ actions: ['follow', 'restore', 'ignore'], provider: 'apple' });
        expect(item?.what).toContain(performerId);
        await platform.resolve(item?.id ?? '', { action: 'follow' });
        const moved = await platform.until(
          id,
          ({ revision, state }) => revision === 2 && state === 'scheduled',
        );
        expect(moved.slot?.start).toBe(toInstant(start + hour));
        await platform.untilNotified(id);
        await runRound();
        const after = await platform.view(id);
        expect([after.revision, openItems(after)]).toEqual([2, []]);
        expect(await startOf(url)).toBe(digitsOf(start + hour));
        expect(await changesOf(id)).toEqual(['moved']);
      });

      it('an answer of the performer is recorded, and ends with the slot that it was given for', async () => {
        const { id, start, url, performerId } = await schedule();
        const answerIs = (answer: string) =>
          platform.until(id, ({ participants }) =>
            participants.some(
              (participant) => participant.id === performerId && participant.answer === answer,
            ),
          );
        const attendee = `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${caldavUser.username}`;
        await put(url, (await read(url)).replace('END:VEVENT', `${attendee}\r\nEND:VEVENT`));
        await runRound();
        await answerIs('accepted');
        const slot = {
          start: toInstant(start + 2 * hour),
          end: toInstant(start + 2.5 * hour),
          zone: 'Europe/Paris',
        };
        await platform.command(id, 'reschedule', { slot });
        await platform.untilNotified(id);
        await runRound();
        await answerIs('none');
        const unfolded = (await read(url)).replaceAll(/\r?\n[ \t]/g, '');
        expect(unfolded).toContain('PARTSTAT=NEEDS-ACTION');
        await put(url, unfolded.replace('PARTSTAT=NEEDS-ACTION', 'PARTSTAT=TENTATIVE'));
        await runRound();
        await answerIs('tentative');
        expect(openItems(await platform.view(id))).toEqual([]);
      });

      it('an event that the performer deletes is written again when the casting office says so', async () => {
        const { id, start, url } = await schedule();
        expect((await server.send('DELETE', url)).status).toBeLessThan(300);
        await runRound();
        const asked = await platform.until(id, (view) => openItems(view).includes('calendar_change'));
        expect(asked.attention[0]).toMatchObject({ actions: ['restore', 'ignore'] });
        await platform.resolve(asked.attention[0]?.id ?? '', { action: 'restore' });
        await eventually(async () => (await startOf(url)) === digitsOf(start), 20_000);
        await runRound();
        const after = await platform.view(id);
        expect([after.revision, openItems(after)]).toEqual([1, []]);
        expect(await changesOf(id)).toEqual(['deleted']);
      });

      it('a series in the time of the slot raises a question, which is withdrawn when that occurrence is moved', async () => {
        const { id, start } = await schedule();
        const began = start - 28 * day;
        const url = `${calendarId}lesson.ics`;
        const weekly = lesson(`DTSTART:${digitsOf(began)}`, 'RRULE:FREQ=WEEKLY');
        await put(url, calendarText(...weekly));
        await runRound();
        await platform.until(id, (view) => openItems(view).includes('calendar_conflict'));
        const override = lesson(`RECURRENCE-ID:${digitsOf(start)}`, `DTSTART:${digitsOf(start + 5 * hour)}`);
        await put(url, calendarText(...weekly, ...override));
        await runRound();
        await platform.until(id, (view) => openItems(view).length === 0);
        expect(await changesOf(id)).toEqual(['conflict', 'conflict_over']);
        // The whole series goes with its resource.
        expect((await server.send('DELETE', url)).status).toBeLessThan(300);
        await runRound();
        const { rows } = await service.database.pool.query(
          "SELECT event_id FROM synced_events WHERE event_id LIKE 'lesson%' AND NOT is_removed",
        );
        expect(rows).toEqual([]);
      });

      it('a calendar whose server was replaced is listed again without duplicates and questions', async () => {
        const { id, start, url } = await schedule();
        const resources = await server.resources(calendarId);
        expect((await server.send('DELETE', calendarId)).status).toBeLessThan(300);
        await server.createCalendar('auditions');
        for (const resource of resources) await put(resource.url, resource.text);
        await runRound();
        expect(openItems(await platform.view(id))).toEqual([]);
        expect(await changesOf(id)).toEqual([]);
        const { rows } = await service.database.pool.query(
          'SELECT count(*)::int AS count, count(DISTINCT series)::int AS series FROM synced_events WHERE connection = $1 AND NOT is_removed',
          [connection],
        );
        expect(rows).toEqual([{ count: resources.length, series: resources.length }]);
        await moveTo(url, start + hour);
        await runRound();
        await platform.until(id, (view) => openItems(view).includes('calendar_change'));
      });
    });
  },
);
