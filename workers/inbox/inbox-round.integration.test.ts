/** Rounds of the inbox relay on a real inbox, with a fake Temporal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditionId, participantIdSchema } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
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

const notStopping = new AbortController().signal;

const setup = async (answer: () => Promise<'signaled' | 'not_running'> = async () => 'signaled') => {
  await database.pool.query('TRUNCATE webhook_inbox, deliveries');
  const { repositories, pool } = database;
  const signals: unknown[] = [];
  const workflowSignals: WorkflowSignals = {
    signalAudition: (id, signal) => {
      signals.push({ id, ...signal });
      return answer();
    },
    signalCalendarSync: (id, notification) => {
      signals.push({ id, ...notification });
      return answer();
    },
  };
  const counted: unknown[] = [];
  const metrics = { deliveryReported: (reported: unknown) => counted.push(reported) };
  const logged: string[] = [];
  const log = (_fields: unknown, message?: string) => logged.push(String(message));
  const round = createInboxRound({
    inbox: repositories.inbox,
    deliver: (event, webhook) => deliver({ repositories, workflowSignals, metrics }, event, webhook),
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
  const makeDue = () => pool.query("UPDATE webhook_inbox SET next_attempt_at = now() - interval '1 second'");
  const rows = async () =>
    (
      await pool.query(
        `SELECT id, state, reason, attempts,
          round(extract(epoch FROM next_attempt_at - now()))::int AS "inSeconds" FROM webhook_inbox`,
      )
    ).rows;
  return { repositories, round, receive, makeDue, rows, signals, counted, logged };
};

const status = (of?: { audition: string; participant: string }, changes: object = {}): InboxEvent => {
  const event = { deliveryId: 'SM1', channel: 'sms', status: 'failed', code: '30003', ...(of && { of }) };
  return Object({ kind: 'message.status', event: { ...event, ...changes } });
};
/** The service's record of the message, for reports that do not name their audition. */
const sentToBob = {
  id: 'SM1',
  organization: 'org_north',
  auditionId: 'aud_2',
  participant: 'bob',
  channel: 'sms',
} as const;
const ofAda = { audition: 'aud_1', participant: 'ada' } as const;

describe('a delivery report', () => {
  it('is signaled to the audition that it names, with its inbox id', async () => {
    const { round, receive, rows, signals } = await setup();
    await receive(status(ofAda));
    expect(await round(notStopping)).toBe(false);
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
    expect(signals).toEqual([{ id: 'aud_1', about: 'delivery', report }]);
  });

  it('that arrives before its message is recorded is retried', async () => {
    const { round, receive, rows, makeDue, signals, repositories } = await setup();
    await receive(status());
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_message', inSeconds: 1 }]);
    await repositories.noticeDeliveries.put(sentToBob);
    await makeDue();
    await round(notStopping);
    expect(signals).toMatchObject([{ id: 'aud_2', report: { participant: 'bob' } }]);
  });

  it('of an unknown message is parked after ten attempts, and delivered after a replay', async () => {
    const { round, receive, rows, makeDue, signals, repositories } = await setup();
    await receive(status());
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await makeDue();
      await round(notStopping);
    }
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'parked', reason: 'no_such_message', attempts: 10 });
    await repositories.noticeDeliveries.put(sentToBob);
    await repositories.inbox.replay(row.id);
    await round(notStopping);
    expect(signals).toHaveLength(1);
  });

  it('is settled when the audition has ended', async () => {
    const { round, receive, rows } = await setup(async () => 'not_running');
    await receive(status(ofAda));
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'audition_ended' }]);
  });
});

/** Records in the ledger that a meeting was created at Zoom for an audition. Returns the operation. */
const createMeeting = async (audition: string, meetingId: string) => {
  const operation = {
    key: `audition/${audition}:meeting:1`,
    organization: 'org_north',
    provider: 'zoom',
    operation: 'meetings.create',
  } as const;
  const { ledger } = database.repositories;
  await ledger.begin({ ...operation, requestHash: 'h', leaseMs: 1_000, handedOver: true });
  await ledger.complete(operation.key, { providerId: meetingId, result: null });
  return operation;
};

/** Stores a scheduled audition with a notice to its performer. */
const auditionWithNotice = async () => {
  const { events, noticeDeliveries } = database.repositories;
  const id = newAuditionId();
  const deliveryId = `<${id}@castmatch>`;
  const notified = {
    type: 'notified',
    participant: participantIdSchema.parse('performer-1'),
    channel: 'email',
    notice: 'invitation',
    revision: 1,
    deliveryId,
  } as const;
  await events.append(id, trail([...factsUntilScheduled(id, 'org_north'), notified]));
  const { participant, channel } = notified;
  const putNotice = () =>
    noticeDeliveries.put({ id: deliveryId, organization: 'org_north', auditionId: id, participant, channel });
  return { id, deliveryId, putNotice };
};

