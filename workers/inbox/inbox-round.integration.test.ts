import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, ofAda, statusReport, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const setup = useInboxRounds();

describe('a restored connection', () => {
  it('is signaled to the auditions that wait for it, and rechecked later', async () => {
    const { pool, round, receive, rows, makeDue, signals, repositories } = await setup();
    const restored = {
      kind: 'connection.restored',
      event: { organization: 'org_north', connection: 'conn_1', principal: 'participant:ada' },
    } as const;
    const wait = async (connection: 'conn_1' | 'conn_2', code: string) => {
      const id = newAuditionId();
      const item = { ...attentionItem(`att_${id}_1`), code, connection };
      await storeEvents(
        repositories.events,
        id,
        trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]),
      );
      return id;
    };
    const waiting = await wait('conn_1', 'reconnect');
    await wait('conn_1', 'outage');
    await wait('conn_2', 'reconnect');
    await receive(restored);
    await round(notStopping);
    expect(signals).toMatchObject([
      {
        id: waiting,
        about: 'connection',
        report: { connection: 'conn_1', correlationId: 'call-1', principal: 'participant:ada' },
      },
      { id: 'conn_1', what: 'restored' },
    ]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'looking_again' }]);
    const later = await wait('conn_1', 'reconnect');
    await pool.query("UPDATE webhook_inbox SET received_at = now() - interval '2 minutes'");
    await makeDue();
    await round(notStopping);
    expect(signals.map((signal) => Object(signal).id)).toEqual(expect.arrayContaining([waiting, later]));
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });
});

describe('a disconnected account', () => {
  it('is signaled to its synchronisation, and to the auditions that ask about its calendars, which are looked for again', async () => {
    const { pool, makeDue, round, receive, rows, signals, repositories } = await setup();
    const ask = async (step: 'calendar_change' | 'calendar_conflict', connection: 'conn_1' | 'conn_2') => {
      const id = newAuditionId();
      const item = { ...attentionItem(`att_${id}_1`), step, connection };
      await storeEvents(
        repositories.events,
        id,
        trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]),
      );
      return id;
    };
    const asking = await ask('calendar_change', 'conn_1');
    await ask('calendar_change', 'conn_2');
    await ask('calendar_conflict', 'conn_1');
    await receive({
      kind: 'connection.disconnected',
      event: { organization: 'org_north', connection: 'conn_1', principal: 'key_1' },
    });
    await round(notStopping);
    expect(signals).toMatchObject([
      { id: 'conn_1', what: 'disconnected' },
      {
        id: asking,
        about: 'disconnection',
        report: { connection: 'conn_1', correlationId: 'call-1', principal: 'key_1' },
      },
    ]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'looking_again' }]);
    await pool.query("UPDATE webhook_inbox SET received_at = now() - interval '2 minutes'");
    await makeDue();
    await round(notStopping);
    const ids = signals.flatMap((signal) =>
      Object(signal).id === asking ? [Object(signal).report.inboxId] : [],
    );
    expect([ids.length, new Set(ids).size]).toEqual([2, 2]);
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });
});

describe('a lost subscription', () => {
  it('is stored as lost before the synchronisation is signaled', async () => {
    const { round, receive, repositories, signals } = await setup();
    await repositories.watchSubscriptions.put({
      id: 'sub-1',
      provider: 'microsoft',
      organization: 'org_north',
      connection: 'conn_1',
      calendarId: 'calendar:a',
      resourceId: 'r',
      secret: 's',
      expiresAt: toInstant(Date.now() + 60_000),
    });
    await receive({
      kind: 'subscription.removed',
      event: { connection: 'conn_1', calendarId: 'calendar:a', subscription: 'sub-1' },
    });
    await round(notStopping);
    expect(signals).toMatchObject([{ id: 'conn_1', what: 'removed', subscription: 'sub-1' }]);
    expect(await repositories.watchSubscriptions.listByConnection('conn_1')).toMatchObject([
      { id: 'sub-1', isLost: true },
    ]);
  });
});

