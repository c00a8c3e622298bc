/** Tests the commands to auditions: the updates that workflows receive, and the responses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionIdSchema } from '../../../../domain/ids.ts';
import { createCommandedAudition } from '../../../../tests/harness/commanded-audition.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = (...more: readonly AuditionFact[]) => createCommandedAudition(database, ...more);

const slot = { start: '2026-12-02T15:00', end: '2026-12-02T15:30', zone: 'America/New_York' };
const meant = {
  start: '2026-12-02T20:00:00.000Z',
  end: '2026-12-02T20:30:00.000Z',
  zone: 'America/New_York',
} as const;
const slotMoved = { type: 'slot_moved', slot: meant, revision: 2, origin: 'api' } as const;
const moveRefused = {
  type: 'move_refused',
  code: 'slot_taken',
  reason: 'Another audition holds that time.',
} as const;

describe('a command', () => {
  it.each([
    [
      'respond',
      { participant: 'performer-1', answer: 'declined', revision: 1 },
      { participant: 'performer-1', answer: 'declined', revision: 1 },
    ],
    ['cancel', {}, {}],
    ['check-in', { participant: 'performer-1' }, { participant: 'performer-1' }],
    ['meeting', { provider: 'google_meet' }, { provider: 'google_meet' }],
    ['meeting', {}, {}],
    ['decide', { decision: 'released' }, { decision: 'released' }],
  ])(
    '%s reaches the workflow with its times as instants, and answers with the audition',
    async (name, body, command) => {
      const { ask, orchestration, id } = await setup();
      const answer = await ask(name, body, { 'x-correlation-id': 'c-1' });
      const principal = expect.stringMatching(/^key_[0-9a-f]{16}$/);
      expect(answer).toMatchObject({ status: 200, body: { id } });
      expect(orchestration.receivedCommands).toMatchObject([
        { id, message: { name, command: { ...command, origin: 'api', correlationId: 'c-1', principal } } },
      ]);
    },
  );

  it('for another callback, after the audition was reopened, contains another ID', async () => {
    const { ask, orchestration, record } = await setup();
    const nextId = () =>
      z
        .object({ next: z.object({ id: auditionIdSchema }) })
        .parse(orchestration.receivedCommands.at(-1)?.message.command).next.id;
    const body = { decision: 'callback', next: { slot } };
    await ask('decide', body);
    const next = nextId();
    await record(
      'c-10',
      { type: 'decided', decision: 'callback', next },
      { type: 'reopened_for_decision', origin: 'api' },
    );
    await ask('decide', body);
    expect(nextId()).not.toBe(next);
  });

  it.each([
    ['a slot', slot, { kind: 'fixed', slot: meant }],
    [
      'a window',
      {
        earliest: '2026-12-02T09:00',
        latest: '2026-12-02T18:00',
        durationMinutes: 30,
        zone: 'America/New_York',
      },
      {
        kind: 'window',
        earliest: '2026-12-02T14:00:00.000Z',
        latest: '2026-12-02T23:00:00.000Z',
        durationMinutes: 30,
        zone: 'America/New_York',
      },
    ],
  ])('reschedule to %s reaches the workflow, and answers with the moved audition', async (_, body, wish) => {
    const { ask, orchestration, id, record, answered } = await setup();
    orchestration.override({
      sendUpdate: async () => {
        await record('c-2', slotMoved, { type: 'scheduled' });
        return answered();
      },
    });
    const answer = await ask('reschedule', { slot: body, reason: 'ill' }, { 'x-correlation-id': 'c-2' });
    expect(answer).toMatchObject({ status: 200, body: { id, slot: meant, revision: 2 } });
    expect(orchestration.receivedCommands).toMatchObject([
      { message: { name: 'reschedule', command: { wish, reason: 'ill', correlationId: 'c-2' } } },
    ]);
  });

  it('reschedule to the present slot answers with the unchanged audition', async () => {
    const { ask } = await setup();
    const present = { start: '2027-03-01T11:00', end: '2027-03-01T11:30', zone: 'Europe/Paris' };
    expect(await ask('reschedule', { slot: present })).toMatchObject({ status: 200, body: { revision: 1 } });
  });

  it('for a callback always contains the same ID of the next round', async () => {
    const { ask, orchestration } = await setup();
    const body = { decision: 'callback', next: { slot } };
    await ask('decide', body);
    await ask('decide', body);
    const [first, second] = orchestration.receivedCommands.map(({ message }) => message.command);
    expect(first).toMatchObject({ decision: 'callback', next: { slot: meant, round: 'callback' } });
    expect(second).toMatchObject({ next: { id: expect.stringMatching(/^aud_[0-9a-v]{26}$/) } });
    expect(second).toHaveProperty('next', first && 'next' in first ? first.next : undefined);
  });

  it.each([
    ['reschedule', { slot: { ...slot, zone: 'Nowhere/At_All' } }, 'unknown_zone', '/slot/zone'],
    ['reschedule', { slot: { ...slot, start: '2026-11-01T09:00' } }, 'slot_too_long', '/slot/end'],
    [
      'reschedule',
      { slot: { ...slot, start: '2026-11-02T15:00', end: '2026-11-02T15:30' } },
      'slot_in_the_past',
      '/slot/start',
    ],
    [
      'reschedule',
      { slot: { ...slot, start: '2027-03-14T02:30', end: '2027-03-14T03:30' } },
      'local_time_in_gap',
      '/slot/start',
    ],
    [
      'reschedule',
      { slot: { ...slot, start: '2027-11-07T01:30', end: '2027-11-07T03:30' } },
      'local_time_ambiguous',
      '/slot/start',
    ],
    [
      'decide',
      { decision: 'callback', next: { slot: { ...slot, end: slot.start } } },
      'slot_ends_before_start',
      '/next/slot/start',
    ],
    ['decide', { decision: 'perhaps' }, 'invalid_body', '/decision'],
    ['respond', { participant: 'performer-1' }, 'invalid_body', '/answer'],
    ['respond', { participant: 'performer-1', answer: 'accepted', revision: 0 }, 'invalid_body', '/revision'],
    [
      'reschedule',
      {
        slot: {
          earliest: '2026-11-02T09:00',
          latest: '2026-11-02T18:00',
          durationMinutes: 30,
          zone: 'Europe/Paris',
        },
      },
      'slot_in_the_past',
      '/slot/latest',
    ],
  ])('%s with %j is rejected (%s) without an update to the workflow', async (name, body, code, pointer) => {
    const { ask, orchestration } = await setup();
    const answer = await ask(name, body);
    expect(answer.body).toMatchObject({
      code,
      errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
    });
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it.each(['answer_superseded', 'move_in_progress'] as const)('passes on the refusal %s', async (code) => {
    const { ask, orchestration } = await setup();
    orchestration.override({ sendUpdate: () => Promise.reject(new Refusal(code, 'No.', 'Later.')) });
    expect(await ask('reschedule', { slot })).toMatchObject({ status: 409, body: { code } });
  });

  it('is sent again when the workflow does not know yet what is recorded', async () => {
    const { ask, orchestration, answered } = await setup();
    let attempts = 0;
    orchestration.override({
      sendUpdate: async () => {
        attempts += 1;
        if (attempts < 3) throw new Refusal('wrong_state', "The audition is 'scheduling'.", 'Wait.');
        return answered();
      },
    });
    expect((await ask('cancel', {})).status).toBe(200);
    expect(new Set(orchestration.receivedCommands.map(({ updateId }) => updateId)).size).toBe(1);
  });

  it('that the record does not allow either is sent once', async () => {
    const { ask, orchestration } = await setup({ type: 'session_started', origin: 'api' });
    orchestration.override({
      sendUpdate: () => Promise.reject(new Refusal('wrong_state', 'It has begun.', 'Look again.')),
    });
    const answer = await ask('respond', { participant: 'performer-1', answer: 'accepted' });
    expect(answer.body).toMatchObject({ code: 'wrong_state' });
    expect(orchestration.receivedCommands).toHaveLength(1);
  });

  it("returns the workflow's refusal with its code", async () => {
    const { ask, orchestration } = await setup();
    orchestration.override({
      sendUpdate: () => Promise.reject(new Refusal('wrong_state', 'It is over.', 'Look again.')),
    });
    const { status, body } = await ask('cancel', {});
    expect([status, body]).toMatchObject([
      409,
      { code: 'wrong_state', detail: 'It is over.', whatToDo: 'Look again.' },
    ]);
  });

  it('that takes longer returns 202 with the current audition', async () => {
    const { ask, orchestration, id } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'still_working' }) });
    const { status, body, headers } = await ask('cancel', {});
    expect([status, body]).toMatchObject([202, { id, state: 'scheduled' }]);
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });

  it.each([
    ['before the slot moves', []],
    ['after the slot has moved', [slotMoved]],
  ])('reschedule that waits for an operator %s returns 202', async (_, facts) => {
    const { ask, orchestration, record, pending } = await setup();
    orchestration.override({
      sendUpdate: async () => {
        await record('c-3', ...facts);
        return pending();
      },
    });
    const answer = await ask('reschedule', { slot }, { 'x-correlation-id': 'c-3' });
    expect(answer).toMatchObject({ status: 202, body: { revision: facts.length + 1 } });
  });

  it('to a cancelled audition is rejected with audition_closed', async () => {
    const { ask, orchestration } = await setup({ type: 'cancelled', origin: 'api' });
    orchestration.override({ sendUpdate: async () => ({ kind: 'ended' }) });
    const { status, body } = await ask('reschedule', { slot });
    expect([status, body]).toMatchObject([409, { code: 'audition_closed' }]);
  });

  it('to an audition whose workflow was terminated is rejected with audition_stopped', async () => {
    const { ask, orchestration, id } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'ended' }) });
    const { status, body } = await ask('cancel', {});
    expect([status, body]).toMatchObject([
      409,
      { code: 'audition_stopped', whatToDo: expect.stringContaining(`audition/${id}`) },
    ]);
  });
});

const freshKey = () => ({ 'idempotency-key': crypto.randomUUID() });

describe('a command with an Idempotency-Key', () => {
  it('is carried out once and gets the same response twice', async () => {
    const { ask, orchestration } = await setup();
    const same = freshKey();
    const first = await ask('cancel', {}, same);
    const again = await ask('cancel', {}, same);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(orchestration.receivedCommands).toHaveLength(1);
  });

  it('sends the same update ID however often it is repeated before the response is stored', async () => {
    const { ask, orchestration } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'still_working' }) });
    const same = freshKey();
    await ask('cancel', {}, same);
    await ask('cancel', {}, same);
    await ask('cancel', {}, freshKey());
    const [first, second, other] = orchestration.receivedCommands.map(({ updateId }) => updateId);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  it('that was accepted gets its result when it is repeated, however often the audition has moved since', async () => {
    const { ask, orchestration, record } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'still_working' }) });
    const same = { ...freshKey(), 'x-correlation-id': 'c-4' };
    expect((await ask('reschedule', { slot }, same)).status).toBe(202);
    await record('c-4', slotMoved, { type: 'scheduled' });
    await record(
      'c-other',
      {
        ...slotMoved,
        slot: { ...meant, start: '2026-12-03T20:00:00.000Z', end: '2026-12-03T20:30:00.000Z' },
        revision: 3,
      },
      { type: 'scheduled' },
      { type: 'cancelled', origin: 'api' },
    );
    orchestration.override({ sendUpdate: async () => ({ kind: 'ended' }) });

    const again = await ask('reschedule', { slot }, { ...same, 'x-correlation-id': 'c-5' });
    expect([again.status, again.body]).toMatchObject([200, { revision: 3, state: 'closed' }]);
    expect(orchestration.receivedCommands).toHaveLength(1);
    expect((await ask('reschedule', { slot }, same)).headers['idempotency-replayed']).toBe('true');
  });

  it.each([
    ['reschedule', { slot }],
    ['respond', { participant: 'performer-1', answer: 'accepted' }],
  ])('%s that waited and then was refused gets the refusal when it is repeated', async (name, body) => {
    const { ask, orchestration, record, pending } = await setup();
    orchestration.override({ sendUpdate: pending });
    const same = { ...freshKey(), 'x-correlation-id': 'c-6' };
    expect((await ask(name, body, same)).status).toBe(202);
    await record('c-other', moveRefused);
    expect((await ask(name, body, same)).status).toBe(202);
    await record('c-6', moveRefused);
    const again = await ask(name, body, { ...same, 'x-correlation-id': 'c-8' });
    expect([again.status, again.body]).toMatchObject([409, { code: 'slot_taken' }]);
  });

  it('that was accepted is sent again with the same update ID while its result is unknown', async () => {
    const { ask, orchestration, pending } = await setup();
    orchestration.override({ sendUpdate: pending });
    const same = freshKey();
    expect((await ask('reschedule', { slot }, same)).status).toBe(202);
    expect((await ask('reschedule', { slot }, same)).status).toBe(202);
    const [first, second] = orchestration.receivedCommands.map(({ updateId }) => updateId);
    expect(second).toBe(first);
  });

  it('that was accepted stays bound to its body', async () => {
    const { ask } = await setup();
    const same = freshKey();
    await ask('reschedule', { slot }, same);
    expect((await ask('reschedule', { slot, reason: 'ill' }, same)).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('that was refused can be corrected and sent as another update', async () => {
    const { ask, orchestration } = await setup();
    orchestration.override({
      sendUpdate: () => Promise.reject(new Refusal('slot_taken', 'Taken.', 'Another one.')),
    });
    const same = freshKey();
    await ask('reschedule', { slot }, same);
    orchestration.override({});
    const { status } = await ask('reschedule', { slot: { ...slot, end: '2026-12-02T16:00' } }, same);
    expect(status).toBe(202);
    expect(new Set(orchestration.receivedCommands.map(({ updateId }) => updateId)).size).toBe(2);
  });

  it('is rejected with another body under the same key', async () => {
    const { ask } = await setup();
    const same = freshKey();
    await ask('cancel', {}, same);
    expect((await ask('cancel', { reason: 'ill' }, same)).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
  });
});
