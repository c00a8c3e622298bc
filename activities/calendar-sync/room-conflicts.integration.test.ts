/** Tests conflicts that appear, after the booking, in the calendars of rooms of Google. */
import { describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { minute } from '../../domain/time/units.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setUp = useCalendarSync();
const at = (time: string) => `2031-07-01T${time}:00.000Z` as const;
let rooms = 0;

const setUpRoom = async (shares: 'events' | 'busy' = 'busy') => {
  rooms += 1;
  const studio = `c_room${rooms}@resource.calendar.google.com`;
  const bench = await setUp();
  const { sandbox, repositories, auditionId, pool, connection } = bench;
  const { control } = sandbox;
  control.addRoom('google', { email: studio, name: 'Studio 2', answers: 'manual', shares });
  const add = (start: string, end: string) => control.addBusy({ account: studio, start, end }).eventId;
  const remove = (eventId: string) =>
    connectToSandbox(sandbox.url, studio).calendar.events.delete({ calendarId: 'primary', eventId });
  const answer = (given: 'accepted' | 'declined') =>
    control.answerRoom('google', { room: studio, eventId: bench.eventId, answer: given });
  const conflicts = () => bench.sent.filter(({ change }) => change.change.kind.startsWith('conflict'));
  const setRules = (calendarBuffer: number, travel = 0) =>
    repositories.participantConflicts.setRules(auditionId, [roomUser], {
      ...defaultConflictRules,
      calendarBuffer,
      travel,
    });
  const registered = async () => {
    const { rows } = await pool.query(
      `SELECT state, is_room AS "isRoom" FROM synced_calendars WHERE connection = $1 ORDER BY created_at`,
      [connection],
    );
    return rows;
  };
  /** Holds the room for another audition. */
  const hold = async (start: string, end: string) =>
    pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 1, $2, 'org_2', tstzrange($3, $4))`,
      [newAuditionId(), (await repositories.storedNames()).calendar(`google/${studio}`), start, end],
    );
  return { ...bench, studio, add, remove, answer, conflicts, setRules, registered, hold };
};

describe.each(['events', 'busy'] as const)('the calendar of a booked room that shows its %s', (shares) => {
  it('has no conflict with our booking', async () => {
    const { book, answer, sync, conflicts, registered, studio } = await setUpRoom(shares);
    await book(1, slot, studio);
    await sync();
    answer('accepted');
    await sync();
    expect(conflicts()).toEqual([]);
    expect(await registered()).toMatchObject([{ isRoom: false }, { state: 'in_sync', isRoom: true }]);
  });

  it('conflicts with another event in the slot, until it is gone', async () => {
    const { book, answer, sync, add, remove, conflicts, studio, auditionId, connection } =
      await setUpRoom(shares);
    await book(1, slot, studio);
    answer('declined');
    const id = add(at('10:15'), at('11:00'));
    await sync();
    await sync();
    expect(conflicts()).toMatchObject([
      {
        audition: auditionId,
        change: {
          connection,
          revision: 1,
          change: { kind: 'conflict', start: at('10:15'), end: at('10:30') },
        },
      },
    ]);
    expect(conflicts()[0]?.change.participant).toBeUndefined();
    await remove(id);
    await sync();
    expect(conflicts().map(({ change }) => change.change.kind)).toEqual(['conflict', 'conflict_over']);
  });

  it('conflicts with the part of a joined time that is not ours, within the buffer and not the way', async () => {
    const { book, answer, sync, add, setRules, conflicts, studio } = await setUpRoom(shares);
    await book(1, slot, studio);
    answer('accepted');
    add(at('10:30'), at('11:00'));
    await setRules(0, 10 * minute);
    await sync();
    expect(conflicts()).toEqual([]);
    await setRules(10 * minute);
    await sync();
    expect(conflicts()).toMatchObject([
      { change: { change: { kind: 'conflict', start: at('10:30'), end: at('10:40') } } },
    ]);
  });

  it('has no conflict with the booking of another audition: the holds keep the gap', async () => {
    const { book, sync, add, setRules, hold, conflicts, studio } = await setUpRoom(shares);
    await book(1, slot, studio);
    await hold(at('10:35'), at('11:00'));
    add(at('10:35'), at('11:00'));
    await setRules(10 * minute);
    await sync();
    expect(conflicts()).toEqual([]);
  });
});

describe('the calendar of a room', () => {
  it('is compared with the moved slot', async () => {
    const { book, sync, add, conflicts, studio } = await setUpRoom();
    await book(1, slot, studio);
    await sync();
    await book(2, later, studio);
    add(slot.start, slot.end);
    await sync();
    expect(conflicts()).toEqual([]);
  });

  it('is not compared when its booking was skipped and the slot has another room, which is', async () => {
    const {
      book,
      write,
      sync,
      add,
      conflicts,
      studio,
      sandbox,
      setRoom,
      repositories,
      auditionId,
      ...bench
    } = await setUpRoom();
    const { connection, registered, pool } = bench;
    const attic = `attic-${studio}`;
    sandbox.control.addRoom('google', { email: attic, name: 'Attic', answers: 'manual', shares: 'busy' });
    await book(1, slot, studio);
    await write(1, slot);
    await sync();
    // The claim of the other room, whose booking an operator skips.
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      {
        participant: roomUser,
        connection,
        provider: 'google',
        calendarId: attic,
        calendarName: `google/${attic}`,
      },
    ]);
    setRoom(attic, 2);
    await write(2, later);
    await pool.query(
      `UPDATE auditions SET view = jsonb_set(view, '{slot}', (view->'slot') || $2) WHERE id = $1`,
      [auditionId, JSON.stringify({ start: later.start, end: later.end })],
    );
    add(later.end, at('13:00'));
    add(at('11:00'), at('12:10'));
    await sync();
    expect(await registered()).toMatchObject([{ isRoom: false }, { isRoom: true }, { isRoom: true }]);
    expect(conflicts()).toEqual([]);
    sandbox.control.addBusy({ account: attic, start: at('12:20'), end: at('13:00') });
    await sync();
    expect(conflicts()).toMatchObject([
      {
        change: {
          connection,
          revision: 2,
          change: { kind: 'conflict', start: at('12:20'), end: at('12:30') },
        },
      },
    ]);
    expect(conflicts()[0]?.change.participant).toBeUndefined();
  });

  it('is forgotten when the booking ends, or another room is booked', async () => {
    const { book, sync, registered, activities, about, key, calendar, studio, sandbox, write } =
      await setUpRoom();
    const attic = 'c_attic@resource.calendar.google.com';
    sandbox.control.addRoom('google', { email: attic, name: 'Attic', answers: 'manual', shares: 'busy' });
    await write(1, slot);
    await book(1, slot, studio);
    await sync();
    await book(2, slot, attic);
    await sync();
    expect(await registered()).toMatchObject([{ isRoom: false }, { isRoom: true }]);
    await activities.removeEvent({ ...about, keys: [key('room:r1'), key('room:r2')], calendar });
    await sync();
    expect(await registered()).toMatchObject([{ isRoom: false }]);
  });

  it('that does not show its busy times is reported on the connection', async () => {
    const { book, sync, studio, sandbox, registered, repositories, connection } = await setUpRoom();
    await book(1, slot, studio);
    sandbox.control.addRoom('google', { email: studio, name: 'Studio 2', answers: 'manual', shares: 'none' });
    expect(await sync()).toMatchObject({ kind: 'synced' });
    expect(await registered()).toMatchObject([{ state: 'in_sync' }, { state: 'unavailable' }]);
    const problems = await repositories.connectionProblems.list([connection]);
    expect(problems.get(connection)).toMatchObject([{ kind: 'calendar_not_found' }]);
  });
});
