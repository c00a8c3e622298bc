/** One round of the relay on the real inbox, with Temporal played. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { deliver } from './deliver.ts';
import { createInboxRound } from './inbox-round.ts';
import type { WorkflowSignals } from './workflow-signals.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const goOn = new AbortController().signal;

const setup = async (answer: () => Promise<'told' | 'gone'> = async () => 'told') => {
  await database.pool.query('TRUNCATE webhook_inbox');
  const { repositories, pool } = database;
  const told: unknown[] = [];
  const workflowSignals: WorkflowSignals = {
    signalAudition: (id, news) => {
      told.push({ id, ...news });
      return answer();
    },
    signalCalendarSync: (id, news) => {
      told.push({ id, ...news });
      return answer();
    },
  };
  const logged: string[] = [];
  const log = (_fields: unknown, message?: string) => logged.push(String(message));
  const round = createInboxRound({
    inbox: repositories.inbox,
    deliver: (event, of) => deliver({ repositories, workflowSignals }, event, of),
    logger: { info: () => {}, warn: log, error: log },
  });
  let keys = 0;
  const receive = (event: InboxEvent) => {
    keys += 1;
    return repositories.inbox.receive({
      provider: 'zoom',
      dedupeKey: String(keys),
      correlationId: 'call-1',
      ...event,
    });
  };
  const due = () => pool.query("UPDATE webhook_inbox SET next_attempt_at = now() - interval '1 second'");
  const rows = async () =>
    (
      await pool.query(
        `SELECT id, state, reason, attempts,
          round(extract(epoch FROM next_attempt_at - now()))::int AS "inSeconds" FROM webhook_inbox`,
      )
    ).rows;
  return { repositories, round, receive, due, rows, told, logged };
};

const status = (of?: { audition: 'aud_1'; participant: string }): InboxEvent => {
  const event = { deliveryId: 'SM1', channel: 'sms', status: 'failed', code: '30003', ...(of && { of }) };
  return Object({ kind: 'message.status', event });
};
/** Our record of the message, for reports that do not name their audition. */
const sentToBob = {
  id: 'SM1',
  organization: 'org_north',
  auditionId: 'aud_2',
  participant: 'bob',
  channel: 'sms',
} as const;
const ofAda = { audition: 'aud_1', participant: 'ada' } as const;

describe('a delivery report', () => {
  it('is told to the audition that it names, under its inbox id', async () => {
    const { round, receive, rows, told } = await setup();
    await receive(status(ofAda));
    expect(await round(goOn)).toBe(false);
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'delivered', reason: null, attempts: 1 });
    const report = {
      inboxId: row.id,
      participant: 'ada',
      channel: 'sms',
      deliveryId: 'SM1',
      status: 'failed',
      code: '30003',
    };
    expect(told).toEqual([{ id: 'aud_1', about: 'delivery', report }]);
  });

  it('that overtook the record of its message waits for it', async () => {
    const { round, receive, rows, due, told, repositories } = await setup();
    await receive(status());
    await round(goOn);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_message', inSeconds: 1 }]);
    await repositories.noticeDeliveries.put(sentToBob);
    await due();
    await round(goOn);
    expect(told).toMatchObject([{ id: 'aud_2', report: { participant: 'bob' } }]);
  });

  it('of a message that nobody sent is parked in the end, and replayed when a person says so', async () => {
    const { round, receive, rows, due, told, repositories } = await setup();
    await database.pool.query('DELETE FROM deliveries');
    await receive(status());
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await due();
      await round(goOn);
    }
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'parked', reason: 'no_such_message', attempts: 10 });
    await repositories.noticeDeliveries.put(sentToBob);
    await repositories.inbox.replay(row.id);
    await round(goOn);
    expect(told).toHaveLength(1);
  });

  it('is done with when the audition has ended', async () => {
    const { round, receive, rows } = await setup(async () => 'gone');
    await receive(status(ofAda));
    await round(goOn);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'audition_ended' }]);
  });
});

describe('a meeting', () => {
  it('is told to the audition it was made for', async () => {
    const { round, receive, told, repositories } = await setup();
    const key = 'audition/aud_3:meeting:1';
    const operation = {
      key,
      organization: 'org_north',
      provider: 'zoom',
      operation: 'meetings.create',
      requestHash: 'h',
      leaseMs: 1_000,
      handedOver: true,
    } as const;
    await repositories.ledger.begin(operation);
    await repositories.ledger.complete(key, { providerId: '123', result: null });
    const at = '2026-12-01T09:00:00.000Z';
    await receive({ kind: 'meeting.started', event: { meetingId: '123', at } });
    await receive({ kind: 'meeting.ended', event: { meetingId: '123' } });
    await receive({ kind: 'meeting.ended', event: { meetingId: '124' } });
    await round(goOn);
    expect(told).toMatchObject([
      { id: 'aud_3', about: 'meeting_started', report: { origin: 'system', meetingId: '123', at } },
      { id: 'aud_3', about: 'meeting_ended', report: { meetingId: '123' } },
    ]);
  });
});

