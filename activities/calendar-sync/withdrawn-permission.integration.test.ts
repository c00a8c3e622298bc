/**
 * Tests a permission that is withdrawn half-way through a page: the vendor has listed what has changed, and refuses the requests
 * that complete the page. Nothing counts as deleted, the connection shows the calendar, and other calendars are read.
 */
import { describe, expect, it } from 'vitest';
import { useCaldavSync } from '../../tests/harness/caldav-sync-harness.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import { ada, slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { type ProxyAnswer, startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';

const setupGoogle = useCalendarSync();
const setupOutlook = useOutlookSync();
const setupCaldav = useCaldavSync();

/** Refuses requests from the moment of the withdrawal on: after a number of requests for the calendar. */
const createPermission = (refusal: ProxyAnswer, isAboutCalendar: (path: string) => boolean) => {
  const permission = { lasts: Number.POSITIVE_INFINITY, refused: 0 };
  return {
    permission,
    through: (sandboxUrl: string) =>
      startRewritingProxy(
        sandboxUrl,
        (answer) => answer,
        (path) => {
          if (!isAboutCalendar(path)) return undefined;
          permission.lasts -= 1;
          if (permission.lasts >= 0) return undefined;
          permission.refused += 1;
          return refusal;
        },
      ),
  };
};

const deniedByGoogle = {
  status: 403,
  body: {
    error: {
      code: 403,
      message: 'Forbidden',
      errors: [{ domain: 'global', reason: 'forbidden', message: 'Forbidden' }],
    },
  },
};
const unknownToGoogle = {
  status: 404,
  body: {
    error: {
      code: 404,
      message: 'Not Found',
      errors: [{ domain: 'global', reason: 'notFound', message: 'Not Found' }],
    },
  },
};

describe('a permission that is withdrawn half-way through a page at Google', () => {
  it.each([
    ['is refused', deniedByGoogle, 'calendar_not_permitted'],
    ['is not found any more', unknownToGoogle, 'calendar_not_found'],
  ])(
    'deletes nothing when the calendar %s, and is over when it is given back',
    async (_how, refusal, problem) => {
      const { permission, through } = createPermission(refusal, (path) =>
        /\/(calendars\/primary|freeBusy)/.test(path),
      );
      const bench = await setupGoogle({
        through,
        // A vendor that still tells the busy times would have them in place of the events.
        wrapCalendar: ({ hidden: _hidden, ...calendar }) => calendar,
      });
      const { sync, write, person, stored, kinds, record, repositories, connection, pool } = bench;
      await write(1, slot);
      await record({ type: 'confirmed' });
      person.add('2031-05-01T08:00:00Z', '2031-05-01T09:00:00Z');
      await sync();
      const before = await stored();
      await person.move('2031-07-01T12:00:00Z', '2031-07-01T12:30:00Z');
      permission.lasts = 1;
      await sync().catch(() => {});
      await sync().catch(() => {});
      expect(permission.refused).toBeGreaterThan(0);
      expect(kinds()).not.toContain('deleted');
      expect((await stored()).map(({ id, isRemoved }) => [id, isRemoved])).toEqual(
        before.map(({ id, isRemoved }) => [id, isRemoved]),
      );
      const problems = (await repositories.connectionProblems.list([connection])).get(connection) ?? [];
      expect(problems.map(({ kind }) => kind)).toEqual([problem]);
      permission.lasts = Number.POSITIVE_INFINITY;
      await pool.query(
        "UPDATE synced_calendars SET polled_at = now() - interval '1 day' WHERE connection = $1",
        [connection],
      );
      await sync();
      await sync();
      expect(kinds()).toEqual(['moved']);
      expect(await repositories.connectionProblems.list([connection])).toEqual(new Map());
    },
  );
});

const deniedByGraph = {
  status: 403,
  body: { error: { code: 'ErrorAccessDenied', message: 'Access is denied.' } },
};
const unknownToGraph = {
  status: 404,
  body: { error: { code: 'ErrorItemNotFound', message: 'The specified object was not found in the store.' } },
};

