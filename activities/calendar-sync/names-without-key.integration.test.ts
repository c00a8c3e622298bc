/** Tests that a synchronisation continues whose calendars an earlier version has named without a key. */
import { describe, expect, it } from 'vitest';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';
import { nameWithoutKey, storeWithoutKey } from '../../tests/harness/names-without-key.ts';

const setupSync = useCalendarSync();

const setup = async () => {
  const bench = await setupSync({ pageSize: 2, roundMs: 20_000 });
  const { account, repositories, pool, sandbox } = bench;
  const plain = nameWithoutKey(`google/${account}`);
  return {
    ...bench,
    /** The name that workflows, webhooks and subscriptions of the earlier version have. */
    plain,
    /** Stops the earlier version, and starts this one. */
    update: async () => {
      await storeWithoutKey({ pool, repositories }, `google/${account}`);
      await repositories.unkeyedNames.key(await repositories.storedNames());
    },
    calls: () => {
      const { calls } = sandbox.control.state();
      const { 'events.list': lists, 'events.watch': watches } = calls.google;
      return { lists: lists?.[200] ?? 0, watches: watches?.[200] ?? 0 };
    },
    generation: async () => {
      const { rows } = await pool.query('SELECT generation FROM synced_calendars WHERE connection = $1', [
        bench.connection,
      ]);
      return rows;
    },
  };
};

describe('a calendar that an earlier version has named without a key', () => {
  it.each(['only', 'again'] as const)(
    'is read further from its cursor when a workflow of that version names it in `%s`',
    async (field) => {
      const { sync, write, person, update, plain, calls, generation, stored, kinds, resource } =
        await setup();
      for (const day of ['02', '03', '04'])
        person.add(`2031-08-${day}T08:00:00Z`, `2031-08-${day}T09:00:00Z`);
      await write(1, slot);
      expect(await sync()).toMatchObject({ calendars: [{ calendar: resource, state: 'in_sync' }] });
      const before = { calls: calls(), generation: await generation(), stored: await stored() };

      await update();
      await person.move(later.start, later.end);
      const result = await sync(field === 'only' ? { only: [plain] } : { only: [], again: [plain] });

      expect(result).toMatchObject({
        kind: 'synced',
        isMore: false,
        calendars: [{ calendar: resource, state: 'in_sync', listedCount: 1 }],
      });
      expect(kinds()).toEqual(['moved']);
      expect(calls().lists - before.calls.lists).toBe(1);
      expect(calls().watches).toBe(before.calls.watches);
      expect(await generation()).toEqual(before.generation);
      expect(await stored()).toHaveLength(before.stored.length);
      await sync();
      expect(kinds()).toEqual(['moved']);
    },
  );

  it('does not report again what was reported before the update', async () => {
    const { sync, write, person, update, kinds, answers } = await setup();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    await sync();
    await person.answer('accepted');
    await sync();
    const reported = { kinds: kinds(), answers: [...answers] };
    expect(reported.kinds).toEqual(['moved']);

    await update();
    await sync();
    await sync({ only: [] });

    expect({ kinds: kinds(), answers }).toEqual(reported);
  });

  it('is found again when the account is disconnected and connected after the update', async () => {
    const { sync, write, update, repositories, pool, sandbox, ...bench } = await setup();
    const { connection, account, auditionId, person, kinds, resource } = bench;
    const owner = connectToSandbox(sandbox.url, account).calendar;
    const calendarId = (await owner.calendars.insert({ requestBody: { summary: 'Family' } })).data.id ?? '';
    const family = {
      provider: 'google',
      connection,
      calendarId,
      calendarName: `google/${calendarId}`,
    } as const;
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      { participant: ada, ...family },
    ]);
    await write(1, slot);
    await sync();
    await storeWithoutKey({ pool, repositories }, family.calendarName);
    await update();

    await repositories.connections.disconnect('org_1', connection);
    await sync();
    await repositories.connections.put({
      id: connection,
      organization: 'org_1',
      provider: 'google',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
    await person.move(later.start, later.end);
    const stored = (await repositories.storedNames()).calendar(family.calendarName);
    const result = await sync();
    expect(result).toMatchObject({ kind: 'synced' });
    const calendars = await repositories.syncedCalendars.list(connection);
    expect(calendars.map(({ calendar, state }) => ({ calendar, state })).toSorted(byName)).toEqual(
      [resource, stored].map((calendar) => ({ calendar, state: 'in_sync' })).toSorted(byName),
    );
    expect(kinds()).toEqual(['moved']);
  });
});

const byName = (a: { readonly calendar: string }, b: { readonly calendar: string }) =>
  a.calendar.localeCompare(b.calendar);
