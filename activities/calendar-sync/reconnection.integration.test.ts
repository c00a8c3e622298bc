import { describe, expect, it } from 'vitest';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setupSync = useCalendarSync();
let rooms = 0;

const setup = async () => {
  const bench = await setupSync();
  const { repositories, connection, account, pool } = bench;
  return {
    ...bench,
    disconnect: () => repositories.connections.disconnect('org_1', connection),
    /** Connects the same account again. Its data key is a new one. */
    reconnect: () =>
      repositories.connections.put({
        id: connection,
        organization: 'org_1',
        provider: 'google',
        account,
        refreshToken: `sandbox-refresh-${account}`,
      }),
    toStart: async () =>
      (await repositories.syncedCalendars.listToStart(60_000, 10)).map((start) => start.connection),
    channels: async () =>
      (await repositories.watchSubscriptions.listByConnection(connection)).map(({ id }) => id),
    /** Makes another calendar of the account count as busy. */
    useFamily: async () => {
      const owner = connectToSandbox(bench.sandbox.url, account).calendar;
      const calendarId = (await owner.calendars.insert({ requestBody: { summary: 'Family' } })).data.id ?? '';
      await repositories.busyCalendars.replace({ organization: 'org_1', auditionId: bench.auditionId }, [
        {
          participant: ada,
          connection,
          provider: 'google',
          calendarId,
          calendarName: `google/${calendarId}`,
        },
      ]);
      const requestBody = { start: { dateTime: slot.start }, end: { dateTime: slot.end } };
      return { addEvent: () => owner.events.insert({ calendarId, requestBody }) };
    },
    /** Makes a room that the account can book count as that of the audition, as its claim does. */
    useRoom: async () => {
      rooms += 1;
      const room = `c_reconnected${rooms}@resource.calendar.google.com`;
      const { control } = bench.sandbox;
      control.addRoom('google', { email: room, name: 'Studio 2', answers: 'manual', shares: 'busy' });
      await repositories.busyCalendars.replace({ organization: 'org_1', auditionId: bench.auditionId }, [
        {
          participant: roomUser,
          connection,
          provider: 'google',
          calendarId: room,
          calendarName: `google/${room}`,
        },
      ]);
      const decline = () =>
        control.answerRoom('google', { room, eventId: bench.eventId, answer: 'declined' });
      return {
        room,
        decline,
        addEvent: () =>
          control.addBusy({ account: room, start: '2031-07-01T10:15:00.000Z', end: later.start }),
      };
    },
    markStarted: async () => {
      const due = await repositories.syncedCalendars.listToStart(60_000, 100);
      for (const started of due.filter((each) => each.connection === connection))
        await repositories.syncedCalendars.markStarted(started);
    },
    sealedIds: async () =>
      (
        await pool.query('SELECT sealed_id AS sealed FROM synced_calendars WHERE connection = $1', [
          connection,
        ])
      ).rows.map(({ sealed }) => sealed),
  };
};

describe('an account that was disconnected and connected again', () => {
  it('is synchronized further when no round has noticed', async () => {
    const { sync, write, person, disconnect, reconnect, kinds } = await setup();
    await write(1, slot);
    await sync();
    await disconnect();
    await reconnect();
    await person.move(later.start, later.end);
    expect(await sync({ only: [] })).toMatchObject({ kind: 'synced', calendars: [{ state: 'in_sync' }] });
    expect(kinds()).toEqual(['moved']);
  });

  it('is started again when its synchronisation has ended, and reports what was deleted meanwhile', async () => {
    const { sync, write, person, disconnect, reconnect, kinds, toStart, markStarted, connection } =
      await setup();
    await write(1, slot);
    await sync();
    await markStarted();
    expect(await toStart()).not.toContain(connection);
    await disconnect();
    expect(await sync()).toEqual({ kind: 'ended', reason: 'disconnected' });
    expect(await toStart()).not.toContain(connection);
    await person.remove();
    await reconnect();
    expect(await toStart()).toContain(connection);
    expect(await sync()).toMatchObject({ kind: 'synced', calendars: [{ state: 'in_sync' }] });
    expect(kinds()).toEqual(['deleted']);
  });

  it('is asked anew about a change whose question was withdrawn, and not about one that was undone', async () => {
    const { sync, write, person, disconnect, reconnect, kinds, sent } = await setup();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    await sync();
    await disconnect();
    await sync();
    await reconnect();
    await sync();
    expect(kinds()).toEqual(['moved', 'moved']);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(2);
  });

  it('keeps no id of a calendar while it is disconnected', async () => {
    const { sync, write, disconnect, sealedIds } = await setup();
    await write(1, slot);
    await sync();
    await disconnect();
    await sync();
    expect(await sealedIds()).toEqual(['']);
  });

  it.each(['before', 'after'] as const)(
    'compares a calendar that only counts as busy when it is connected again %s a round has noticed',
    async (when) => {
      const { sync, write, disconnect, reconnect, useFamily, kinds } = await setup();
      const { addEvent } = await useFamily();
      await write(1, slot);
      await sync();
      await disconnect();
      if (when === 'after') await sync();
      await reconnect();
      await addEvent();
      expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }, { state: 'in_sync' }] });
      expect(kinds()).toEqual(['conflict']);
    },
  );

  it('compares the calendar of a room again', async () => {
    const { sync, book, disconnect, reconnect, useRoom, sent } = await setup();
    const { room, decline, addEvent } = await useRoom();
    await book(1, slot, room);
    decline();
    await sync();
    await disconnect();
    await sync();
    await reconnect();
    addEvent();
    await sync();
    const conflicts = sent.filter(({ change }) => change.change.kind === 'conflict');
    expect(conflicts).toMatchObject([{ change: { revision: 1 } }]);
    expect(conflicts[0]?.change.participant).toBeUndefined();
  });

  it('keeps no calendar that counts as busy for an audition without a slot', async () => {
    const { sync, write, disconnect, useFamily, pool, auditionId, sealedIds } = await setup();
    await useFamily();
    await write(1, slot);
    await sync();
    await disconnect();
    await pool.query('DELETE FROM slot_holds WHERE audition_id = $1', [auditionId]);
    await sync();
    const { rows } = await pool.query('SELECT FROM busy_calendars WHERE audition_id = $1', [auditionId]);
    expect(rows).toEqual([]);
    expect(await sealedIds()).toEqual([]);
  });

  it('forgets a calendar whose id no step of an audition knows', async () => {
    const { sync, write, disconnect, reconnect, pool, auditionId, sealedIds } = await setup();
    await write(1, slot);
    await sync();
    await disconnect();
    await sync();
    await reconnect();
    await pool.query('DELETE FROM operations WHERE audition_id = $1', [auditionId]);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(await sealedIds()).toEqual([]);
  });

  it('gets another channel, because the former one belongs to the former consent', async () => {
    const { sync, write, reconnect, channels } = await setup();
    await write(1, slot);
    await sync();
    const [first] = await channels();
    await reconnect();
    await sync({ only: [] });
    const [second, ...others] = await channels();
    expect(second).not.toBe(first);
    expect(others).toEqual([]);
    await sync();
    expect(await channels()).toEqual([second]);
  });
});