describe('a permission that is withdrawn half-way through a page in Outlook', () => {
  it.each([
    ['is refused', deniedByGraph],
    ['is not found any more', unknownToGraph],
  ])(
    'deletes nothing when the calendar %s, reads the others, and is over when it is given back',
    async (_how, refusal) => {
      let withdrawn = 'none';
      const { permission, through } = createPermission(refusal, (path) =>
        path.includes(encodeURIComponent(withdrawn)),
      );
      const bench = await setupOutlook({}, through);
      const {
        sync,
        write,
        stored,
        sent,
        mailbox,
        repositories,
        connection,
        hold,
        another,
        activities,
        accountId,
      } = bench;
      withdrawn = await mailbox.addCalendar('Castings');
      await hold(slotIn(10), withdrawn);
      const eventId = await write(slotIn(10), withdrawn);
      const other = another();
      await hold(slotIn(12), accountId, other.auditionId);
      const { eventId: healthy } = await activities.writeEvent({
        ...other.about,
        key: other.key('event:ada:r1'),
        participant: ada,
        calendar: { provider: 'microsoft', connection, calendarId: 'primary' },
        content: { summary: 'Captain', description: '', slot: slotIn(12), revision: 1 },
      });
      await sync();
      const before = await stored();
      expect(before).toHaveLength(2);
      await mailbox.moveIn(withdrawn, eventId, Date.parse(slotIn(11).start), Date.parse(slotIn(11).end));
      await mailbox.move(healthy, Date.parse(slotIn(13).start), Date.parse(slotIn(13).end));
      permission.lasts = 1;
      await sync().catch(() => {});
      await sync().catch(() => {});
      expect(permission.refused).toBeGreaterThan(0);
      // The event in the other calendar.
      expect(sent.map(({ change }) => change.kind)).toEqual(['moved']);
      expect((await stored()).filter(({ isRemoved }) => isRemoved)).toEqual([]);
      const problems = (await repositories.connectionProblems.list([connection])).get(connection) ?? [];
      expect(problems).toHaveLength(1);
      permission.lasts = Number.POSITIVE_INFINITY;
      await sync();
      await sync();
      expect(sent.map(({ change }) => change.kind)).toEqual(['moved', 'moved']);
      expect(await repositories.connectionProblems.list([connection])).toEqual(new Map());
    },
  );
});

const single = (name: string, day: string) =>
  calendarText(...event(`UID:${name}`, `DTSTART:203012${day}T090000Z`, 'DURATION:PT1H'));

describe('a permission that is withdrawn half-way through a page of a CalDAV calendar', () => {
  it.each(['gone', 'busy_times_only'] as const)(
    'deletes nothing when the calendar is %s after the first group of a page, and is over when it is given back',
    async (access) => {
      const { server, sync, stored, sent, problems, uid, ours } = await setupCaldav();
      for (let index = 0; index < 250; index += 1)
        server.store(`other-${index}`, single(`other-${index}`, String((index % 28) + 1).padStart(2, '0')));
      await sync();
      const before = await stored();
      expect(before).toHaveLength(251);
      for (let index = 0; index < 250; index += 1)
        server.store(`other-${index}`, single(`other-${index}`, String((index % 27) + 2).padStart(2, '0')));
      server.store(uid, ours.replaceAll('20310701T1', '20310701T2'));
      let reads = 0;
      server.ways.admits = () => {
        reads += server.requests.at(-1) === 'calendar-multiget' ? 1 : 0;
        if (reads > 0) server.access = access;
        return true;
      };
      await sync().catch(() => {});
      await sync().catch(() => {});
      expect(server.access).toBe(access);
      expect(sent.map(({ change }) => change.kind)).not.toContain('deleted');
      expect((await stored()).filter(({ isRemoved }) => isRemoved)).toEqual([]);
      expect(await stored()).toHaveLength(before.length);
      expect(await problems()).toHaveLength(1);
      server.ways.admits = () => true;
      server.access = 'read';
      await sync();
      await sync();
      expect(sent.map(({ change }) => change.kind)).toEqual(['moved']);
      expect(await problems()).toEqual([]);
    },
  );
});