const setUpAccount = async () => {
  const bench = await setup();
  const { repositories, pool } = bench;
  const connect = async (organization: 'org_north' | 'org_south' | 'org_west', accountId: string) => {
    const connected = await repositories.connections.connect({
      organization,
      owner: undefined,
      provider: 'microsoft',
      grant: {
        account: { id: accountId, name: 'ada@example.com' },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'r' },
      },
    });
    if (connected.kind !== 'connected') throw new Error(connected.kind);
    return connected.id;
  };
  const addCalendar = (connection: string, calendar: string, pushError: string | null) =>
    pool.query(
      `INSERT INTO synced_calendars (connection, calendar, organization, provider, sealed_id, push_error)
       VALUES ($1, $2, 'org_1', 'microsoft', 's', $3)`,
      [connection, calendar, pushError],
    );
  const accountId = crypto.randomUUID();
  const north = await connect('org_north', accountId);
  const south = await connect('org_south', accountId);
  const west = await connect('org_west', crypto.randomUUID());
  await addCalendar(north, 'calendar:a', null);
  await addCalendar(south, 'calendar:b', 'other_connection');
  await addCalendar(south, 'calendar:c', 'other_connection');
  await addCalendar(west, 'calendar:d', 'other_connection');
  return { ...bench, north, south };
};

describe('a change of an account that several organizations have connected', () => {
  it('is signaled also to the connection that the vendor gives no subscription', async () => {
    const { round, receive, signals, rows, north, south } = await setUpAccount();
    await receive({ kind: 'calendar.changed', event: { connection: north, calendarId: 'calendar:a' } });
    await receive({
      kind: 'subscription.missed',
      event: { connection: north, calendarId: 'calendar:a', subscription: 'sub-1' },
    });
    await round(notStopping);
    expect(signals).toHaveLength(4);
    expect(signals).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ id: north, what: 'changed', calendarId: 'calendar:a' }),
        expect.objectContaining({ id: south, what: 'changed', calendarId: 'calendar:b' }),
        expect.objectContaining({ id: south, what: 'missed', calendarId: 'calendar:b' }),
      ]),
    );
    expect(await rows()).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }]);
  });

  it('is not signaled to it when only the subscription has ended, or when it has its own', async () => {
    const { round, receive, signals, pool, north, south } = await setUpAccount();
    await receive({
      kind: 'subscription.removed',
      event: { connection: north, calendarId: 'calendar:a', subscription: 'sub-1' },
    });
    await pool.query('UPDATE synced_calendars SET push_error = NULL WHERE connection = $1', [south]);
    await receive({ kind: 'calendar.changed', event: { connection: north, calendarId: 'calendar:a' } });
    await round(notStopping);
    expect(signals.map((signal) => Object(signal).id)).toEqual([north, north]);
  });
});

describe('a deauthorized account', () => {
  it('needs to be reconnected in every organization, and the owners have not been notified yet', async () => {
    const { round, receive, rows, repositories } = await setup();
    const connect = async (organization: 'org_north' | 'org_south', accountId: string) => {
      const grant = {
        account: { id: accountId, name: 'Ada' },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'r' },
      } as const;
      const connected = await repositories.connections.connect({
        organization,
        owner: undefined,
        provider: 'zoom',
        grant,
      });
      if (connected.kind !== 'connected') throw new Error(connected.kind);
      return async () => (await repositories.connections.get(organization, connected.id))?.status;
    };
    const [north, south, other] = await Promise.all([
      connect('org_north', 'z1'),
      connect('org_south', 'z1'),
      connect('org_north', 'z2'),
    ]);
    await receive({ kind: 'connection.deauthorized', event: { provider: 'zoom', userId: 'z1' } });
    await round(notStopping);
    expect([await north(), await south(), await other()]).toEqual([
      'needs_reauthorization',
      'needs_reauthorization',
      'connected',
    ]);
    expect(
      (await repositories.disconnectedAccounts.unnotified(10)).map(({ organization }) => organization),
    ).toEqual(expect.arrayContaining(['org_north', 'org_south']));
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });

  it('stays connected when it was connected again after the deauthorization', async () => {
    const { round, receive, repositories } = await setup();
    const owner = { organization: 'org_late', owner: undefined, provider: 'zoom' } as const;
    const account = { id: 'z9', name: 'Ada' };
    const credential = { kind: 'oauth', refreshToken: 'r' } as const;
    const connected = await repositories.connections.connect({
      ...owner,
      grant: { account, scopes: [], credential },
    });
    if (connected.kind !== 'connected') throw new Error(connected.kind);
    const status = async () => (await repositories.connections.get(owner.organization, connected.id))?.status;
    const deauthorize = (at: Instant) =>
      receive({ kind: 'connection.deauthorized', event: { provider: 'zoom', userId: 'z9', at } });
    await deauthorize('2020-01-01T00:00:00.000Z');
    await round(notStopping);
    expect(await status()).toBe('connected');
    await deauthorize('2099-01-01T00:00:00.000Z');
    await round(notStopping);
    expect(await status()).toBe('needs_reauthorization');
  });
});

