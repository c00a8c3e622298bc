/** Tests conflicts in calendars of which the account may only see the busy times, at Google. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules, type EventRules } from '../../domain/audition/conflict-rules.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { minute } from '../../domain/time/units.ts';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setUpSync = useCalendarSync();

type Role = 'none' | 'freeBusyReader' | 'reader' | 'writer';
const at = (time: string) => `2031-07-01T${time}:00.000Z` as const;

/** Sets up a booked slot of a participant for whom the calendar of a friend counts as busy. */
const setup = async (options: Parameters<typeof setUpSync>[0] = {}) => {
  const bench = await setUpSync(options);
  const { sandbox, account, repositories, auditionId, connection, pool } = bench;
  const friendAccount = `${randomUUID()}@example.com`;
  const { calendar: friend } = connectToSandbox(sandbox.url, friendAccount);
  const addCalendar = async (role: Role) => {
    const { data } = await friend.calendars.insert({ requestBody: { summary: 'Friend' } });
    const calendarId = data.id ?? '';
    const share = (given: Role) =>
      friend.acl.insert({
        calendarId,
        requestBody: { role: given, scope: { type: 'user', value: account } },
      });
    await share(role);
    const add = async (start: string, end: string) => {
      const requestBody = { start: { dateTime: start }, end: { dateTime: end } };
      return (await friend.events.insert({ calendarId, requestBody })).data.id ?? '';
    };
    const remove = (eventId: string) => friend.events.delete({ calendarId, eventId });
    return { calendarId, share, add, remove };
  };
  const use = (calendarIds: readonly string[]) =>
    repositories.busyCalendars.replace(
      { organization: 'org_1', auditionId },
      calendarIds.map((calendarId) => ({
        participant: ada,
        connection,
        provider: 'google',
        calendarId,
        calendarName: `google/${calendarId}`,
      })),
    );
  const setRules = (rules: Partial<EventRules>) =>
    repositories.participantConflicts.setRules(auditionId, [ada], { ...defaultConflictRules, ...rules });
  const queries = () => sandbox.control.state().calls.google['freebusy.query']?.['200'] ?? 0;
  const states = async () => {
    const { rows } = await pool.query(
      `SELECT state, error, push_error AS "pushError", events_denied_at IS NOT NULL AS "isHidden"
       FROM synced_calendars WHERE connection = $1 AND is_busy_only ORDER BY created_at`,
      [connection],
    );
    return rows;
  };
  /** Makes the audition a scheduled one in the read model. */
  const schedule = () =>
    pool.query(
      `INSERT INTO auditions (id, organization, project, role, state, needs_attention, requested_at, sequence, view)
       VALUES ($1, 'org_1', 'p', 'r', 'scheduled', false, now(), 1, $2)
       ON CONFLICT (id) DO UPDATE SET state = 'scheduled', view = $2`,
      [auditionId, JSON.stringify({ slot, revision: 1 })],
    );
  /** Lets an hour pass, after which the events are requested again. */
  const passHour = () =>
    pool.query(
      `UPDATE synced_calendars SET events_denied_at = events_denied_at - interval '1 hour' WHERE connection = $1`,
      [connection],
    );
  return { ...bench, friend, friendAccount, addCalendar, use, setRules, queries, states, schedule, passHour };
};

const setUpHidden = async (role: Role = 'freeBusyReader', at: Slot = slot) => {
  const bench = await setup();
  const shared = await bench.addCalendar(role);
  await bench.use([shared.calendarId]);
  await bench.write(1, at);
  await bench.sync();
  return { ...bench, ...shared };
};

const isHidden = { state: 'in_sync', error: null, pushError: null, isHidden: true };

