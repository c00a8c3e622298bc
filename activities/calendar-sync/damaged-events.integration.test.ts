/** Tests that what is known of an event stays while the event cannot be read, and that the damage is reported. */
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import type { LeftOutOfPage, UnreadEvents } from '../../providers/ports.ts';
import { useCaldavSync } from '../../tests/harness/caldav-sync-harness.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';

const setupGoogle = useCalendarSync();
const setUpCaldav = useCaldavSync();

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
