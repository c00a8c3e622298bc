import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBacklogReader } from '../../db/observation/backlog.ts';
import type { Channel } from '../../domain/audition/request.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createBacklogMetrics } from './backlog-metrics.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** An error of the reader is the failure of a test, unless the test causes it. */
const reported: unknown[] = [];
const silent = { warn: (about: unknown) => reported.push(about) };

/** Returns the value of a metric, which may have labels. Undefined when it has no value. */
const valueIn = (text: string, metric: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${metric} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};

describe('the metrics of the backlog', () => {
  it('count auditions, attention items, webhooks and endpoints, with the age of the oldest', async () => {
    const { pool, repositories } = database;
    const registry = new Registry();
    const refresh = createBacklogMetrics(registry, {
      backlog: createBacklogReader(database.db),
      logger: silent,
      now: () => 0,
    });
    await pool.query(
      `INSERT INTO webhook_endpoints (id, organization, url, status, sealed_secret, failing_since) VALUES
       ('whe_1', 'org_north', 'https://a.example', 'enabled', 's', now() - interval '1 hour'),
       ('whe_2', 'org_north', 'https://b.example', 'disabled', 's', now() - interval '9 days')`,
    );
    const id = newAuditionId();
    const item = attentionItem(`att_${id}-1`);
    await storeEvents(
      repositories.events,
      id,
      trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]),
    );
    await pool.query("UPDATE attention_items SET raised_at = now() - interval '2 hours'");
    for (const [key, state] of [
      ['a', 'received'],
      ['b', 'parked'],
      ['c', 'delivered'],
    ]) {
      await repositories.inbox.receive({
        kind: 'room.left',
        event: { audition: id, meetingId: 'm-1' },
        provider: 'castmatch',
        dedupeKey: String(key),
        correlationId: 'c-1',
      });
      await pool.query(
        `UPDATE webhook_inbox SET state = $2, next_attempt_at = now() - interval '90 seconds' WHERE dedupe_key = $1`,
        [key, state],
      );
    }
    for (const [organization, units] of [
      ['org_north', 8],
      ['org_south', 10],
    ] as const) {
      await repositories.messageBudgets.charge({
        key: `${organization}:notice`,
        organization,
        channel: 'sms',
        units,
        budget: 10,
        mayUseReserve: false,
      });
    }
    await pool.query("UPDATE outbox SET created_at = now() - interval '30 seconds'");
    await refresh();
    expect(reported).toEqual([]);
    const text = await registry.metrics();
    expect(valueIn(text, 'castmatch_auditions{state="scheduled"}')).toBe(1);
    expect(valueIn(text, 'castmatch_auditions{state="closed"}')).toBe(0);
    expect(valueIn(text, 'castmatch_attention_items_open')).toBe(1);
    expect(valueIn(text, 'castmatch_attention_item_oldest_seconds')).toBeCloseTo(7_200, -2);
    expect(valueIn(text, 'castmatch_inbox_waiting')).toBe(1);
    expect(valueIn(text, 'castmatch_inbox_parked')).toBe(1);
    expect(valueIn(text, 'castmatch_inbox_lag_seconds')).toBeCloseTo(90, -2);
    expect(valueIn(text, 'castmatch_outbox_waiting')).toBe(1);
    expect(valueIn(text, 'castmatch_outbox_lag_seconds')).toBeCloseTo(30, -2);
    expect(valueIn(text, 'castmatch_message_budgets{channel="sms",use="nearly_spent"}')).toBe(2);
    expect(valueIn(text, 'castmatch_message_budgets{channel="sms",use="spent"}')).toBe(1);
    expect(valueIn(text, 'castmatch_message_budgets{channel="email",use="spent"}')).toBe(0);
    expect(valueIn(text, 'castmatch_endpoints{status="disabled"}')).toBe(1);
    expect(valueIn(text, 'castmatch_endpoints_failing')).toBe(1);
    expect(valueIn(text, 'castmatch_endpoint_failing_seconds')).toBeCloseTo(3_600, -2);
  });

  it('count a budget as spent from the first message that is refused', async () => {
    const { repositories } = database;
    const reader = createBacklogReader(database.db);
    const spent = async () => (await reader.read()).budgets.spent;
    const charge = (key: string, units: number, budget: number, channel: Channel = 'email') =>
      repositories.messageBudgets.charge({
        key,
        organization: 'org_refused',
        channel,
        units,
        budget,
        mayUseReserve: false,
      });
    const before = await spent();
    await charge('lowered-1', 500, 2_000);
    expect((await spent()).email).toBe(before.email);
    await charge('lowered-2', 1, 400);
    expect((await spent()).email).toBe(before.email + 1);
    await charge('lowered-3', 1, 2_000);
    expect((await spent()).email).toBe(before.email);
    await charge('none-1', 1, 0, 'sms');
    expect((await spent()).sms).toBe(before.sms + 1);
    await charge('rest-1', 8, 10, 'sms');
    expect((await spent()).sms).toBe(before.sms);
    await charge('rest-2', 3, 10, 'sms');
    expect((await spent()).sms).toBe(before.sms + 1);
  });

  it('have no value while the database does not answer, and one again later', async () => {
    const registry = new Registry();
    const reader = createBacklogReader(database.db);
    let isDown = false;
    let now = 0;
    const refresh = createBacklogMetrics(registry, {
      backlog: { read: async () => (isDown ? Promise.reject(new Error('down')) : reader.read()) },
      logger: silent,
      now: () => now,
    });
    const scrape = async () => {
      now += 60_000;
      await refresh();
      return valueIn(await registry.metrics(), 'castmatch_attention_items_open');
    };
    expect(await scrape()).toBeDefined();
    isDown = true;
    expect(await scrape()).toBeUndefined();
    isDown = false;
    expect(await scrape()).toBeDefined();
  });
});