describe('the delivery status of a notice', () => {
  const byEmail = (deliveryId: string, reported: string, code?: string) =>
    status(undefined, { deliveryId, channel: 'email', status: reported, code });
  const statusOf = async (id: AuditionId) =>
    (await database.repositories.auditions.get('org_north', id))?.notices.map((notice) => notice.status);

  it('is stored and counted, and not signaled, when the report is good', async () => {
    const { round, receive, rows, signals, counted } = await setup();
    const { id, deliveryId, putNotice } = await auditionWithNotice();
    await putNotice();
    expect(await statusOf(id)).toEqual(['queued']);
    await receive(byEmail(deliveryId, 'sent'));
    await receive(byEmail(deliveryId, 'delivered'));
    await round(notStopping);
    expect(await statusOf(id)).toEqual(['delivered']);
    const { items } = await database.repositories.auditions.list('org_north', {}, { limit: 100 });
    expect(items.find((item) => item.id === id)?.notices).toMatchObject([{ status: 'delivered' }]);
    expect(signals).toEqual([]);
    expect(counted).toContainEqual({ channel: 'email', status: 'delivered' });
    for (const row of await rows()) expect(row.state).toBe('delivered');
  });

  it('is counted once when reports are repeated or arrive out of order', async () => {
    const { round, receive, rows, counted } = await setup();
    const { id, deliveryId, putNotice } = await auditionWithNotice();
    await putNotice();
    for (const reported of ['delivered', 'delivered', 'sent', 'queued']) {
      await receive(byEmail(deliveryId, reported));
      await round(notStopping);
    }
    expect(await statusOf(id)).toEqual(['delivered']);
    expect(counted).toEqual([{ channel: 'email', status: 'delivered' }]);
    expect((await rows()).map(({ reason }) => reason).sort()).toEqual([
      'status_stored',
      'status_superseded',
      'status_superseded',
      'status_superseded',
    ]);
  });

  it.each(['bounced', 'complained'])(
    'is signaled when a message is %s after it was delivered',
    async (code) => {
      const { round, receive, signals, repositories } = await setup();
      const { id, deliveryId, putNotice } = await auditionWithNotice();
      await putNotice();
      await receive(byEmail(deliveryId, 'delivered'));
      await round(notStopping);
      await receive(byEmail(deliveryId, 'failed', code));
      await round(notStopping);
      const report = { participant: 'performer-1', channel: 'email', deliveryId, status: 'failed', code };
      expect(signals).toMatchObject([{ id, about: 'delivery', report }]);
      expect(await statusOf(id)).toEqual(['failed']);
      expect(await repositories.noticeDeliveries.find(deliveryId)).toMatchObject({ status: 'failed', code });
      await receive(byEmail(deliveryId, 'delivered'));
      await round(notStopping);
      expect(await statusOf(id)).toEqual(['failed']);
    },
  );

  it('is deferred after a transient bounce, and delivered when the message arrives after all', async () => {
    const { round, receive, signals } = await setup();
    const { id, deliveryId, putNotice } = await auditionWithNotice();
    await putNotice();
    await receive(byEmail(deliveryId, 'deferred', 'bounced'));
    await round(notStopping);
    expect(await statusOf(id)).toEqual(['deferred']);
    await receive(byEmail(deliveryId, 'delivered'));
    await round(notStopping);
    await receive(byEmail(deliveryId, 'deferred', 'delayed'));
    await round(notStopping);
    expect(await statusOf(id)).toEqual(['delivered']);
    expect(signals).toEqual([]);
  });

  it('is signaled when the signal failed at first, and is counted once', async () => {
    let isUnreachable = true;
    const { round, receive, makeDue, signals, counted } = await setup(async () => {
      if (isUnreachable) throw new Error('14 UNAVAILABLE');
      return 'signaled';
    });
    const { id, deliveryId, putNotice } = await auditionWithNotice();
    await putNotice();
    await receive(byEmail(deliveryId, 'failed', 'bounced'));
    await expect(round(notStopping)).rejects.toThrow('none of 1');
    isUnreachable = false;
    await makeDue();
    await round(notStopping);
    expect(signals).toMatchObject([{ id }, { id }]);
    expect(counted).toHaveLength(1);
  });

  it('is stored when a report that names its recipient arrives before the message is recorded', async () => {
    const { round, receive, rows, signals } = await setup();
    const { id, deliveryId, putNotice } = await auditionWithNotice();
    const of = { audition: id, participant: 'performer-1' };
    await receive(status(of, { deliveryId, status: 'delivered', code: undefined }));
    await round(notStopping);
    await putNotice();
    expect(await statusOf(id)).toEqual(['delivered']);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'status_stored' }]);
    expect(signals).toEqual([]);
  });

  it('waits for the message when a good report names an unknown audition', async () => {
    const { round, receive, rows } = await setup();
    await receive(status(ofAda, { deliveryId: 'SM-unknown', status: 'delivered', code: undefined }));
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_message' }]);
  });
});

