import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { storedCalendar } from '../../db/auditions/resources.ts';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { type AuditionId, type ConnectionId, participantIdSchema } from '../../domain/ids.ts';
import { createGoogleChanges } from '../../providers/google/changes.ts';
import { createGoogleClient } from '../../providers/google/client.ts';
import type { CalendarChanges } from '../../providers/ports.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../contract.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { createSyncActivities } from '../index.ts';

const benchFor = useActivityHarness();

const ada = participantIdSchema.parse('ada');
const slot: Slot = {
  start: '2031-07-01T10:00:00.000Z',
  end: '2031-07-01T10:30:00.000Z',
  zone: 'Europe/Paris',
};
const later: Slot = { ...slot, start: '2031-07-01T12:00:00.000Z', end: '2031-07-01T12:30:00.000Z' };

interface Options {
  readonly pageSize?: number;
  readonly roundMs?: number;
  readonly wrap?: (changes: CalendarChanges) => CalendarChanges;
}

const setup = async ({ pageSize = 1_000, roundMs = 20_000, wrap = (same) => same }: Options = {}) => {
  const bench = await benchFor();
  const { activities, repositories, pool, sandbox, auditionId, about, key } = bench;
  const connection: ConnectionId = `conn_${randomUUID()}`;
  const account = `${randomUUID()}@example.com`;
  await repositories.connections.put({
    id: connection,
    organization: 'org_1',
    provider: 'google',
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  const calendar: CalendarRef = { provider: 'google', connection, calendarId: 'primary' };
  const resource = storedCalendar(`google/${account}`);
  const holds = { release: () => pool.query('DELETE FROM slot_holds WHERE resource = $1', [resource]) };
  await pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
    [auditionId, resource, slot.start, later.end],
  );
  const client = createGoogleClient(sandboxSettings(sandbox.url).google);
  const sent: { readonly audition: AuditionId; readonly change: CalendarChange }[] = [];
  const temporal = { isDown: false };
  const syncActivities = createSyncActivities({
    repositories,
    providers: { calendarChanges: { google: wrap(createGoogleChanges(client, pageSize)) } },
    accessTokens: bench.accessTokens,
    signals: {
      calendarChanged: async (audition, change) => {
        sent.push({ audition, change });
        if (temporal.isDown) throw new Error('14 UNAVAILABLE');
        return 'signaled';
      },
    },
    publicUrl: sandbox.url,
    pollMinutes: 15,
    roundMs,
  });
  const sync = (change: Partial<SyncCalendarsInput> = {}): Promise<SyncCalendarsResult> => {
    const about = { organization: 'org_1', connection, provider: 'google', correlationId: 'corr-1' } as const;
    return new MockActivityEnvironment().run(
      (input: SyncCalendarsInput) => syncActivities.syncCalendars(input),
      {
        ...about,
        ...change,
      },
    );
  };
  const write = (revision: number, at: Slot, label = '') =>
    activities.writeEvent({
      ...about,
      key: key(`event:ada:r${revision}${label}`),
      participant: ada,
      calendar,
      content: { summary: 'Captain', description: '', slot: at, revision },
    });
  const { calendar: owner } = connectToSandbox(sandbox.url, account);
  const eventId = eventIdFor(auditionId);
  const person = {
    move: (start: string, end: string) =>
      owner.events.patch({
        calendarId: 'primary',
        eventId,
        requestBody: { start: { dateTime: start }, end: { dateTime: end } },
      }),
    remove: (id = eventId) => owner.events.delete({ calendarId: 'primary', eventId: id }),
    edit: (summary: string) =>
      owner.events.patch({ calendarId: 'primary', eventId, requestBody: { summary } }),
    add: (start: string, end: string) => sandbox.control.addBusy({ account, start, end }).eventId,
  };
  const stored = async () => {
    const { rows } = await pool.query(
      `SELECT event_id AS id, is_removed AS "isRemoved", generation, audition_id IS NOT NULL AS "isOurs"
       FROM synced_events WHERE connection = $1 ORDER BY starts_at, event_id`,
      [connection],
    );
    return rows;
  };
  return {
    ...bench,
    account,
    calendar,
    connection,
    resource,
    holds,
    sent,
    temporal,
    sync,
    write,
    person,
    stored,
    eventId,
    kinds: () => sent.map(({ change }) => change.change.kind),
  };
};

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
    expect(await sync()).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync', listedCount: 4 }] });
    expect(await stored()).toHaveLength(4);
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
    const late = { events: [{ id: 'late', event }], nextCursor: 'late' };
    expect(await repositories.syncedEvents.storePage(at, late)).toBe(false);
    expect(await repositories.syncedEvents.count(connection)).toBe(1);
    expect(pages).toMatchObject([{ kind: 'all' }]);
  });

  it('reads the other calendars when one has vanished, and reports it', async () => {
    const { sync, write, pool, repositories, connection, auditionId } = await setup();
    await write(1, slot);
    await repositories.writtenEvents.record({
      organization: 'org_1',
      connection,
      provider: 'google',
      calendarName: `google/${connection}-vanished`,
      calendarId: 'vanished',
      eventId: 'e1',
      auditionId,
      participant: ada,
      key: 'k1',
      slot,
      revision: 1,
    });
    await pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 2, $2, 'org_1', tstzrange($3, $4))`,
      [auditionId, storedCalendar(`google/${connection}-vanished`), slot.start, slot.end],
    );
    expect(await sync()).toMatchObject({
      kind: 'synced',
      calendars: [{ state: 'in_sync' }, { state: 'unavailable', error: 'not_found', pushError: 'not_found' }],
    });
  });

  it('waits for the owner after the access was revoked, and ends when the account is disconnected', async () => {
    const { sync, write, sandbox, account, repositories, connection, stored } = await setup();
    await write(1, slot);
    await sync();
    sandbox.control.revokeGrants('google', account);
    expect(await sync()).toMatchObject({ kind: 'needs_reauthorization' });
    await repositories.connections.disconnect('org_1', connection, 'disconnected_here');
    expect(await sync()).toEqual({ kind: 'ended', reason: 'disconnected' });
    expect(await stored()).toEqual([]);
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

  it('throws a transient fault, so that Temporal retries', async () => {
    const { sync, write, fault } = await setup();
    await write(1, slot);
    fault('google', { kind: 'rate_limit', operation: 'events.list', times: 1, retryAfterSeconds: 7 });
    await expect(sync()).rejects.toMatchObject({ type: 'retry_after' });
    expect(await sync()).toMatchObject({ kind: 'synced' });
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
});

describe('an event of ours', () => {
  it('never echoes: not when it is written, moved, written again or removed by the audition', async () => {
    const { sync, write, activities, about, key, calendar, sent } = await setup();
    await write(1, slot);
    await sync();
    await write(2, later);
    await sync();
    await write(2, later, ':again');
    await sync();
    await activities.removeEvent({ ...about, keys: [key('event:ada:r2:again')], calendar });
    await sync();
    expect(sent).toEqual([]);
  });

  it('does not echo when the calendar is read between the write and its record', async () => {
    const {
      sync,
      write,
      providers,
      person,
      calendar,
      connection,
      auditionId,
      key,
      sent,
      kinds,
      accessTokens,
      account,
    } = await setup();
    await write(1, slot);
    await sync();
    const owner = { id: connection, organization: 'org_1', provider: 'google', version: 1 } as const;
    const opened = { ...owner, account, ...accessTokens.forConnection(owner, 'test') };
    const event = {
      calendarId: calendar.calendarId,
      eventId: eventIdFor(auditionId),
      reference: auditionId,
      use: { name: 'ada', key: key('event:ada:r2') },
      summary: 'Captain',
      description: '',
      slot: later,
      revision: 2,
    };
    await providers.calendars.google.putEvent(opened, event, callContext());
    await sync();
    await write(2, later);
    await sync();
    expect(sent).toEqual([]);
    // The comparison goes on afterwards.
    await person.move(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual(['moved']);
  });

  it('that a person moves, deletes or puts back is reported once for each change', async () => {
    const { sync, write, person, sent, auditionId, connection, kinds } = await setup();
    await write(1, slot);
    await sync();
    await person.edit('My big day');
    await sync();
    await person.move(later.start, later.end);
    await sync();
    await sync();
    expect(sent).toMatchObject([
      {
        audition: auditionId,
        change: {
          participant: 'ada',
          provider: 'google',
          connection,
          revision: 1,
          change: { kind: 'moved', start: later.start, end: later.end, isAllDay: false },
        },
      },
    ]);
    await person.move(slot.start, slot.end);
    await sync();
    await person.remove();
    await sync();
    await write(1, slot, ':restored');
    await sync();
    await person.remove();
    await sync();
    expect(kinds()).toEqual(['moved', 'put_back', 'deleted', 'deleted']);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(4);
  });

  it('that was deleted while the sync token had expired is reported as well', async () => {
    const { sync, write, person, sandbox, kinds, stored } = await setup();
    await write(1, slot);
    await sync();
    await person.remove();
    sandbox.control.expireSyncTokens();
    await sync();
    await sync();
    expect(kinds()).toEqual(['deleted']);
    expect(await stored()).toMatchObject([{ isRemoved: true, isOurs: true }]);
  });

  it('is reported again with the same id when the signal could not be sent', async () => {
    const { sync, write, person, sent, temporal } = await setup();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    temporal.isDown = true;
    await expect(sync()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await sync();
    expect(sent).toHaveLength(2);
    expect(sent[0]).toEqual(sent[1]);
  });
});

describe('an event of another program', () => {
  it('in the time of the slot is reported, and again when it is gone', async () => {
    const { sync, write, person, sent, kinds } = await setup();
    await write(1, slot);
    person.add('2031-07-01T10:30:00Z', '2031-07-01T11:00:00Z');
    await sync();
    expect(sent).toEqual([]);
    const id = person.add('2031-07-01T10:20:00Z', '2031-07-01T10:40:00Z');
    await sync();
    await sync();
    expect(sent).toMatchObject([
      {
        change: {
          revision: 1,
          change: { kind: 'conflict', start: '2031-07-01T10:20:00.000Z', end: '2031-07-01T10:40:00.000Z' },
        },
      },
    ]);
    await person.remove(id);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });
});