describe('a webhook that no workflow handles', () => {
  it.each([
    [{ kind: 'message.received', event: { id: 'SM2', from: '+33612345678', body: 'yes' } }, 'not_handled'],
    [
      { kind: 'calendar.changed', event: { connection: 'conn_1', calendarId: 'primary' } },
      'no_calendar_sync',
    ],
    [
      { kind: 'subscription.missed', event: { connection: 'conn_1', calendarId: 'p', subscription: 's' } },
      'no_calendar_sync',
    ],
  ] as const)('is parked: %o', async (event, reason) => {
    const { round, receive, rows, logged } = await setup(async () => 'not_running');
    await receive(event);
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'parked', reason }]);
    expect(logged).toEqual(['webhook parked']);
  });

  it('is parked when its kind is unknown to this version', async () => {
    const { pool, round, receive, rows } = await setup();
    await receive(statusReport(ofAda));
    await pool.query("UPDATE webhook_inbox SET kind = 'message.read'");
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'parked', reason: 'unknown_kind' }]);
  });
});

describe('the inbox relay during an outage of Temporal', () => {
  it('retries each webhook with increasing delays, and fails the round so that the relay pauses', async () => {
    let isUnreachable = true;
    const { round, receive, rows, makeDue, signals } = await setup(async () => {
      if (isUnreachable) throw new Error('14 UNAVAILABLE');
      return 'signaled';
    });
    await receive(statusReport(ofAda));
    for (const inSeconds of [1, 2, 4, 8]) {
      await makeDue();
      await expect(round(notStopping)).rejects.toThrow('none of 1');
      expect(await rows()).toMatchObject([{ state: 'received', inSeconds }]);
    }
    isUnreachable = false;
    await makeDue();
    await round(notStopping);
    expect(signals).toHaveLength(5);
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });

  it('parks a webhook as delivery_failed after a week', async () => {
    const { pool, round, receive, rows, makeDue } = await setup(() =>
      Promise.reject(new Error('14 UNAVAILABLE')),
    );
    await receive(statusReport(ofAda));
    await pool.query('UPDATE webhook_inbox SET attempts = 998');
    await expect(round(notStopping)).rejects.toThrow('none of 1');
    expect(await rows()).toMatchObject([{ state: 'received', inSeconds: 600 }]);
    await makeDue();
    await expect(round(notStopping)).rejects.toThrow('none of 1');
    expect(await rows()).toMatchObject([{ state: 'parked', reason: 'delivery_failed' }]);
  });

  it('delivers the other webhooks when one fails', async () => {
    let first = true;
    const { round, receive, rows } = await setup(async () => {
      if (first) {
        first = false;
        throw new Error('14 UNAVAILABLE');
      }
      return 'signaled';
    });
    await receive(statusReport(ofAda));
    await receive(statusReport(ofAda));
    await round(notStopping);
    expect(new Set((await rows()).map(({ state }) => state))).toEqual(new Set(['delivered', 'received']));
  });
});

it('the inbox relay releases its undelivered webhooks when it is stopped', async () => {
  const { round, receive, rows, signals } = await setup();
  await receive(statusReport(ofAda));
  expect(await round(AbortSignal.abort())).toBe(false);
  expect(signals).toEqual([]);
  expect(await rows()).toMatchObject([{ state: 'received', inSeconds: 0 }]);
});
