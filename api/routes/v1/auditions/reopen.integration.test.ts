/** Tests POST /v1/auditions/{id}/reopen: the run that is started, and the responses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { defaultPolicy } from '../../../../domain/audition/policy.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { auditionPlan, castingDirector, performer } from '../../../../tests/harness/audition-plan.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const declined: AuditionFact = { type: 'declined', participant: performer.id };
const released: AuditionFact = { type: 'decided', decision: 'released' };
const booked: AuditionFact = { type: 'decided', decision: 'booked' };
const noShow: AuditionFact = { type: 'no_show' };
const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };
const toDecision = { to: 'decision', reason: 'booked on the spot' } as const;
const toSession = { to: 'session' } as const;
const lastSlot = {
  start: '2027-03-01T10:00:00.000Z',
  end: '2027-03-01T10:30:00.000Z',
  zone: 'Europe/Paris',
} as const;

/** The audition is closed on 2026-11-24 at 00:00:07; the clock of the API shows 09:00. */
const setup = async (closing: AuditionFact | undefined, { now }: { readonly now?: Instant } = {}) => {
  const test = await createTestApi(database, now ? { now: () => now } : {});
  const key = await test.keyFor('backend');
  const id = newAuditionId();
  const facts = [...factsUntilScheduled(id, 'org_north'), ...(closing ? [closing] : [])];
  await storeEvents(database.repositories.events, id, trail(facts));
  const record = (correlationId: string, fact: AuditionFact) =>
    storeEvents(
      database.repositories.events,
      id,
      trail([fact], { from: facts.length + 1 }).map((event) => ({ ...event, correlationId })),
    );
  const reopen = (body: unknown, headers: Record<string, string> = {}) =>
    test.call('POST', `/v1/auditions/${id}/reopen`, { key, body, headers });
  return { ...test, id, facts, record, reopen };
};

const freshKey = () => ({ 'idempotency-key': crypto.randomUUID() });

