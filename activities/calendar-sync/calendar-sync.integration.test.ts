import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useCalendarSync();

const days = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `2031-08-${String(from + n).padStart(2, '0')}`);

describe('a round of the synchronisation', () => {
  it('stores all events at first, and then only what has changed, without an address in the database', async () => {
    const { sync, write, person, stored, sandbox, pool, connection, account } = await setup({ pageSize: 2 });
    for (const day of days(1, 5)) person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`);
    await write(1, slot);
    expect(await sync()).toMatchObject({
      kind: 'synced',
      isMore: false,
      calendars: [{ state: 'in_sync', listedCount: 6 }],
    });
    const before = sandbox.control.state().calls.google['events.list'];
    const added = person.add('2031-08-06T08:00:00Z', '2031-08-06T09:00:00Z');
    expect(await sync()).toMatchObject({ calendars: [{ listedCount: 1 }] });
    expect((await stored()).map(({ id }) => id)).toContain(added);
    expect(await stored()).toHaveLength(7);
    const after = sandbox.control.state().calls.google['events.list'];
    expect(Object.values(after ?? {})[0]).toBe(Number(Object.values(before ?? {})[0]) + 1);
    for (const table of ['synced_calendars', 'synced_events', 'watch_subscriptions']) {
      const { rows } = await pool.query(`SELECT * FROM ${table} WHERE connection = $1`, [connection]);
      expect(JSON.stringify(rows)).not.toContain(account);
    }
  });

  it('continues a listing that one round does not finish', async () => {
    const { sync, write, person, stored } = await setup({ pageSize: 2, roundMs: -1 });
    for (const day of days(1, 3)) person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`);
    await write(1, slot);
    expect(await sync()).toMatchObject({ isMore: true, calendars: [{ state: 'listing', listedCount: 2 }] });
    // The event of ours is read with a page of its own.
    expect(await sync()).toMatchObject({ isMore: true, calendars: [{ state: 'listing', listedCount: 3 }] });
    expect(await sync()).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync', listedCount: 4 }] });
    expect(await stored()).toHaveLength(4);
  });

  it('names a calendar that one round does not finish, so that a round about another one continues it', async () => {
    const { sync, write, person, resource } = await setup({ pageSize: 2, roundMs: -1 });
    for (const day of days(1, 5)) person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`);
    await write(1, slot);
    const again = [{ calendar: resource, afterMs: 0 }];
    expect(await sync()).toMatchObject({ isMore: true, again });
    const next = { only: ['calendar:other'], again: [resource] };
    expect(await sync(next)).toMatchObject({ isMore: true, again, calendars: [{ listedCount: 4 }] });
    expect(await sync(next)).toMatchObject({ isMore: true, again, calendars: [{ listedCount: 5 }] });
    const last = await sync(next);
    expect(last).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync', listedCount: 6 }] });
    expect(last).not.toHaveProperty('again');
  });

  it('lists everything again after a 410, in the middle of the pages too, without a duplicate', async () => {
    const { sync, write, person, stored, sandbox } = await setup({ pageSize: 2, roundMs: -1 });
    const [first, ...others] = days(1, 4).map((day) => person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`));
    await write(1, slot);
    const finish = async () => {
      for (let result = await sync(); ; result = await sync()) {
        if (result.kind !== 'synced' || !result.isMore) return;
      }
    };
    await finish();
    for (const day of days(10, 5)) person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`);
    await sync();
    await person.remove(first);
    sandbox.control.expireSyncTokens();
    await finish();
    const ids = (await stored()).map(({ id }) => id);
    expect(ids).toHaveLength(9);
    expect(new Set(ids).size).toBe(9);
    expect(ids).not.toContain(first);
    expect(ids).toEqual(expect.arrayContaining(others));
  });

  it.each([
    ['userRateLimitExceeded', 'retry'],
    ['rateLimitExceeded', 'retry'],
    ['quotaExceeded', 'quota_exhausted'],
  ] as const)('continues with the page before which Google answered %s', async (reason, fault) => {
    const { sync, write, person, stored, sandbox } = await setup({ pageSize: 2 });
    for (const day of days(1, 5)) person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`);
    await write(1, slot);
    const operation = 'events.list';
    sandbox.control.setFault('google', {
      kind: 'rate_limit',
      operation,
      after: 1,
      times: 1,
      status: 403,
      reason,
      retryAfterSeconds: null,
    });
    expect(await sync()).toMatchObject({ calendars: [{ error: fault }], again: [{}] });
    // Our own event was stored when it was written.
    expect(await stored()).toHaveLength(3);
    expect(await sync()).toMatchObject({ isMore: false, calendars: [{ listedCount: 6 }] });
    expect(await stored()).toHaveLength(6);
    // The first page was not read again.
    expect(sandbox.control.state().calls.google[operation]).toEqual({ 200: 3, 403: 1 });
  });

  it('lists everything again, without a duplicate, when the token of a page has grown old', async () => {
    let ahead = 0;
    const { sync, write, person, stored } = await setup({
      pageSize: 2,
      roundMs: -1,
      clock: () => Date.now() + ahead,
    });
    const [first] = days(1, 4).map((day) => person.add(`${day}T08:00:00Z`, `${day}T09:00:00Z`));
    await write(1, slot);
    expect(await sync()).toMatchObject({ isMore: true });
    await person.remove(first);
    // The access token has expired as well, and is refreshed.
    ahead = 2 * 86_400_000;
    const rounds = [await sync(), await sync(), await sync()];
    expect(rounds.at(-1)).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync' }] });
    const ids = (await stored()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(4);
    expect(ids).not.toContain(first);
  });

  it('stores a page once, when an attempt repeats what another one has stored', async () => {
    const pages: unknown[] = [];
    const { sync, write, repositories, connection, resource } = await setup({
      wrap: (changes) => ({
        ...changes,
        listChanges: async (...call) => {
          pages.push(call[2]);
          return changes.listChanges(...call);
        },
      }),
    });
    await write(1, slot);
    const [before] = await repositories.syncedCalendars.list(connection);
    const at = await repositories.syncedCalendars.beginListing({ connection, calendar: resource });
    expect(before?.progress).toBeUndefined();
    await sync();
    const event = {
      start: slot.start,
      end: slot.end,
      zone: 'UTC',
      isAllDay: false,
      busy: 'busy',
    } as const;
    const late = { requestedAt: slot.start, events: [{ id: 'late', event }], nextCursor: 'late' };
    expect(await repositories.syncedEvents.storePage(at, late)).toBe(false);
    expect(await repositories.syncedEvents.count(connection)).toBe(1);
    // The second page reads the event of ours.
    expect(pages).toMatchObject([{ kind: 'all' }, { kind: 'all' }]);
  });

  it('reads the other calendars when one has vanished, and reports it', async () => {
    const { sync, write, useAnother, repositories, connection } = await setup();
    await write(1, slot);
    await useAnother('vanished');
    expect(await sync()).toMatchObject({
      kind: 'synced',
      calendars: [{ state: 'in_sync' }, { state: 'unavailable', error: 'not_found', pushError: 'not_found' }],
    });
    const problems = async () => (await repositories.connectionProblems.list([connection])).get(connection);
    const [problem] = (await problems()) ?? [];
    expect(problem).toMatchObject({ kind: 'calendar_not_found' });
    await sync();
    expect(await problems()).toEqual([problem]);
  });

  it('reads the other calendars when the reading of one fails unexpectedly, and throws then', async () => {
    const { sync, write, useAnother, repositories, connection } = await setup({
      wrap: (changes) => ({
        ...changes,
        listChanges: (account, calendarId, ...rest) =>
          calendarId === 'another'
            ? Promise.reject(new RangeError('Maximum call stack size exceeded'))
            : changes.listChanges(account, calendarId, ...rest),
      }),
    });
    await write(1, slot);
    await useAnother('another');
    await expect(sync()).rejects.toThrow('Maximum call stack size exceeded');
    const states = (await repositories.syncedCalendars.list(connection)).map(
      ({ calendarId, state }) => `${calendarId} ${state}`,
    );
    expect(states).toContain('primary in_sync');
    expect(states).not.toContain('another in_sync');
  });

  it('waits for the owner after the access was revoked, and ends when the account is disconnected', async () => {
    const { sync, write, sandbox, account, repositories, connection, stored, person } = await setup();
    await write(1, slot);
    person.add('2031-08-01T08:00:00Z', '2031-08-01T09:00:00Z');
    await sync();
    sandbox.control.revokeGrants('google', account);
    expect(await sync()).toMatchObject({ kind: 'needs_reauthorization' });
    await repositories.connections.disconnect('org_1', connection);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'disconnected' });
    // What was read is erased. What the open audition has written is known without the account.
    expect(await stored()).toMatchObject([{ isOurs: true }]);
    expect(await repositories.watchSubscriptions.listByConnection(connection)).toEqual([]);
  });

  it('ends, and stops its channel, when no open audition uses the calendar', async () => {
    const { sync, write, holds, sandbox, stored } = await setup();
    await write(1, slot);
    await sync();
    expect(sandbox.control.state().google.channels).toHaveLength(1);
    await holds.release();
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(sandbox.control.state().google.channels).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('names the calendar that failed for now, and the time that the provider has named', async () => {
    const { sync, write, fault } = await setup();
    await write(1, slot);
    fault('google', { kind: 'rate_limit', operation: 'events.list', times: 1, retryAfterSeconds: 7 });
    expect(await sync()).toMatchObject({
      calendars: [{ error: 'retry_after' }],
      again: [{ afterMs: 7_000 }],
    });
    const next = await sync();
    expect(next).toMatchObject({ kind: 'synced', calendars: [{ state: 'in_sync' }] });
    expect(next).not.toHaveProperty('again');
  });
});

