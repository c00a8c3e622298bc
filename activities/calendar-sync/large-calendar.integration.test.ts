/** Tests the limit of the events of one calendar. */
import { expect, it } from 'vitest';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useCalendarSync();

const setUpLarge = async (count: number) => {
  const parts = await setup({ pageSize: 2, maxEvents: 5 });
  const { person, write, repositories, connection, pool, sandbox } = parts;
  const added = Array.from({ length: count }, (_, n) =>
    person.add(`2031-08-${String(n + 1).padStart(2, '0')}T08:00:00Z`, '2031-08-30T08:00:00Z'),
  );
  await write(1, slot);
  const requests = () =>
    Object.values(sandbox.control.state().calls.google['events.list'] ?? {}).reduce(
      (sum, calls) => sum + calls,
      0,
    );
  const problems = async () =>
    ((await repositories.connectionProblems.list([connection])).get(connection) ?? []).map(
      ({ kind, since }) => ({ kind, since }),
    );
  const pass = (time: string) =>
    pool.query(
      `UPDATE synced_calendars SET listing_began_at = listing_began_at - interval '${time}' WHERE connection = $1`,
      [connection],
    );
  return { ...parts, added, requests, problems, pass };
};

it('a calendar with too many events is no longer read, and is listed again a day later', async () => {
  const { sync, requests, problems, pass, person, added, count } = await setUpLarge(12).then((parts) => ({
    ...parts,
    count: () => parts.repositories.syncedEvents.count(parts.connection),
  }));
  expect(await sync()).toMatchObject({ calendars: [{ state: 'unavailable', error: 'rejected_input' }] });
  const [problem] = await problems();
  expect(problem).toMatchObject({ kind: 'calendar_rejected' });
  const [read, stored] = [requests(), await count()];
  await sync();
  await sync();
  expect(requests()).toBe(read);
  expect(await count()).toBe(stored);
  await pass('25 hours');
  await sync();
  expect(requests()).toBeGreaterThan(read);
  // The problem has not ended in between.
  expect(await problems()).toEqual([problem]);
  for (const id of added.slice(4)) await person.remove(id);
  await pass('25 hours');
  expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
  expect(await problems()).toEqual([]);
});

it('a calendar with nearly too many events can change by more than one page', async () => {
  const { sync, person } = await setUpLarge(4);
  expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync', listedCount: 5 }] });
  for (const day of ['20', '21', '22']) person.add(`2031-07-${day}T08:00:00Z`, `2031-07-${day}T09:00:00Z`);
  expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync', listedCount: 3 }] });
});
