import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import { createWebhookInbox } from './webhooks.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const started = (meetingId: string): InboxEvent => ({ kind: 'meeting.started', event: { meetingId } });

/** Empties the inbox, so that a test claims only its own webhooks. */
const setup = async () => {
  await database.pool.query('TRUNCATE webhook_inbox');
  const { inbox } = database.repositories;
  const receive = (dedupeKey: string, webhook = started(dedupeKey)) =>
    inbox.receive({ provider: 'zoom', dedupeKey, correlationId: 'call-1', ...webhook });
  const claimOne = async (leaseMs = 60_000) => {
    const [claimed] = await inbox.claim(1, leaseMs);
    if (!claimed) throw new Error('no webhook is due');
    return claimed;
  };
  return { inbox, receive, claimOne };
};

describe('webhook inbox, receiving', () => {
  it('stores the first webhook and counts sequential and simultaneous duplicates', async () => {
    const { receive } = await setup();
    const answers = await Promise.all([receive('a'), receive('a'), receive('b')]);
    expect(answers.toSorted()).toEqual(['duplicate', 'stored', 'stored']);
    expect(await receive('a')).toBe('duplicate');
    const { rows } = await database.pool.query(
      'SELECT dedupe_key, duplicates FROM webhook_inbox ORDER BY dedupe_key',
    );
    expect(rows).toEqual([
      { dedupe_key: 'a', duplicates: 2 },
      { dedupe_key: 'b', duplicates: 0 },
    ]);
  });

  it('stores the event encrypted and bound to its row', async () => {
    const { receive, claimOne } = await setup();
    await receive('a', {
      kind: 'message.received',
      event: { id: 'SM1', from: '+15005550006', body: 'It is Ada Example' },
    });
    await receive('b');
    const { rows } = await database.pool.query('SELECT * FROM webhook_inbox');
    expect(JSON.stringify(rows)).not.toMatch(/Ada|5005550006/);
    await database.pool.query(`UPDATE webhook_inbox AS one SET sealed_event = other.sealed_event
      FROM webhook_inbox AS other WHERE one.dedupe_key = 'a' AND other.dedupe_key = 'b'`);
    await expect((await claimOne()).decrypt()).rejects.toThrow('was sealed for another row');
  });

  it('stores the other webhooks of a batch when PostgreSQL rejects one', async () => {
    const { receive, inbox } = await setup();
    const odd = inbox.receive({ provider: 'zoom', dedupeKey: 'c', correlationId: 'a\0b', ...started('c') });
    const [stored] = await Promise.all([receive('a'), expect(odd).rejects.toThrow('Failed query')]);
    expect(stored).toBe('stored');
  });

  it('stores each webhook once when two processes receive the same ones in different orders', async () => {
    await setup();
    const processes = [1, 2].map(() => createWebhookInbox(database.db, database.repositories.vault));
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    for (let round = 0; round < 10; round += 1) {
      const taken = processes.flatMap((inbox, index) =>
        (index === 0 ? numbers : numbers.toReversed()).map((number) => {
          const dedupeKey = `${round}-${number}`;
          return inbox.receive({ provider: 'zoom', dedupeKey, correlationId: 'call-1', ...started('a') });
        }),
      );
      const answers = await Promise.all(taken);
      expect(answers.filter((answer) => answer === 'stored')).toHaveLength(numbers.length);
    }
  });

  it.each(['x'.repeat(10_000), 'a\0b', 'é'])('accepts every id of a vendor: %s', async (id) => {
    const { receive } = await setup();
    expect([await receive(id), await receive(id)]).toEqual(['stored', 'duplicate']);
  });

  it('notifies listeners of a new webhook and not of a duplicate', async () => {
    const { receive } = await setup();
    const listener = await database.pool.connect();
    let woken = 0;
    listener.on('notification', () => {
      woken += 1;
    });
    await listener.query('LISTEN webhook_inbox');
    await receive('a');
    await eventually(() => woken === 1, 5_000);
    await receive('a');
    await listener.query('UNLISTEN webhook_inbox');
    expect(woken).toBe(1);
    listener.release(true);
  });
});