describe('the channel of a calendar', () => {
  it('is opened once, and replaced before it expires: the new one first', async () => {
    const { sync, write, sandbox, pool, connection } = await setup();
    await write(1, slot);
    const { renewAt } = Object(await sync());
    await sync();
    const [first, ...others] = sandbox.control.state().google.channels;
    expect(others).toEqual([]);
    expect(first?.calendarId).toContain('@');
    expect(Date.parse(renewAt) - Date.now()).toBeGreaterThan(5 * 86_400_000);
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '6 days',
       expires_at = now() + interval '20 hours' WHERE connection = $1`,
      [connection],
    );
    await sync();
    const [second, ...none] = sandbox.control.state().google.channels;
    expect(none).toEqual([]);
    expect(second?.id).not.toBe(first?.id);
    const { google } = sandbox.control.state().calls;
    expect(Object.keys(google)).toEqual(expect.arrayContaining(['events.watch', 'channels.stop']));
  });

  it('is replaced when the vendor has ended it', async () => {
    const { sync, write, sandbox, repositories, connection } = await setup();
    await write(1, slot);
    await sync();
    const [first] = await repositories.watchSubscriptions.listByConnection(connection);
    await sync({ only: [], lostSubscriptions: [first?.id ?? ''] });
    const [second] = await repositories.watchSubscriptions.listByConnection(connection);
    expect(second?.id).not.toBe(first?.id);
    expect(sandbox.control.state().google.channels).toHaveLength(1);
  });

  it('that Google refuses leaves the calendar to polling, and is asked for again with the next poll', async () => {
    const { sync, write, fault, resource } = await setup();
    await write(1, slot);
    fault('google', { kind: 'outage', operation: 'events.watch' });
    expect(await sync()).toMatchObject({
      calendars: [{ state: 'in_sync', pushError: 'outage' }],
      renewAt: undefined,
    });
    fault('google', { kind: 'none' });
    expect(await sync({ only: [resource] })).toMatchObject({ calendars: [{ pushError: 'outage' }] });
    expect(await sync()).toMatchObject({ calendars: [{ pushError: undefined }] });
  });

  it('is replaced when its loss was stored and the notification forgotten', async () => {
    const { sync, write, repositories, connection, sandbox } = await setup();
    await write(1, slot);
    await sync();
    const [first] = await repositories.watchSubscriptions.listByConnection(connection);
    await repositories.watchSubscriptions.markLost(first?.id ?? '');
    await sync({ only: [] });
    const [second] = await repositories.watchSubscriptions.listByConnection(connection);
    expect(second?.id).not.toBe(first?.id);
    expect(sandbox.control.state().google.channels).toHaveLength(1);
  });

  it.each([
    ['of a calendar that is not used any more', 'calendar:gone'],
    ['beside the present one', undefined],
  ])('that is left over, %s, is ended and costs no further rounds', async (_which, calendarId) => {
    const { sync, write, repositories, connection, resource } = await setup();
    await write(1, slot);
    await sync();
    await repositories.watchSubscriptions.put({
      id: crypto.randomUUID(),
      provider: 'google',
      organization: 'org_1',
      connection,
      calendarId: calendarId ?? resource,
      resourceId: 'r',
      secret: 's',
      expiresAt: toInstant(Date.now() + 60_000),
    });
    const { renewAt } = Object(await sync());
    expect(Date.parse(renewAt) - Date.now()).toBeGreaterThan(5 * 86_400_000);
    expect(await repositories.watchSubscriptions.listByConnection(connection)).toHaveLength(1);
  });

  it('that cannot be replaced is tried again with the next poll, and not every minute', async () => {
    const { sync, write, fault, pool, connection } = await setup();
    await write(1, slot);
    await sync();
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '6 days',
       expires_at = now() + interval '20 hours' WHERE connection = $1`,
      [connection],
    );
    fault('google', { kind: 'outage', operation: 'events.watch' });
    expect(await sync()).toMatchObject({ renewAt: undefined, nextPollMs: 5 * 60_000 });
  });

  it('does not keep the calendars from being read when the vendor is slow', async () => {
    const slow = { calls: 0 };
    const { sync, write, useAnother } = await setup({
      wrap: (changes) => ({
        ...changes,
        push: changes.push && {
          ...changes.push,
          watch: (_account, _request, call) => {
            slow.calls += 1;
            return new Promise((_resolve, reject) => {
              call.signal?.addEventListener('abort', () =>
                reject(
                  new ProviderError(
                    'google',
                    'calendar.watch',
                    { kind: 'outage', effect: 'unknown' },
                    { message: 'late' },
                  ),
                ),
              );
            });
          },
        },
      }),
    });
    await write(1, slot);
    for (const name of ['a', 'b', 'c']) {
      await useAnother(name);
    }
    const begun = Date.now();
    const result = await sync();
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(slow.calls).toBe(1);
    expect(result).toMatchObject({ calendars: [{ state: 'in_sync' }, {}, {}, {}] });
    expect(Date.parse(Object(result).renewAt)).toBeLessThanOrEqual(Date.now());
  }, 30_000);
});

