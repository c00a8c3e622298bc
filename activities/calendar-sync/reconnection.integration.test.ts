import { describe, expect, it } from 'vitest';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setupSync = useCalendarSync();

const setup = async () => {
  const bench = await setupSync();
  const { repositories, connection, account, pool } = bench;
  return {
    ...bench,
    disconnect: () => repositories.connections.disconnect('org_1', connection, 'disconnected_here'),
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
    markStarted: () => repositories.syncedCalendars.markStarted(connection),
    sealedIds: async () =>
      (
        await pool.query('SELECT sealed_calendar_id AS sealed FROM synced_calendars WHERE connection = $1', [
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

  it('keeps no id of a calendar while it is disconnected', async () => {
    const { sync, write, disconnect, sealedIds } = await setup();
    await write(1, slot);
    await sync();
    await disconnect();
    await sync();
    expect(await sealedIds()).toEqual(['']);
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
