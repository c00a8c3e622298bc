/**
 * Tests the one subscription of a mailbox, where Graph refuses a second one:
 * https://learn.microsoft.com/graph/api/subscription-post-subscriptions#duplicate-subscription-behavior
 */
import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { ada, inDays, slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';

const setUpSync = useOutlookSync();

const setup = async () => {
  const bench = await setUpSync();
  const { account, auditionId, connection, hold, mailbox, pool, repositories, sandbox, subscriptions } =
    bench;
  await hold(slotIn(10));
  await bench.write(slotIn(10));
  await bench.sync();
  const only = () => {
    const [first, ...others] = subscriptions().map(({ id }) => id);
    expect(others).toEqual([]);
    if (first === undefined) throw new Error('the mailbox has no subscription');
    return first;
  };
  const addCalendar = async () => {
    const calendarId = await mailbox.addCalendar('Family');
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      {
        participant: ada,
        connection,
        provider: 'microsoft',
        calendarId,
        calendarName: `microsoft/${calendarId}`,
      },
    ]);
    return calendarId;
  };
  const addConflict = (calendarId?: string) =>
    sandbox.control.addOutlookEvent({
      account,
      start: toInstant(inDays(10)),
      end: toInstant(inDays(10) + 10 * minute),
      ...(calendarId === undefined ? {} : { calendarId }),
    });
  return {
    ...bench,
    /** The id of the only subscription at Graph. */
    only,
    /** Makes another calendar of the account count as busy, and returns its id. */
    addCalendar,
    addConflict,
    stored: () => repositories.watchSubscriptions.listByConnection(connection),
    query: (text: string) => pool.query(`${text} WHERE connection = $1`, [connection]),
    kinds: () => bench.sent.map(({ change }) => change.kind),
  };
};

const refusedWith = (pushError: string | undefined) => ({ kind: 'synced', calendars: [{ pushError }] });

describe('the subscription to a mailbox with two calendars', () => {
  it('is the only one, and its notification lets both be read', async () => {
    const { sync, only, addCalendar, addConflict, stored, kinds } = await setup();
    const id = only();
    const second = await addCalendar();
    expect(await sync()).toMatchObject({ calendars: [{ pushError: undefined }, { pushError: undefined }] });
    expect(only()).toBe(id);
    const [subscription, ...others] = await stored();
    expect(others).toEqual([]);
    addConflict(second);
    await sync({ only: [] });
    expect(kinds()).toEqual([]);
    await sync({ only: [subscription?.calendarId ?? ''] });
    expect(kinds()).toEqual(['conflict']);
  });

  it('stays when the calendar that it names is not used any more', async () => {
    const { sync, only, addCalendar, query, auditionId, pool, repositories } = await setup();
    const id = only();
    await addCalendar();
    await sync();
    await query(`UPDATE watch_subscriptions SET calendar_id =
      (SELECT calendar FROM synced_calendars WHERE is_busy_only AND connection = $1)`);
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, []);
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
    expect(only()).toBe(id);
    await pool.query('DELETE FROM slot_holds WHERE audition_id = $1', [auditionId]);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
  });

  it('clears an earlier refusal', async () => {
    const { sync, query } = await setup();
    await query("UPDATE synced_calendars SET push_error = 'conflict'");
    expect(await sync()).toMatchObject(refusedWith(undefined));
  });
});

describe('a subscription whose opening was the last act of a process that was killed', () => {
  it('lets the calendar be read once, because its changes before were not notified', async () => {
    const { sync, addConflict, query, kinds, sandbox } = await setup();
    const listings = () => sandbox.control.state().calls.microsoft['calendarView.delta'];
    addConflict();
    await query('UPDATE watch_subscriptions SET created_at = now()');
    await sync({ only: [] });
    expect(kinds()).toEqual(['conflict']);
    const read = listings();
    await sync({ only: [] });
    expect(listings()).toEqual(read);
  });
});

describe('a subscription that Graph has and this service has not stored', () => {
  it('is replaced when the process that opened it was killed', async () => {
    const { sync, only, stored, query } = await setup();
    const killed = only();
    await query("UPDATE watch_subscriptions SET id = 'proposed', resource_id = NULL");
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(only()).not.toBe(killed);
    expect(await stored()).toMatchObject([{ id: only(), resourceId: 'me/events' }]);
  });

  it('is left while it is so recent that another process may store it, and replaced then', async () => {
    const { sync, only, stored, query, mailbox } = await setup();
    const unknown = only();
    await query('DELETE FROM watch_subscriptions');
    expect(await sync()).toMatchObject({ ...refusedWith('conflict'), nextPollMs: 5 * minute });
    expect(only()).toBe(unknown);
    await mailbox.ageSubscription(unknown);
    expect(await sync()).toMatchObject({ ...refusedWith(undefined), nextPollMs: 15 * minute });
    expect(only()).not.toBe(unknown);
    expect(await stored()).toMatchObject([{ id: only() }]);
  });

  it('is replaced after the account was disconnected and connected again', async () => {
    const { sync, only, stored, mailbox, account, accountId, connection, repositories } = await setup();
    const former = only();
    await repositories.connections.disconnect('org_1', connection);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'disconnected' });
    expect(only()).toBe(former);
    await mailbox.ageSubscription(former);
    await repositories.connections.connect({
      organization: 'org_1',
      owner: undefined,
      provider: 'microsoft',
      grant: {
        account: { id: accountId, name: account },
        scopes: ['Calendars.ReadWrite'],
        credential: { kind: 'oauth', refreshToken: `sandbox-refresh-${account}` },
      },
    });
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(only()).not.toBe(former);
    expect(await stored()).toMatchObject([{ id: only() }]);
  });
});

describe('a subscription that another connection with the same account has', () => {
  it('is not ended, and the calendars are polled until it has ended', async () => {
    const { sync, only, query, pool, mailbox } = await setup();
    const id = only();
    await mailbox.ageSubscription(id);
    await query("UPDATE watch_subscriptions SET organization = 'org_2', connection = 'conn_of_org_2'");
    const rounds = [await sync(), await sync()];
    const refused = { ...refusedWith('other_connection'), nextPollMs: 5 * minute };
    expect(rounds).toMatchObject([refused, refused]);
    expect(only()).toBe(id);
    await pool.query("DELETE FROM watch_subscriptions WHERE connection = 'conn_of_org_2'");
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(only()).not.toBe(id);
  });
});

describe('a subscription that must be replaced', () => {
  it('is ended first, and what changed between the two is read', async () => {
    const { sync, only, addConflict, kinds, fault } = await setup();
    const former = only();
    addConflict();
    fault('microsoft', { kind: 'outage', operation: 'subscriptions.update', times: 1 });
    await sync({ only: [], lostSubscriptions: [former] });
    expect(only()).not.toBe(former);
    expect(kinds()).toEqual(['conflict']);
  });

  it('stays stored while it cannot be ended', async () => {
    const { sync, only, stored, fault } = await setup();
    const former = only();
    fault('microsoft', { kind: 'outage', operation: 'subscriptions.update', times: 1 });
    fault('microsoft', { kind: 'outage', operation: 'subscriptions.delete', times: 1 });
    expect(await sync({ lostSubscriptions: [former] })).toMatchObject(refusedWith('outage'));
    expect(await stored()).toMatchObject([{ id: former }]);
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(only()).toBe(former);
  });
});