describe('the poll of all calendars', () => {
  it('is not postponed by notifications about one of them', async () => {
    const { sync, write, person, pool, connection, stored } = await setup();
    await write(1, slot);
    await pool.query("UPDATE connections SET connected_at = now() - interval '1 day' WHERE id = $1", [
      connection,
    ]);
    expect(await sync()).toMatchObject({ nextPollMs: 15 * 60_000 });
    const [{ nextPollMs }] = [Object(await sync({ only: [] }))];
    expect(nextPollMs).toBeLessThanOrEqual(15 * 60_000);
    person.add('2031-08-01T08:00:00Z', '2031-08-01T09:00:00Z');
    await sync({ only: [] });
    expect(await stored()).toHaveLength(1);
    await pool.query(
      "UPDATE synced_calendars SET polled_at = now() - interval '10 minutes' WHERE connection = $1",
      [connection],
    );
    const { nextPollMs: rest } = Object(await sync({ only: [] }));
    expect(Math.round(rest / 60_000)).toBe(5);
    expect(await stored()).toHaveLength(1);
    await pool.query(
      "UPDATE synced_calendars SET polled_at = now() - interval '16 minutes' WHERE connection = $1",
      [connection],
    );
    expect(await sync({ only: [] })).toMatchObject({ nextPollMs: 15 * 60_000 });
    expect(await stored()).toHaveLength(2);
  });

  it('comes every five minutes while a calendar has no channel', async () => {
    const { sync, write, fault } = await setup();
    await write(1, slot);
    fault('google', { kind: 'outage', operation: 'events.watch' });
    expect(await sync()).toMatchObject({ nextPollMs: 5 * 60_000 });
    fault('google', { kind: 'none' });
    expect(await sync()).toMatchObject({ nextPollMs: 15 * 60_000 });
  });
});

describe('a vendor that rejects each page after the first', () => {
  it('makes the calendar unavailable, and leads to no endless loop', async () => {
    const pages = { count: 0 };
    const { sync, write } = await setup({
      wrap: (changes) => ({
        ...changes,
        listChanges: async (_account, _calendar, position) => {
          pages.count += 1;
          return position.page === undefined
            ? { kind: 'page', changes: [], nextPage: 'p2' }
            : { kind: 'cursor_expired' };
        },
      }),
    });
    await write(1, slot);
    expect(await sync()).toMatchObject({
      kind: 'synced',
      isMore: false,
      calendars: [{ state: 'unavailable', error: 'rejected_input' }],
    });
    expect(pages.count).toBeLessThan(6);
  });
});
