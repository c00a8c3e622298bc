import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import type { SyncCalendarsResult } from '../contract.ts';

const setup = useCalendarSync();

it('the synchronization shows a calendar whose server fails as a problem of the connection, until it is read again', async () => {
  let isDown = true;
  const { sync, write, useAnother, repositories, connection } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: (account, calendarId, ...rest) =>
        isDown && calendarId === 'another'
          ? Promise.reject(
              new ProviderError(
                'google',
                'calendar.listChanges',
                { kind: 'outage', effect: 'none' },
                { status: 503, message: 'down' },
              ),
            )
          : changes.listChanges(account, calendarId === 'another' ? 'primary' : calendarId, ...rest),
    }),
  });
  await write(1, slot);
  await useAnother('another');
  const problems = async () => (await repositories.connectionProblems.list([connection])).get(connection);
  expect(await sync()).toMatchObject({ kind: 'synced', again: [{ afterMs: 5_000 }] });
  const [problem] = (await problems()) ?? [];
  expect(problem).toMatchObject({ kind: 'calendar_unavailable' });
  await sync();
  expect(await problems()).toEqual([problem]);
  isDown = false;
  await sync();
  expect(await problems()).toBeUndefined();
});

const outage = (circuit?: 'open') =>
  new ProviderError(
    'google',
    'calendar.listChanges',
    { kind: 'outage', effect: 'none', delayMs: 20_000, ...(circuit && { circuit }) },
    { message: 'no answer' },
  );

/** Returns the input of the round in which these calendars are read again. */
const rereading = (result: SyncCalendarsResult) => ({
  only: [],
  again: result.kind === 'synced' ? (result.again ?? []).map(({ calendar }) => calendar) : [],
});

it('the synchronization follows the notifications of other calendars while one fails for now', async () => {
  const { sync, write, useAnother, person, kinds, record, resource } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: (account, calendarId, ...rest) =>
        calendarId === 'another'
          ? Promise.reject(outage())
          : changes.listChanges(account, calendarId, ...rest),
    }),
  });
  await write(1, slot);
  await record({ type: 'confirmed' });
  await useAnother('another');
  const result = await sync();
  expect(result).toMatchObject({ kind: 'synced', isMore: false, again: [{ afterMs: 20_000 }] });
  expect(rereading(result).again).not.toContain(resource);
  await person.move(later.start, later.end);
  const next = await sync({ only: [resource] });
  expect(kinds()).toEqual(['moved']);
  expect(next).not.toHaveProperty('again');
  expect(await sync(rereading(result))).toMatchObject({ again: [{ afterMs: 20_000 }] });
});

it('a stored page ends the outage of a long listing: the next one is tried again soon', async () => {
  let isDown = false;
  const { sync, write, person, pool, connection, repositories } = await setup({
    pageSize: 2,
    roundMs: -1,
    wrap: (changes) => ({
      ...changes,
      listChanges: (...args) => (isDown ? Promise.reject(outage()) : changes.listChanges(...args)),
    }),
  });
  for (const day of [1, 2, 3, 4, 5, 6]) person.add(`2031-05-0${day}T08:00:00Z`, `2031-05-0${day}T09:00:00Z`);
  await write(1, slot);
  expect(await sync()).toMatchObject({ isMore: true });
  isDown = true;
  await sync();
  await pool.query(
    "UPDATE synced_calendars SET error_since = now() - interval '11 minutes' WHERE connection = $1",
    [connection],
  );
  isDown = false;
  expect(await sync()).toMatchObject({ isMore: true });
  expect(await repositories.connectionProblems.list([connection])).toEqual(new Map());
  isDown = true;
  const failed = await sync();
  expect(failed).toMatchObject({ again: [{ afterMs: 20_000 }] });
  expect(failed).not.toHaveProperty('isFailing');
});