describe('webhook inbox, claiming', () => {
  it('returns each webhook to one claim, in order of arrival, and again after the lease expired', async () => {
    const { receive, inbox } = await setup();
    for (const key of ['a', 'b', 'c']) await receive(key);
    const [first, second] = await Promise.all([inbox.claim(2, 60_000), inbox.claim(2, 60_000)]);
    expect([...first, ...second].map(({ id }) => id)).toHaveLength(3);
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(3);
    expect(await inbox.claim(5, 60_000)).toEqual([]);
    await database.pool.query("UPDATE webhook_inbox SET next_attempt_at = now() - interval '1 second'");
    const again = await inbox.claim(5, 60_000);
    expect(await Promise.all(again.map((webhook) => webhook.decrypt()))).toEqual(
      ['a', 'b', 'c'].map(started),
    );
    expect(again.map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
  });

  it('does not wait for a webhook that another transaction has locked', async () => {
    const { receive, inbox } = await setup();
    for (const key of ['a', 'b']) await receive(key);
    const other = await database.pool.connect();
    await other.query("BEGIN; SELECT FROM webhook_inbox WHERE dedupe_key = 'a' FOR UPDATE");
    const claimed = await inbox.claim(5, 60_000);
    expect(await Promise.all(claimed.map((webhook) => webhook.decrypt()))).toEqual([started('b')]);
    await other.query('ROLLBACK');
    other.release();
  });

  it('returns no settled webhook, and a webhook is settled only once', async () => {
    const { receive, inbox, claimOne } = await setup();
    await receive('a');
    const { id } = await claimOne(0);
    expect(await inbox.markDelivered(id)).toBe(true);
    expect(await inbox.park(id, 'late')).toBe(false);
    await inbox.retryLater(id, 0, 'late');
    expect(await inbox.claim(1, 60_000)).toEqual([]);
    expect(await inbox.find(id)).toMatchObject({ state: 'delivered', reason: null });
  });

  it('returns a delayed webhook after its delay', async () => {
    const { receive, inbox, claimOne } = await setup();
    await receive('a');
    const { id } = await claimOne();
    await inbox.retryLater(id, 3_600_000, 'outage');
    expect(await inbox.claim(1, 60_000)).toEqual([]);
    await inbox.retryLater(id, -1, 'outage');
    expect(await claimOne()).toMatchObject({ id, attempts: 2 });
  });
});

describe('parked webhook', () => {
  it('is listed, shown and replayed', async () => {
    const { receive, inbox, claimOne } = await setup();
    await receive('a');
    const { id } = await claimOne();
    await inbox.park(id, 'no_such_meeting');
    expect(await inbox.listParked({ limit: 10 })).toMatchObject([
      { id, provider: 'zoom', kind: 'meeting.started', reason: 'no_such_meeting' },
    ]);
    expect(await inbox.listParked({ limit: 10, provider: 'twilio' })).toEqual([]);
    expect(await inbox.listParked({ limit: 10, reason: 'not_handled' })).toEqual([]);
    expect(await (await inbox.find(id))?.decrypt()).toEqual(started('a'));
    expect(await inbox.lag()).toEqual([{ provider: 'zoom', waiting: 0, oldestSeconds: 0, parked: 1 }]);
    expect([await inbox.replay(id), await inbox.replay(id)]).toEqual([true, false]);
    expect(await claimOne()).toMatchObject({ id, attempts: 1 });
    expect(await inbox.lag()).toMatchObject([{ provider: 'zoom', waiting: 1, parked: 0 }]);
  });

  it.each(['delivery_failed', 'gave_up'])(
    'is listed by the reason %s under both names of that reason',
    async (reason) => {
      const { receive, inbox, claimOne } = await setup();
      await receive('new');
      await inbox.park((await claimOne()).id, 'delivery_failed');
      await receive('old');
      await inbox.park((await claimOne()).id, 'gave_up');
      const parked = await inbox.listParked({ limit: 10, reason });
      expect(new Set(parked.map((entry) => entry.reason))).toEqual(new Set(['delivery_failed', 'gave_up']));
    },
  );

  it('decrypts to undefined when this version does not know its kind', async () => {
    const { receive, claimOne } = await setup();
    await receive('a');
    await database.pool.query("UPDATE webhook_inbox SET kind = 'meeting.paused'");
    expect(await (await claimOne()).decrypt()).toBeUndefined();
  });
});
