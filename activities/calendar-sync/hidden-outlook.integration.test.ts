/** Tests conflicts in calendars that are shared as "can view when I'm busy", and in rooms, at Microsoft. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { CalendarRef } from '../../domain/audition/request.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { sharedCalendarsScope } from '../../providers/microsoft/settings.ts';
import { numbered, requested, trail } from '../../tests/harness/audition-trail.ts';
import { connectToMailbox, shareCalendar } from '../../tests/harness/outlook-mailbox.ts';
import { ada, slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { setRoomOfSlot } from '../../tests/harness/room-of-slot.ts';
import { fixed, person } from '../../tests/harness/slot-claims.ts';

const setUpSync = useOutlookSync();
const slot = slotIn(10);
/** A time after the start of the slot. */
const after = (minutes: number) => toInstant(toEpochMs(slot.start) + minutes * minute);

const setup = async () => {
  const bench = await setUpSync({
    microsoft: { preauthorizedScopes: ['Calendars.ReadWrite', sharedCalendarsScope] },
  });
  const { sandbox, repositories, auditionId, connection, hold, write, sync, sent, pool } = bench;
  await hold(slot);
  const use = (calendarId: string) =>
    repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      {
        participant: ada,
        connection,
        provider: 'microsoft',
        calendarId,
        calendarName: `microsoft/${calendarId}`,
      },
    ]);
  const addTo = (account: string) => (start: string, end: string, showAs?: 'tentative') =>
    sandbox.control.addOutlookEvent({ account, start, end, ...(showAs ? { showAs } : {}) }).eventId;
  const states = async () => {
    const { rows } = await pool.query(
      `SELECT state, error, events_denied_at IS NOT NULL AS "isHidden", is_room AS "isRoom" FROM synced_calendars
       WHERE connection = $1 AND is_busy_only`,
      [connection],
    );
    return rows;
  };
  const start = async () => {
    await write(slot);
    await sync();
  };
  return { ...bench, use, addTo, states, start, kinds: () => sent.map(({ change }) => change.kind) };
};

/** @param name of a calendar that is not the main one of its owner */
const setUpShared = async (name?: string) => {
  const bench = await setup();
  const { sandbox, account, use, start, addTo } = bench;
  const owner = `${randomUUID()}@contoso.example`;
  const shared = await shareCalendar(sandbox, { owner, account, ...(name ? { name } : {}) });
  await use(shared.calendarId);
  await start();
  return { ...bench, ...shared, add: addTo(owner), ownerMailbox: connectToMailbox(sandbox, owner) };
};