describe('an account that works again', () => {
  it('is told to the auditions that wait for it, and looked at once more', async () => {
    const { round, receive, rows, due, told, repositories } = await setup();
    const restored = {
      kind: 'connection.restored',
      event: { organization: 'org_north', connection: 'conn_1' },
    } as const;
    const wait = async (connection: 'conn_1' | 'conn_2', code: string) => {
      const id = newAuditionId();
      const item = { ...attentionItem(`att_${id}_1`), code, connection };
      await repositories.events.append(
        id,
        trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]),
      );
      return id;
    };
    const waiting = await wait('conn_1', 'reconnect');
    await wait('conn_1', 'outage');
    await wait('conn_2', 'reconnect');
    await receive(restored);
    await round(goOn);
    expect(told).toMatchObject([
      { id: waiting, about: 'connection', report: { connection: 'conn_1', correlationId: 'call-1' } },
    ]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'looking_again' }]);
    const later = await wait('conn_1', 'reconnect');
    await database.pool.query("UPDATE webhook_inbox SET received_at = now() - interval '2 minutes'");
    await due();
    await round(goOn);
    expect(told.map((one) => Object(one).id)).toEqual(expect.arrayContaining([waiting, later]));
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });
});

describe('an account that its owner has taken from us', () => {
  it('is disconnected, in every organization that had it', async () => {
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
    await round(goOn);
    expect([await north(), await south(), await other()]).toEqual([
      'disconnected',
      'disconnected',
      'connected',
    ]);
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });

  it('stays connected where it was connected again after that', async () => {
    const { round, receive, repositories } = await setup();
    const of = { organization: 'org_late', owner: undefined, provider: 'zoom' } as const;
    const account = { id: 'z9', name: 'Ada' };
    const credential = { kind: 'oauth', refreshToken: 'r' } as const;
    const connected = await repositories.connections.connect({
      ...of,
      grant: { account, scopes: [], credential },
    });
    if (connected.kind !== 'connected') throw new Error(connected.kind);
    const status = async () => (await repositories.connections.get(of.organization, connected.id))?.status;
    const told = (at: Instant) =>
      receive({ kind: 'connection.deauthorized', event: { provider: 'zoom', userId: 'z9', at } });
    await told('2020-01-01T00:00:00.000Z');
    await round(goOn);
    expect(await status()).toBe('connected');
    await told('2099-01-01T00:00:00.000Z');
    await round(goOn);
    expect(await status()).toBe('disconnected');
  });
});

describe('what nothing here takes', () => {
  it.each([
    [{ kind: 'message.received', event: { id: 'SM2', from: '+33612345678', body: 'yes' } }, 'not_handled'],
    [{ kind: 'recording.completed', event: { meetingId: '1' } }, 'not_handled'],
    [
      { kind: 'calendar.changed', event: { connection: 'conn_1', calendarId: 'primary' } },
      'no_calendar_sync',
    ],
    [
      { kind: 'subscription.missed', event: { connection: 'conn_1', calendarId: 'p', subscription: 's' } },
      'no_calendar_sync',
    ],
  ] as const)('is parked: %o', async (event, reason) => {
    const { round, receive, rows, logged } = await setup(async () => 'gone');
    await receive(event);
    await round(goOn);
    expect(await rows()).toMatchObject([{ state: 'parked', reason }]);
    expect(logged).toEqual(['a webhook is parked: nothing here takes it']);
  });

  it('is parked when it is newer than this version', async () => {
    const { round, receive, rows } = await setup();
    await receive(status(ofAda));
    await database.pool.query("UPDATE webhook_inbox SET kind = 'message.read'");
    await round(goOn);
    expect(await rows()).toMatchObject([{ state: 'parked', reason: 'unknown_kind' }]);
  });
});

describe('while Temporal is away', () => {
  it('nothing is lost: it waits longer each time, and the relay is told to pause', async () => {
    let isAway = true;
    const { round, receive, rows, due, told } = await setup(async () => {
      if (isAway) throw new Error('14 UNAVAILABLE');
      return 'told';
    });
    await receive(status(ofAda));
    for (const inSeconds of [1, 2, 4, 8]) {
      await due();
      await expect(round(goOn)).rejects.toThrow('none of 1');
      expect(await rows()).toMatchObject([{ state: 'received', inSeconds }]);
    }
    isAway = false;
    await due();
    await round(goOn);
    expect(told).toHaveLength(5);
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });

  it('gives up after a week', async () => {
    const { round, receive, rows, due } = await setup(() => Promise.reject(new Error('14 UNAVAILABLE')));
    await receive(status(ofAda));
    await database.pool.query('UPDATE webhook_inbox SET attempts = 998');
    await expect(round(goOn)).rejects.toThrow('none of 1');
    expect(await rows()).toMatchObject([{ state: 'received', inSeconds: 600 }]);
    await due();
    await expect(round(goOn)).rejects.toThrow('none of 1');
    expect(await rows()).toMatchObject([{ state: 'parked', reason: 'gave_up' }]);
  });

  it('holds up nothing for one that fails', async () => {
    let first = true;
    const { round, receive, rows } = await setup(async () => {
      if (first) {
        first = false;
        throw new Error('14 UNAVAILABLE');
      }
      return 'told';
    });
    await receive(status(ofAda));
    await receive(status(ofAda));
    await round(goOn);
    expect(new Set((await rows()).map(({ state }) => state))).toEqual(new Set(['delivered', 'received']));
  });
});

it('gives back what it has not begun when it is told to stop', async () => {
  const { round, receive, rows, told } = await setup();
  await receive(status(ofAda));
  expect(await round(AbortSignal.abort())).toBe(false);
  expect(told).toEqual([]);
  expect(await rows()).toMatchObject([{ state: 'received', inSeconds: 0 }]);
});