describe('a calendar of which only the busy times are visible', () => {
  it('is read, and a busy time in the slot is a conflict once, until the time is free again', async () => {
    const { sync, add, remove, sent, kinds, states, auditionId } = await setUpHidden();
    expect(await states()).toEqual([isHidden]);
    const id = await add(slot.start, slot.end);
    await sync();
    await sync();
    expect(sent).toMatchObject([
      {
        audition: auditionId,
        change: { participant: ada, revision: 1, change: { kind: 'conflict', start: slot.start } },
      },
    ]);
    await remove(id);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it('is no problem of the connection', async () => {
    const { repositories, connection } = await setUpHidden();
    expect((await repositories.connectionProblems.list([connection])).get(connection)).toBeUndefined();
  });

  it('is asked about once when another event joins the busy time far from the slot', async () => {
    const { sync, add, kinds } = await setUpHidden();
    await add(at('10:15'), at('12:00'));
    await sync();
    await add(at('12:00'), at('14:00'));
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('conflicts by the rules of the audition', async () => {
    const { sync, add, setRules, kinds } = await setUpHidden();
    await add(at('10:35'), at('11:00'));
    await sync();
    expect(kinds()).toEqual([]);
    await setRules({ calendarBuffer: 10 * minute });
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('counts the event of another audition', async () => {
    const { sync, friend, calendarId, kinds } = await setUpHidden();
    await friend.events.insert({
      calendarId,
      requestBody: {
        start: { dateTime: slot.start },
        end: { dateTime: slot.end },
        extendedProperties: { private: { castmatchReference: 'aud_another' } },
      },
    });
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('is read by one query for many, and one that is gone does not stop the others', async () => {
    const { addCalendar, use, write, sync, queries, states, kinds } = await setup();
    const calendars = [];
    for (let count = 0; count < 3; count += 1) calendars.push(await addCalendar('freeBusyReader'));
    const [first, second] = calendars;
    await use(calendars.map(({ calendarId }) => calendarId));
    await write(1, slot);
    await sync();
    expect(await states()).toEqual([isHidden, isHidden, isHidden]);
    const before = queries();
    await first?.share('none');
    await second?.add(slot.start, slot.end);
    await sync();
    expect(queries()).toBe(before + 1);
    expect((await states()).map(({ state, error }) => ({ state, error }))).toEqual([
      { state: 'unavailable', error: 'not_found' },
      { state: 'in_sync', error: null },
      { state: 'in_sync', error: null },
    ]);
    expect(kinds()).toEqual(['conflict']);
  });

  it('is stored before the next one is read, and the rest is read by the next rounds', async () => {
    const asked: string[] = [];
    const { addCalendar, use, write, sync, states, kinds } = await setup({
      roundMs: 1,
      wrapCalendar: (calendar) => ({
        ...calendar,
        hidden: calendar.hidden && {
          mostPerQuery: 1,
          busyTimes: (account, calendars, ...rest) => {
            asked.push(...calendars.map(({ calendarId }) => calendarId));
            return calendar.hidden?.busyTimes(account, calendars, ...rest) ?? Promise.resolve([]);
          },
        },
      }),
    });
    const calendars = [];
    for (let count = 0; count < 3; count += 1) calendars.push(await addCalendar('freeBusyReader'));
    const ids = calendars.map(({ calendarId }) => calendarId);
    await use(ids);
    await write(1, slot);
    for (const { add } of calendars) await add(slot.start, slot.end);
    let rounds = 0;
    let result = await sync();
    while (result.kind === 'synced' && result.isMore && rounds < 20) {
      rounds += 1;
      result = await sync({ again: result.again?.map(({ calendar }) => calendar), only: [] });
    }
    expect(result).toMatchObject({ kind: 'synced', isMore: false });
    expect(asked.toSorted()).toEqual(ids.toSorted());
    expect(await states()).toEqual([isHidden, isHidden, isHidden]);
    // One time is one question, in however many calendars it is.
    expect(kinds()).toEqual(['conflict']);
  });

  it('is not watched, and not queried between polls', async () => {
    const { sync, queries, resource, sandbox, calendarId } = await setUpHidden();
    const before = queries();
    await sync({ only: [resource] });
    expect(queries()).toBe(before);
    const channels = sandbox.control.state().google.channels.map((channel) => channel.calendarId);
    expect(channels).not.toContain(calendarId);
  });

  it('is not queried without a slot ahead', async () => {
    const { addCalendar, use, sync, queries, states } = await setup();
    const { calendarId } = await addCalendar('freeBusyReader');
    await use([calendarId]);
    await sync();
    expect(await states()).toEqual([isHidden]);
    const before = queries();
    await sync();
    expect(queries()).toBe(before);
  });

  it('neither hinders nor joins a reconciliation', async () => {
    const { sync, findings } = await setUpHidden();
    const reconcile = { isFirst: true, isDryRun: false } as const;
    expect(await sync({ reconcile })).toMatchObject({ kind: 'synced', isReconciled: true });
    expect(findings).toEqual([]);
  });
});

describe('the busy times of our own event', () => {
  it('do not conflict in the calendar of another participant, which is shared without details', async () => {
    const { sync, kinds, use, friend, friendAccount, account, activities, repositories, about, key, write } =
      await setup();
    const ben = { id: `conn_${randomUUID()}`, participant: participantIdSchema.parse('ben') } as const;
    await repositories.connections.put({
      id: ben.id,
      organization: 'org_1',
      provider: 'google',
      account: friendAccount,
      refreshToken: `sandbox-refresh-${friendAccount}`,
    });
    await friend.acl.insert({
      calendarId: 'primary',
      requestBody: { role: 'freeBusyReader', scope: { type: 'user', value: account } },
    });
    await use([friendAccount]);
    await write(1, slot);
    await activities.writeEvent({
      ...about,
      key: key('event:ben:r1'),
      participant: ben.participant,
      calendar: { provider: 'google', connection: ben.id, calendarId: 'primary' },
      content: { summary: 'Captain', description: '', slot, revision: 1 },
    });
    await sync();
    expect(kinds()).toEqual([]);
    const requestBody = { start: { dateTime: at('10:30') }, end: { dateTime: at('11:00') } };
    await friend.events.insert({ calendarId: 'primary', requestBody });
    await sync();
    expect(kinds()).toEqual([]);
    const earlier = { start: { dateTime: at('09:50') }, end: { dateTime: at('10:05') } };
    await friend.events.insert({ calendarId: 'primary', requestBody: earlier });
    await sync();
    // What lies within our own event cannot be seen.
    expect(kinds()).toEqual([]);
  });
});

describe('a participant without an event of ours', () => {
  it('can have the invitation in the calendar: a busy time at the slot is no conflict', async () => {
    const { addCalendar, use, schedule, pool, sync, kinds, connection } = await setup();
    const { calendarId, add } = await addCalendar('freeBusyReader');
    await use([calendarId]);
    await schedule();
    await add(slot.start, slot.end);
    expect(await sync()).toMatchObject({ kind: 'synced' });
    expect(kinds()).toEqual([]);
    const { rows } = await pool.query(`SELECT seen_as AS "seenAs" FROM synced_events WHERE connection = $1`, [
      connection,
    ]);
    expect(rows).toEqual([{ seenAs: 'merged' }]);
    await add(at('10:10'), at('10:20'));
    await sync();
    expect(kinds()).toEqual([]);
  });

  it('has a conflict with a busy time in a part of the slot', async () => {
    const { addCalendar, use, schedule, sync, kinds } = await setup();
    const { calendarId, add } = await addCalendar('freeBusyReader');
    await use([calendarId]);
    await schedule();
    await add(at('10:10'), at('10:20'));
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });
});

describe('a reading of busy times', () => {
  it('stores nothing when a later one has begun', async () => {
    const { repositories, connection, sync, add, stored } = await setUpHidden();
    const calendars = await repositories.syncedCalendars.list(connection);
    const calendar = calendars.find(({ isBusyOnly }) => isBusyOnly);
    if (!calendar) throw new Error('the calendar is not registered');
    await add(slot.start, slot.end);
    const { busyTimes } = repositories;
    const earlier = await busyTimes.begin(calendar);
    await sync();
    const before = await stored();
    expect(await busyTimes.store(calendar, { reading: earlier, times: [], isDenied: false })).toBe(false);
    expect(await stored()).toEqual(before);
  });

  it('keeps two events at one time apart', async () => {
    const { repositories, connection, stored } = await setUpHidden();
    const calendars = await repositories.syncedCalendars.list(connection);
    const calendar = calendars.find(({ isBusyOnly }) => isBusyOnly);
    if (!calendar) throw new Error('the calendar is not registered');
    const time = { kind: 'time', busy: 'busy', start: slot.start, end: slot.end } as const;
    const reading = await repositories.busyTimes.begin(calendar);
    const before = (await stored()).length;
    await repositories.busyTimes.store(calendar, { reading, times: [time, time], isDenied: false });
    expect(await stored()).toHaveLength(before + 2);
  });
});

describe('a calendar that changes its role', () => {
  it('is polled when the details are hidden, and its earlier events are forgotten', async () => {
    const { sync, add, remove, share, states, kinds } = await setUpHidden('reader');
    const id = await add(slot.start, slot.end);
    await sync();
    await share('freeBusyReader');
    await sync();
    expect(await states()).toEqual([isHidden]);
    await remove(id);
    await sync();
    expect(kinds().at(-1)).toBe('conflict_over');
  });

  it('is listed again within an hour when the details are visible again', async () => {
    const { sync, add, share, states, kinds, passHour } = await setUpHidden('freeBusyReader');
    await share('reader');
    await sync();
    expect(await states()).toEqual([isHidden]);
    await passHour();
    await add(slot.start, slot.end);
    await sync();
    expect(await states()).toMatchObject([{ state: 'in_sync', isHidden: false }]);
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('is a problem when we write events there, which do not seem deleted, until it is listed again', async () => {
    const { sync, addCalendar, activities, about, key, connection, kinds, pool, passHour, repositories } =
      await setup();
    const problems = async () =>
      ((await repositories.connectionProblems.list([connection])).get(connection) ?? []).map(
        ({ kind, since }) => ({ kind, since }),
      );
    const { calendarId, share, add } = await addCalendar('writer');
    await pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 2, $2, 'org_1', tstzrange($3, $4))`,
      [
        about.auditionId,
        (await repositories.storedNames()).calendar(`google/${calendarId}`),
        slot.start,
        slot.end,
      ],
    );
    await activities.writeEvent({
      ...about,
      key: key('event:ada:r1'),
      participant: ada,
      calendar: { provider: 'google', connection, calendarId },
      content: { summary: 'Captain', description: '', slot, revision: 1 },
    });
    await sync();
    expect(await problems()).toEqual([]);
    await share('freeBusyReader');
    await sync();
    const [problem] = await problems();
    expect(problem).toMatchObject({ kind: 'calendar_not_permitted' });
    await sync();
    expect(await problems()).toEqual([problem]);
    expect(kinds()).toEqual([]);
    const reconcile = { isFirst: true, isDryRun: false } as const;
    expect(await sync({ reconcile })).toMatchObject({
      isReconciled: true,
      calendars: [{ state: 'in_sync', error: 'not_permitted' }],
    });
    const { rows } = await pool.query(
      `SELECT events_denied_at IS NOT NULL AS "isHidden" FROM synced_calendars WHERE connection = $1`,
      [connection],
    );
    expect(rows).toEqual([{ isHidden: true }]);
    await add(later.start, later.end);
    await share('writer');
    await passHour();
    await sync();
    await sync();
    expect(kinds()).toEqual([]);
    expect(await problems()).toEqual([]);
  });
});
