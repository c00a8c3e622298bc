/** Tests repeated POST /v1/auditions after time has passed or after failures. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { foldEvents } from '../../../../domain/audition/view.ts';
import { auditionIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { auditionRequest, createTestApi, startFacts } from '../../../../tests/harness/api.ts';
import { attentionItem, storeEvents, trail } from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const beforeTheSlot = '2026-12-01T08:00:00.000Z';
const afterTheSlot = '2026-12-01T10:00:00.000Z';

/** Creates an API with a clock that the test sets. */
const setup = async () => {
  let time: Instant = beforeTheSlot;
  const test = await createTestApi(database, { now: () => time });
  const key = await test.keyFor('backend');
  const post = (body: unknown, idempotencyKey: string) =>
    test.call('POST', '/v1/auditions', { key, body, headers: { 'idempotency-key': idempotencyKey } });
  const pass = () => {
    time = afterTheSlot;
  };
  return { ...test, post, pass };
};

const connectionRefused = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));

describe('the Idempotency-Key of a started audition', () => {
  it('stays bound to its body, even when the request would no longer be valid', async () => {
    const { post, orchestration, pass } = await setup();
    const idempotencyKey = crypto.randomUUID();
    // The workflow exists, but no worker runs it: nothing is recorded yet.
    orchestration.override({ start: connectionRefused, exists: async () => true });
    expect((await post(auditionRequest(), idempotencyKey)).status).toBe(503);
    pass();
    expect((await post(auditionRequest(), idempotencyKey)).status).toBe(503);
    const later = { start: '2026-12-08T10:00', end: '2026-12-08T10:30', zone: 'Europe/Paris' };
    expect((await post(auditionRequest({ slot: later }), idempotencyKey)).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('returns the recorded audition, even when the request would no longer be valid', async () => {
    const { post, orchestration, pass } = await setup();
    const idempotencyKey = crypto.randomUUID();
    orchestration.override({
      start: async (plan) => {
        await storeEvents(database.repositories.events, plan.id, trail(startFacts(plan)));
        return { kind: 'still_working' };
      },
    });
    await post(auditionRequest(), idempotencyKey);
    await database.pool.query('UPDATE idempotent_requests SET status = NULL, body = NULL');
    pass();
    expect(await post(auditionRequest(), idempotencyKey)).toMatchObject({
      status: 201,
      body: { state: 'scheduling' },
    });
  });

  it('is not released when the same request is refused simultaneously', async () => {
    const { post, orchestration, pass } = await setup();
    const idempotencyKey = crypto.randomUUID();
    const underWay = Promise.withResolvers<void>();
    const unblock = Promise.withResolvers<void>();
    orchestration.override({
      start: async () => {
        underWay.resolve();
        await unblock.promise;
        return connectionRefused();
      },
    });
    const first = post(auditionRequest(), idempotencyKey);
    await underWay.promise;
    pass();
    expect((await post(auditionRequest(), idempotencyKey)).body).toMatchObject({ code: 'slot_in_the_past' });
    const other = await post(auditionRequest({ notes: 'other' }), idempotencyKey);
    expect(other.body).toMatchObject({ code: 'idempotency_key_reused' });
    unblock.resolve();
    expect((await first).status).toBe(503);
  });
});

describe('an audition that waits for an operator', () => {
  const item = attentionItem(`att_aud_first_1`);

  it('is returned in its current state when the same request is repeated', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    orchestration.override({
      start: async (plan) => {
        const [requested, holding] = startFacts(plan);
        const facts = [requested, holding, { type: 'attention_raised', item } as const].filter(
          (fact) => fact !== undefined,
        );
        const events = trail(facts);
        await storeEvents(database.repositories.events, plan.id, events);
        return { kind: 'done', result: { kind: 'needs_attention', view: foldEvents(events) } };
      },
    });
    const first = await post(auditionRequest(), idempotencyKey);
    expect(first).toMatchObject({ status: 202, body: { state: 'holding', attention: [{ id: item.id }] } });

    const { id } = z.object({ id: auditionIdSchema }).parse(first.body);
    const held = {
      start: '2026-12-01T09:00:00.000Z',
      end: '2026-12-01T09:30:00.000Z',
      zone: 'Europe/Paris',
    } as const;
    const since = trail(
      [
        { type: 'attention_resolved', id: item.id, action: 'retry', by: 'operator-1' },
        { type: 'slot_held', slot: held, revision: 1, until: held.end },
      ],
      { from: 4 },
    );
    await storeEvents(database.repositories.events, id, since);
    const again = await post(auditionRequest(), idempotencyKey);
    expect(again).toMatchObject({ status: 201, body: { id, state: 'scheduling', attention: [] } });
    expect((await post(auditionRequest(), idempotencyKey)).headers['idempotency-replayed']).toBe('true');
  });
});

it('a repeated request for an audition whose workflow was terminated returns audition_stopped', async () => {
  const { post, orchestration } = await setup();
  const idempotencyKey = crypto.randomUUID();
  orchestration.override({
    start: async (plan) => {
      await storeEvents(database.repositories.events, plan.id, trail(startFacts(plan).slice(0, 2)));
      return { kind: 'ended' };
    },
  });
  const first = await post(auditionRequest(), idempotencyKey);
  expect([first.status, first.body]).toMatchObject([409, { code: 'audition_stopped' }]);
  expect((await post(auditionRequest(), idempotencyKey)).headers['idempotency-replayed']).toBe('true');
});
