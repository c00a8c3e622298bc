/** Tests that what is known of an event stays while the event cannot be read, and that the damage is reported. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { storedCalendar } from '../../db/auditions/resources.ts';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import { ProviderError } from '../../domain/errors.ts';
import { createCaldavChanges } from '../../providers/apple/changes.ts';
import { calendarName } from '../../providers/calendar-names.ts';
import { createOutboundDispatcher } from '../../providers/outbound/dispatcher.ts';
import { createGuardedFetch } from '../../providers/outbound/guarded-fetch.ts';
import type { LeftOutOfPage, UnreadEvents } from '../../providers/ports.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { caldavUser } from '../../tests/harness/caldav-user.ts';
import { ada, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import { startScriptedCaldav } from '../../tests/harness/scripted-caldav.ts';
import type { SyncCalendarsInput } from '../contract.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { createSyncActivities } from '../index.ts';

const setupGoogle = useCalendarSync();
const benchFor = useActivityHarness();

const setUpDamage = async (leftOutOf: (id: string) => UnreadEvents, reconciliationHours = 24) => {
  const damage: { id: string | undefined } = { id: undefined };
  const parts = await setupGoogle({
    reconciliationHours,
    wrap: (changes) => ({
      ...changes,
      listChanges: async (...call) => {
        const page = await changes.listChanges(...call);
        const { id: damaged } = damage;
        if (page.kind !== 'page' || damaged === undefined) return page;
        const leftOut: LeftOutOfPage = { events: [leftOutOf(damaged)], faults: ['unreadable_event: time'] };
        return { ...page, changes: page.changes.filter(({ id }) => id !== damaged), leftOut };
      },
    }),
  });
  const { repositories, connection } = parts;
  const listAgain = async () => {
    const reconcile = { isDryRun: false, isFirst: true };
    return parts.sync({ reconcile });
  };
  const problems = async () =>
    ((await repositories.connectionProblems.list([connection])).get(connection) ?? []).map(
      ({ kind, calendar }) => ({ kind, calendar }),
    );
  return { ...parts, damage, listAgain, problems };
};

describe('an event of ours that is listed and cannot be read', () => {
  it.each([
    ['by its id', (id: string) => ({ by: 'id', id }) as const],
    ['without a name', () => ({ by: 'unknown' }) as const],
  ])('%s is not reported as deleted by a listing of all events', async (_how, leftOutOf) => {
    const { damage, write, sync, listAgain, stored, kinds, eventId, problems, resource, person } =
      await setUpDamage(leftOutOf);
    await write(1, slot);
    await sync();
    damage.id = eventId;
    await listAgain();
    await listAgain();
    expect(kinds()).toEqual([]);
    expect(await stored()).toMatchObject([{ id: eventId, isRemoved: false }]);
    expect(await problems()).toEqual([{ kind: 'events_unreadable', calendar: resource }]);
    damage.id = undefined;
    await listAgain();
    expect(await problems()).toEqual([]);
    await person.remove();
    await sync();
    expect(kinds()).toEqual(['deleted']);
  });

  it('before it was read for the first time is no lost write', async () => {
    const { damage, write, listAgain, kinds, eventId } = await setUpDamage((id) => ({ by: 'id', id }));
    await write(1, slot);
    damage.id = eventId;
    await listAgain();
    await listAgain();
    expect(kinds()).toEqual([]);
  });

  it.each([0, 100])('is listed again within a day, with a reconciliation each %i hours', async (hours) => {
    const { damage, write, sync, eventId, pool, connection, problems } = await setUpDamage(
      (id) => ({ by: 'id', id }),
      hours,
    );
    await write(1, slot);
    damage.id = eventId;
    await sync();
    damage.id = undefined;
    await pool.query(
      `UPDATE synced_calendars SET listed_at = listed_at - interval '25 hours' WHERE connection = $1`,
      [connection],
    );
    await sync();
    expect(await problems()).toEqual([]);
  });
});

const setUpCaldav = async () => {
  const { repositories, pool, providers, accessTokens, auditionId } = await benchFor();
  const server = await startScriptedCaldav();
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => {
    await dispatcher.destroy();
    await server.close();
  });
  const connected = await repositories.connections.connect({
    organization: 'org_1',
    owner: 'ada',
    provider: 'apple',
    grant: {
      account: { id: `${server.url}/${randomUUID()}`, name: caldavUser.username },
      scopes: [],
      credential: { kind: 'app_password', serverUrl: server.url, ...caldavUser },
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  const connection = connected.id;
  const name = calendarName('apple', { id: connection, account: caldavUser.username }, server.calendarId);
  const uid = eventIdFor(auditionId);
  await repositories.writtenEvents.record({
    organization: 'org_1',
    connection,
    provider: 'apple',
    calendarName: name,
    calendarId: server.calendarId,
    eventId: uid,
    auditionId,
    participant: ada,
    key: 'k1',
    slot,
    revision: 1,
  });
  await pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
    [auditionId, storedCalendar(name), slot.start, slot.end],
  );
  const ours = calendarText(
    ...event(
      `UID:${uid}`,
      'DTSTART:20310701T100000Z',
      'DTEND:20310701T103000Z',
      `X-CASTMATCH-REFERENCE:${auditionId}`,
      'X-CASTMATCH-REVISION:1',
    ),
  );
  server.store(uid, ours);
  const sent: CalendarChange[] = [];
  const activities = createSyncActivities({
    repositories,
    providers: {
      calendars: providers.calendars,
      calendarChanges: {
        apple: createCaldavChanges(
          (home) => createGuardedFetch(dispatcher, home),
          () => {},
        ),
      },
    },
    accessTokens,
    signals: {
      calendarChanged: async (_audition, change) => {
        sent.push(change);
        return 'signaled';
      },
      answerReported: async () => 'signaled',
    },
    report: () => {},
    publicUrl: server.url,
    pollMinutes: 15,
    reconciliationHours: 24,
  });
  const sync = (change: Partial<SyncCalendarsInput> = {}) => {
    const about = {
      organization: 'org_1',
      connection,
      provider: 'apple',
      correlationId: 'corr-1',
    } as const;
    return new MockActivityEnvironment().run((input: SyncCalendarsInput) => activities.syncCalendars(input), {
      ...about,
      ...change,
    });
  };
  const listAgain = () => sync({ reconcile: { isDryRun: false, isFirst: true } });
  const stored = async () => {
    const { rows } = await pool.query(
      `SELECT event_id AS id, is_removed AS "isRemoved" FROM synced_events WHERE connection = $1 ORDER BY event_id`,
      [connection],
    );
    return rows;
  };
  const problems = async () =>
    ((await repositories.connectionProblems.list([connection])).get(connection) ?? []).map(
      ({ kind }) => kind,
    );
  return { server, sync, listAgain, stored, problems, sent, uid, ours, connection };
};

describe('a damaged resource of a CalDAV calendar', () => {
  it('is not reported as deleted, by changes or a listing of all events', async () => {
    const { server, sync, listAgain, stored, problems, sent, uid, ours } = await setUpCaldav();
    server.store(
      'series',
      calendarText(
        ...event('UID:series', 'DTSTART:20301201T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3'),
      ),
    );
    await sync();
    const before = await stored();
    server.store(uid, ours.replace('DTSTART:2', 'DTSTART:X'));
    server.store('series', 'Dear customer');
    await sync();
    server.unplaced.add(`${uid}.ics`);
    await listAgain();
    expect(await stored()).toEqual(before);
    expect(sent).toEqual([]);
    expect(await problems()).toEqual(['events_unreadable']);
    server.store(uid, undefined);
    server.store('series', undefined);
    await sync();
    expect(sent).toMatchObject([{ change: { kind: 'deleted' } }]);
    await listAgain();
    expect(await problems()).toEqual([]);
  });

  it('of a calendar that was withdrawn is not reported as deleted', async () => {
    const { server, sync, problems, sent } = await setUpCaldav();
    await sync();
    server.access = 'busy_times_only';
    await sync();
    expect(sent).toEqual([]);
    expect(await problems()).toEqual(['calendar_not_permitted']);
  });
});

const fault = (kind: 'not_permitted' | 'not_found' | 'outage') =>
  new ProviderError(
    'google',
    'calendar.listChanges',
    kind === 'outage' ? { kind, effect: 'none' } : { kind },
    { message: 'withdrawn' },
  );

describe('a listing of all events from which the calendar is withdrawn', () => {
  it.each([
    ['the vendor refuses the busy times too', fault('not_permitted'), fault('not_permitted')],
    ['the vendor does not find the calendar', fault('not_found'), fault('not_found')],
    ['the busy times cannot be read for now', fault('not_permitted'), fault('outage')],
    ['the process ends before the busy times are stored', fault('not_permitted'), new Error('killed')],
  ])('begins anew after that when %s', async (_how, denial, failure) => {
    const access = { isWithdrawn: true };
    const { sync, write, person, stored, kinds } = await setupGoogle({
      pageSize: 2,
      wrap: (changes) => ({
        ...changes,
        listChanges: async (...call) => {
          if (access.isWithdrawn && call[2].page !== undefined) throw denial;
          return changes.listChanges(...call);
        },
      }),
      wrapCalendar: (calendar) => ({
        ...calendar,
        hidden: calendar.hidden && { ...calendar.hidden, busyTimes: () => Promise.reject(failure) },
      }),
    });
    await write(1, slot);
    for (const day of ['02', '03', '04', '05'])
      person.add(`2031-07-${day}T08:00:00Z`, `2031-07-${day}T09:00:00Z`);
    await sync().catch(() => {});
    expect(await stored()).toHaveLength(2);
    access.isWithdrawn = false;
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync', listedCount: 5 }] });
    expect((await stored()).filter(({ isRemoved }) => isRemoved)).toEqual([]);
    expect(await stored()).toHaveLength(5);
    expect(kinds()).toEqual([]);
  });
});