describe('a calendar that is shared as "can view when I\'m busy"', () => {
  it('is read from the schedule of its owner, and conflicts until the time is free again', async () => {
    const { sync, sent, add, kinds, states, ownerMailbox } = await setUpShared();
    expect(await states()).toEqual([{ state: 'in_sync', error: null, isHidden: true, isRoom: false }]);
    const id = add(after(10), after(20));
    await sync();
    await sync();
    expect(sent).toMatchObject([
      { participant: ada, revision: 1, change: { kind: 'conflict', start: after(10), end: after(20) } },
    ]);
    await ownerMailbox.remove(id);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it.each(['first', 'later'] as const)(
    'keeps a slot from being booked in the %s claim of an audition',
    async (which) => {
      const { activities, connection, calendarId, add } = await setUpShared();
      const auditionId: AuditionId = `aud_${randomUUID()}`;
      const primary: CalendarRef = { provider: 'microsoft', connection, calendarId: 'primary' };
      const shared: CalendarRef = { ...primary, calendarId };
      const at = slotIn(20);
      const isFirst = which === 'first';
      const claim = (number: number) =>
        activities.claimSlot({
          organization: 'org_1',
          auditionId,
          correlationId: 'corr-1',
          trail: numbered(trail([requested(auditionId, 'org_1'), { type: 'holding_started' }])),
          wish: fixed(at),
          claim: number,
          participants: [person({ calendar: primary, busyCalendars: [shared] })],
          calendars: [primary, { ...shared, isBusyOnly: true }],
          busy: [],
          reminders: [],
          heldAs: isFirst ? 3 : undefined,
        });
      add(toInstant(toEpochMs(at.start) + minute), at.end);
      expect(await claim(isFirst ? 1 : 2)).toMatchObject({ kind: 'refused', reason: 'busy' });
    },
  );

  it('can contain our event at exactly its time, and a second one there is another', async () => {
    const { sync, add, kinds } = await setUpShared();
    add(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual([]);
    add(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('has no schedule when it is not the main calendar of its owner, and is a problem of the connection', async () => {
    const { sync, states, add, kinds, repositories, connection } = await setUpShared('Family');
    expect(await states()).toMatchObject([{ state: 'unavailable', error: 'not_permitted' }]);
    add(after(10), after(20));
    await sync();
    expect(kinds()).toEqual([]);
    const problems = await repositories.connectionProblems.list([connection]);
    expect(problems.get(connection)).toMatchObject([{ kind: 'calendar_not_permitted' }]);
  });

  it('is read every five minutes when its details are visible, because Graph does not notify of its changes', async () => {
    const { sync, setRole, states, pool, connection } = await setUpShared();
    expect(await sync()).toMatchObject({ nextPollMs: 15 * minute });
    await setRole('read');
    await pool.query('UPDATE synced_calendars SET events_denied_at = NULL WHERE connection = $1', [
      connection,
    ]);
    expect(await sync()).toMatchObject({ nextPollMs: 5 * minute });
    expect(await states()).toMatchObject([{ state: 'in_sync', isHidden: false }]);
  });

  it('is polled when its details are hidden later', async () => {
    const { sync, add, setRole, states, kinds, pool, connection, ownerMailbox } = await setUpShared();
    await setRole('read');
    await pool.query('UPDATE synced_calendars SET events_denied_at = NULL WHERE connection = $1', [
      connection,
    ]);
    const id = add(after(10), after(20));
    await sync();
    expect(await states()).toMatchObject([{ state: 'in_sync', isHidden: false }]);
    await setRole('freeBusyRead');
    await sync();
    expect(await states()).toMatchObject([{ state: 'in_sync', isHidden: true }]);
    await ownerMailbox.remove(id);
    await sync();
    expect(kinds().at(-1)).toBe('conflict_over');
  });
});

describe.each(['events', 'busy'] as const)('a room at Microsoft that shows its %s', (shares) => {
  const setUpRoom = async () => {
    const bench = await setup();
    const { sandbox, activities, about, key, connection, addTo, auditionId, repositories, pool } = bench;
    const email = `room-${randomUUID()}@contoso.example`;
    sandbox.control.addRoom('microsoft', { email, name: 'Studio 2', shares });
    await activities.bookRoom({
      ...about,
      key: key('room:r1'),
      room: { provider: 'microsoft', connection, email },
      name: 'Studio 2',
      content: { summary: 'Captain', description: '', location: 'Studio 2', slot, revision: 1 },
    });
    await setRoomOfSlot({ pool, repositories }, auditionId, { provider: 'microsoft', connection, email }, 1);
    await repositories.participantConflicts.setRules(auditionId, [roomUser], {
      ...defaultConflictRules,
      tentative: 'ignore',
    });
    const conflicts = () => bench.sent.filter(({ change }) => change.kind.startsWith('conflict'));
    const untilAccepted = () =>
      expect
        .poll(() =>
          sandbox.control
            .state()
            .microsoft.calendars.some(({ owner, events }) => owner === email && events.length > 0),
        )
        .toBe(true);
    return { ...bench, add: addTo(email), conflicts, untilAccepted };
  };

  it('has no conflict with our booking, but with another event', async () => {
    const { sync, states, add, conflicts, untilAccepted } = await setUpRoom();
    await untilAccepted();
    await sync();
    expect(await states()).toEqual([{ state: 'in_sync', error: null, isHidden: false, isRoom: true }]);
    expect(conflicts()).toEqual([]);
    add(after(-30), after(10), 'tentative');
    await sync();
    expect(conflicts()).toEqual([]);
    if (shares === 'busy') return;
    add(after(20), after(60));
    await sync();
    await sync();
    expect(conflicts()).toMatchObject([
      { revision: 1, change: { kind: 'conflict', start: after(20), end: after(60) } },
    ]);
  });
});