describe('a meeting status', () => {
  it('is signaled to the audition of the meeting', async () => {
    const { round, receive, signals } = await setup();
    await createMeeting('aud_3', '123');
    const at = '2026-12-01T09:00:00.000Z';
    await receive({ kind: 'meeting.started', event: { meetingId: '123', at } });
    await receive({ kind: 'meeting.ended', event: { meetingId: '123' } });
    await receive({ kind: 'meeting.ended', event: { meetingId: '124' } });
    await round(notStopping);
    // The webhooks of a round are delivered concurrently.
    const ordered = signals.toSorted((a, b) => String(Object(b).about).localeCompare(Object(a).about));
    expect(ordered).toMatchObject([
      { id: 'aud_3', about: 'meeting_started', report: { origin: 'system', meetingId: '123', at } },
      { id: 'aud_3', about: 'meeting_ended', report: { meetingId: '123' } },
    ]);
  });
});

describe('a deleted meeting', () => {
  const deleted = (meetingId: string): InboxEvent => ({
    kind: 'meeting.deleted',
    event: { meetingId, at: '2026-12-01T09:00:00.000Z' },
  });

  it('is signaled to its audition', async () => {
    const { round, receive, rows, signals } = await setup();
    await createMeeting('aud_4', '400');
    await receive(deleted('400'));
    await round(notStopping);
    expect(signals).toMatchObject([
      {
        id: 'aud_4',
        about: 'meeting_deleted',
        report: { origin: 'system', meetingId: '400', at: '2026-12-01T09:00:00.000Z' },
      },
    ]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: null }]);
  });

  it('is not signaled when this service has deleted it', async () => {
    const { round, receive, rows, signals, repositories } = await setup();
    await repositories.ledger.beginUndo(await createMeeting('aud_5', '500'));
    await receive(deleted('500'));
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'deleted_by_us' }]);
  });

  it('is retried when no audition is known to have it', async () => {
    const { round, receive, rows, signals } = await setup();
    await receive(deleted('401'));
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_meeting' }]);
  });
});

describe('a restored connection', () => {
  it('is signaled to the auditions that wait for it, and rechecked later', async () => {
    const { round, receive, rows, makeDue, signals, repositories } = await setup();
    const restored = {
      kind: 'connection.restored',
      event: { organization: 'org_north', connection: 'conn_1' },
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
      { id: waiting, about: 'connection', report: { connection: 'conn_1', correlationId: 'call-1' } },
    ]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'looking_again' }]);
    const later = await wait('conn_1', 'reconnect');
    await database.pool.query("UPDATE webhook_inbox SET received_at = now() - interval '2 minutes'");
    await makeDue();
    await round(notStopping);
    expect(signals.map((signal) => Object(signal).id)).toEqual(expect.arrayContaining([waiting, later]));
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });
});

describe('a deauthorized account', () => {
  it('is disconnected in every organization', async () => {
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
      'disconnected',
      'disconnected',
      'connected',
    ]);
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
    expect(await status()).toBe('disconnected');
  });
});

describe('a webhook that no workflow handles', () => {
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
    const { round, receive, rows, logged } = await setup(async () => 'not_running');
    await receive(event);
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'parked', reason }]);
    expect(logged).toEqual(['webhook parked']);
  });

  it('is parked when its kind is unknown to this version', async () => {
    const { round, receive, rows } = await setup();
    await receive(status(ofAda));
    await database.pool.query("UPDATE webhook_inbox SET kind = 'message.read'");
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
    await receive(status(ofAda));
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
    const { round, receive, rows, makeDue } = await setup(() => Promise.reject(new Error('14 UNAVAILABLE')));
    await receive(status(ofAda));
    await database.pool.query('UPDATE webhook_inbox SET attempts = 998');
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
    await receive(status(ofAda));
    await receive(status(ofAda));
    await round(notStopping);
    expect(new Set((await rows()).map(({ state }) => state))).toEqual(new Set(['delivered', 'received']));
  });
});

it('the inbox relay releases its undelivered webhooks when it is stopped', async () => {
  const { round, receive, rows, signals } = await setup();
  await receive(status(ofAda));
  expect(await round(AbortSignal.abort())).toBe(false);
  expect(signals).toEqual([]);
  expect(await rows()).toMatchObject([{ state: 'received', inSeconds: 0 }]);
});