describe('reopening a closed audition', () => {
  it('for the decision starts a run with the plan, and answers with the audition', async () => {
    const { reopen, orchestration, record, id } = await setup(released);
    orchestration.override({
      reopen: async () => {
        await record('c-1', { type: 'reopened_for_decision', origin: 'api' });
        return { kind: 'done', result: { kind: 'held', sequence: 8 } };
      },
    });
    const { status, body } = await reopen(toDecision, { 'x-correlation-id': 'c-1' });
    expect([status, body]).toMatchObject([200, { id, state: 'awaiting_decision' }]);
    expect(orchestration.reopened).toEqual([
      {
        plan: expect.objectContaining({ id }),
        command: {
          to: 'decision',
          reason: 'booked on the spot',
          origin: 'api',
          correlationId: 'c-1',
          principal: expect.stringMatching(/^key_/),
        },
        updateId: expect.any(String),
      },
    ]);
  });

  it.each([
    ['its last slot by default', toSession, { kind: 'fixed', slot: lastSlot }],
    [
      'another slot',
      { ...toSession, slot: { start: '2026-12-02T10:00', end: '2026-12-02T10:30', zone: 'Europe/Paris' } },
      {
        kind: 'fixed',
        slot: { start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z', zone: 'Europe/Paris' },
      },
    ],
    [
      'a window',
      {
        ...toSession,
        slot: {
          earliest: '2026-12-02T10:00',
          latest: '2026-12-02T18:00',
          durationMinutes: 45,
          zone: 'Europe/Paris',
        },
      },
      { kind: 'window', earliest: '2026-12-02T09:00:00.000Z', durationMinutes: 45 },
    ],
  ])('for a session uses %s', async (_, body, wish) => {
    const { reopen, orchestration } = await setup(declined);
    expect((await reopen(body)).status).toBe(202);
    expect(orchestration.reopened).toMatchObject([{ command: { to: 'session', wish } }]);
  });

  it('uses the present cast', async () => {
    const { reopen, orchestration } = await setup(declined);
    orchestration.override({
      readPlan: async (id) => auditionPlan(Date.now(), { id, participants: [performer, castingDirector] }),
    });
    await reopen(toSession);
    expect(orchestration.reopened[0]?.plan.participants).toEqual([performer]);
  });

  it('waits for the end of a workflow that is just closing', async () => {
    const { reopen, orchestration } = await setup(cancelled);
    let attempts = 0;
    orchestration.override({
      reopen: async () => {
        attempts += 1;
        return attempts === 1 ? { kind: 'running' } : { kind: 'done', result: { kind: 'held', sequence: 8 } };
      },
    });
    expect((await reopen(toSession)).status).toBe(200);
  });

  it('returns 202 when an operator must look first', async () => {
    const { reopen, orchestration } = await setup(cancelled);
    orchestration.override({
      reopen: async () => ({ kind: 'done', result: { kind: 'needs_attention', sequence: 8 } }),
    });
    expect((await reopen(toSession)).status).toBe(202);
  });
});

describe('a refused reopening', () => {
  it.each([
    ['of an open audition', undefined, toSession, 'wrong_state'],
    ['of a booking for a session', booked, toSession, 'outcome_not_reopenable'],
    ['of a decline for a decision', declined, toDecision, 'outcome_not_reopenable'],
    ['without a target', declined, {}, 'invalid_body'],
    [
      'to a slot in the past',
      noShow,
      { ...toSession, slot: { start: '2026-11-02T10:00', end: '2026-11-02T10:30', zone: 'Europe/Paris' } },
      'slot_in_the_past',
    ],
    ['for a decision in a slot', noShow, { ...toDecision, slot: lastSlot }, 'invalid_body'],
  ])('%s starts no run', async (_, closing, body, code) => {
    const { reopen, orchestration } = await setup(closing);
    const answer = await reopen(body);
    expect(answer.body).toMatchObject({ code, whatToDo: expect.stringMatching(/\w/) });
    expect(orchestration.reopened).toEqual([]);
  });

  it('when its last slot is in the past asks for a slot', async () => {
    const { reopen } = await setup(noShow, { now: '2027-03-01T10:15:00.000Z' });
    // The period of the default policy is over by then.
    expect((await reopen(toSession)).body).toMatchObject({ code: 'reopen_expired' });
    const longer = await setup(noShow, { now: '2027-03-01T10:15:00.000Z' });
    longer.orchestration.override({
      readPlan: async (id) =>
        auditionPlan(0, {
          id,
          participants: [performer],
          policy: { ...defaultPolicy, reopenWithin: 366 * 86_400_000 },
        }),
    });
    expect((await longer.reopen(toSession)).body).toMatchObject({
      code: 'slot_in_the_past',
      errors: [{ pointer: '/slot' }],
    });
  });

  it.each([
    ['is no longer stored', async () => undefined],
    ['lacks a participant', async () => auditionPlan(0, { participants: [castingDirector] })],
  ])('whose plan %s is answered with reopen_expired', async (_, readPlan) => {
    const { reopen, orchestration } = await setup(declined);
    orchestration.override({ readPlan });
    const { status, body } = await reopen(toSession);
    expect([status, body]).toMatchObject([409, { code: 'reopen_expired' }]);
    expect(orchestration.reopened).toEqual([]);
  });

  it('while the bookings are being undone says so', async () => {
    const { reopen, orchestration } = await setup(cancelled);
    orchestration.override({ reopen: async () => ({ kind: 'running' }), waitForEnd: async () => false });
    const { status, body } = await reopen(toSession);
    expect([status, body]).toMatchObject([409, { code: 'wrong_state' }]);
    expect(new Set(orchestration.reopened.map(({ updateId }) => updateId)).size).toBe(1);
  });

  it('of a taken slot has the message of the workflow, and can be corrected under the same key', async () => {
    const { reopen, orchestration } = await setup(cancelled);
    orchestration.override({
      reopen: async () => ({
        kind: 'done',
        result: {
          kind: 'refused',
          reason: 'taken',
          message: 'Another audition holds that time.',
          sequence: 9,
        },
      }),
    });
    const same = freshKey();
    expect(await reopen(toSession, same)).toMatchObject({
      status: 409,
      body: { code: 'slot_taken', detail: 'Another audition holds that time.' },
    });
    orchestration.override({});
    expect((await reopen({ ...toSession, reason: 'other' }, same)).status).toBe(202);
    expect(new Set(orchestration.reopened.map(({ updateId }) => updateId)).size).toBe(2);
  });
});

describe('a repeated reopening', () => {
  it('with the same key gets the same response and starts one run', async () => {
    const { reopen, orchestration } = await setup(declined);
    orchestration.override({
      reopen: async () => ({ kind: 'done', result: { kind: 'held', sequence: 8 } }),
    });
    const same = freshKey();
    await reopen(toSession, same);
    const again = await reopen(toSession, same);
    expect([again.status, again.headers['idempotency-replayed']]).toEqual([200, 'true']);
    expect(orchestration.reopened).toHaveLength(1);
  });

  it('gets the result of the run that it started when the first response was lost', async () => {
    const { reopen, orchestration, record } = await setup(declined);
    const same = freshKey();
    await reopen(toSession, same);
    await database.pool.query('UPDATE idempotent_requests SET status = NULL, body = NULL');
    await record('c-lost', { type: 'reopened_for_session', origin: 'api', slot: lastSlot, revision: 2 });
    const started = orchestration.reopened[0]?.updateId;
    orchestration.override({
      findReopening: async (_, updateId) =>
        updateId === started ? { kind: 'done', result: { kind: 'held', sequence: 8 } } : undefined,
    });
    const again = await reopen(toSession, same);
    expect([again.status, again.body]).toMatchObject([200, { state: 'scheduling', revision: 2 }]);
    expect((await reopen(toSession, freshKey())).body).toMatchObject({ code: 'wrong_state' });
    expect(orchestration.reopened).toHaveLength(1);
  });

  it('simultaneously gets the result of the first one', async () => {
    const { reopen, orchestration } = await setup(declined);
    orchestration.override({
      reopen: async () => ({ kind: 'running' }),
      findReopening: async () => ({ kind: 'done', result: { kind: 'held', sequence: 8 } }),
    });
    expect((await reopen(toSession, freshKey())).status).toBe(200);
    expect(orchestration.reopened).toHaveLength(1);
  });

  it('that was accepted gets its result from the trail', async () => {
    const { reopen, orchestration, record } = await setup(released);
    const same = { ...freshKey(), 'x-correlation-id': 'c-9' };
    expect((await reopen(toDecision, same)).status).toBe(202);
    await record('c-9', { type: 'reopened_for_decision', origin: 'api' });
    const again = await reopen(toDecision, { ...same, 'x-correlation-id': 'c-10' });
    expect([again.status, again.body]).toMatchObject([200, { state: 'awaiting_decision' }]);
    expect(orchestration.reopened).toHaveLength(1);
  });
});