it('the synchronization marks itself as failing when a calendar has failed for ten minutes, and waits longer', async () => {
  const { sync, write, pool, connection } = await setup({
    wrap: (changes) => ({ ...changes, listChanges: () => Promise.reject(outage()) }),
  });
  await write(1, slot);
  expect(await sync()).not.toHaveProperty('isFailing');
  await pool.query(
    "UPDATE synced_calendars SET error_since = now() - interval '11 minutes' WHERE connection = $1",
    [connection],
  );
  expect(await sync()).toMatchObject({ isFailing: true, again: [{ afterMs: 300_000 }] });
});

it('the synchronization reads a healthy calendar after others that hang, and records the fault of each', async () => {
  const { sync, write, useAnother, pool, connection, resource } = await setup({
    roundMs: 100,
    wrap: (changes) => ({
      ...changes,
      listChanges: async (account, calendarId, ...rest) => {
        if (calendarId === 'primary') return changes.listChanges(account, calendarId, ...rest);
        await delay(150);
        throw outage();
      },
    }),
  });
  await useAnother('first');
  await useAnother('second');
  await write(1, slot);
  // On a busy machine, a round can be over before it has read anything.
  let result = await sync();
  for (let rounds = 1; rounds < 8; rounds += 1) result = await sync(rereading(result));
  const { rows } = await pool.query(
    'SELECT calendar, error, synced_at IS NOT NULL AS "isRead" FROM synced_calendars WHERE connection = $1 ORDER BY created_at',
    [connection],
  );
  expect(rows).toMatchObject([
    { error: 'outage', isRead: false },
    { error: 'outage', isRead: false },
    { calendar: resource, error: null, isRead: true },
  ]);
});

it('the synchronization tries another calendar when the circuit of the account allows a call again', async () => {
  let isAllowed = true;
  const called: string[] = [];
  const { sync, write, useAnother } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: async (account, calendarId, ...rest) => {
        if (!isAllowed) throw outage('open');
        called.push(calendarId);
        if (calendarId === 'primary') return changes.listChanges(account, calendarId, ...rest);
        isAllowed = false;
        throw outage();
      },
    }),
  });
  await useAnother('first');
  await useAnother('second');
  await write(1, slot);
  for (let rounds = 0; rounds < 4; rounds += 1) {
    isAllowed = true;
    await sync();
  }
  // Its own event is read on a second page.
  expect(called).toEqual(['first', 'second', 'primary', 'primary', 'first', 'second']);
});

it('the synchronization gives up a listing whose page is followed by itself, until the next poll', async () => {
  let pages = 0;
  const { sync, write } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: async () => {
        pages += 1;
        if (pages > 20) throw new Error('the listing has no end');
        return { kind: 'page', changes: [], nextPage: 'the same' };
      },
    }),
  });
  await write(1, slot);
  const result = await sync();
  expect(result).toMatchObject({ isMore: false, calendars: [{ state: 'unavailable' }] });
  expect(pages).toBe(2);
});

it('the synchronization does not count an earlier fault of another kind as the beginning of an outage, nor the reverse', async () => {
  let kind: 'rejected_input' | 'outage' = 'rejected_input';
  const { sync, write, pool, connection } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: () =>
        Promise.reject(
          kind === 'outage'
            ? outage()
            : new ProviderError(
                'google',
                'calendar.listChanges',
                { kind },
                { status: 400, message: 'rejected' },
              ),
        ),
    }),
  });
  const since = async () => {
    const { rows } = await pool.query(
      'SELECT extract(epoch FROM now() - error_since)::int AS seconds FROM synced_calendars WHERE connection = $1',
      [connection],
    );
    return Number(rows[0].seconds);
  };
  const pass = () =>
    pool.query(
      "UPDATE synced_calendars SET error_since = error_since - interval '1 hour' WHERE connection = $1",
      [connection],
    );
  await write(1, slot);
  await sync();
  await pass();
  await sync();
  expect(await since()).toBeGreaterThanOrEqual(3_600);
  kind = 'outage';
  expect(await sync()).not.toHaveProperty('isFailing');
  expect(await since()).toBeLessThan(600);
  await pass();
  expect(await sync()).toMatchObject({ isFailing: true });
  kind = 'rejected_input';
  await sync();
  expect(await since()).toBeLessThan(600);
});
