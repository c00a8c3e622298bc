/** Tests the changes of a running audition's cast: the update that the workflow receives, and the responses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditionFact, auditionFactSchema } from '../../../../domain/audition/events.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionRequest, createTestApi } from '../../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import type { CastChange } from '../../../../workflows/audition/messages.ts';
import type { AuditionWorkflows } from '../../../auditions/audition-workflows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const reader = {
  id: 'reader-1',
  kind: 'reader',
  name: 'Rita Reader',
  email: 'rita@example.com',
  zone: 'Europe/London',
  channels: ['email'],
};

const factOf = (change: CastChange): AuditionFact =>
  change.kind === 'add'
    ? { type: 'participant_added', participant: change.participant }
    : { type: 'participant_removed', participant: change.participant };

const setup = async () => {
  const test = await createTestApi(database);
  const key = await test.keyFor('operator');
  const id = newAuditionId();
  const facts = factsUntilScheduled(id, 'org_north');
  await storeEvents(database.repositories.events, id, trail(facts));
  /** Changes the cast as the workflow does. */
  const change: AuditionWorkflows['sendUpdate'] = async (_, { name, command }) => {
    const changes = name === 'participants' ? command.changes : [];
    const recorded = trail(changes.map(factOf), { from: facts.length + 1 });
    const { correlationId } = command;
    await storeEvents(
      database.repositories.events,
      id,
      recorded.map((event) => ({ ...event, correlationId })),
    );
    return { kind: 'done', result: { sequence: facts.length + recorded.length } };
  };
  test.orchestration.override({ sendUpdate: change });
  const send = (
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    test.call(method, `/v1/auditions/${id}/participants${path}`, {
      key,
      ...(body === undefined ? {} : { body }),
      headers,
    });
  return { ...test, id, send };
};

describe('the cast of a running audition', () => {
  it.each([
    ['POST', '', reader, [{ kind: 'add', participant: { id: 'reader-1', required: true, locale: 'en' } }]],
    [
      'PUT',
      '/reader-0',
      reader,
      [
        { kind: 'remove', participant: 'reader-0' },
        { kind: 'add', participant: { id: 'reader-1' } },
      ],
    ],
    ['DELETE', '/reader-1', undefined, [{ kind: 'remove', participant: 'reader-1' }]],
  ] as const)('changes with %s %s', async (method, path, body, changes) => {
    const { send, orchestration, id } = await setup();
    const answer = await send(method, path, body, { 'x-correlation-id': 'c-1' });
    expect(answer).toMatchObject({ status: 200, body: { id } });
    expect(orchestration.receivedCommands).toMatchObject([
      {
        id,
        message: { name: 'participants', command: { changes, origin: 'api', correlationId: 'c-1' } },
      },
    ]);
  });

  it.each([
    ['a performer', { kind: 'performer' }, 422, 'performer_not_replaceable', '/kind'],
    ['an unknown kind', { kind: 'parrot' }, 400, 'invalid_body', '/kind'],
    ['a channel without an address', { channels: ['sms'] }, 422, 'channel_without_address', '/channels'],
    ['an unknown zone', { zone: 'Mars/Base' }, 422, 'unknown_zone', '/zone'],
    [
      'an unknown connection',
      { calendar: { provider: 'google', connection: 'conn_none', calendarId: 'primary' } },
      422,
      'unknown_connection',
      '/calendar/connection',
    ],
  ] as const)('refuses %s without an update to the workflow', async (_, change, status, code, pointer) => {
    const { send, orchestration } = await setup();
    for (const [method, path] of [
      ['POST', ''],
      ['PUT', '/reader-1'],
    ] as const) {
      const answer = await send(method, path, { ...reader, ...change });
      expect(answer).toMatchObject({
        status,
        body: { code, errors: expect.arrayContaining([expect.objectContaining({ pointer })]) },
      });
    }
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it.each([
    'unknown_participant',
    'duplicate_participant',
    'performer_not_replaceable',
    'participant_limit_reached',
    'slot_taken',
    'wrong_state',
  ] as const)("returns the workflow's refusal %s", async (code) => {
    const { send, orchestration } = await setup();
    orchestration.override({ sendUpdate: () => Promise.reject(new Refusal(code, 'No.', 'Look again.')) });
    expect((await send('PUT', '/reader-1', reader)).body).toMatchObject({ code, whatToDo: 'Look again.' });
  });

  it('returns 202 while a calendar cannot be read and an operator is asked, then the late refusal', async () => {
    const { send, orchestration, id } = await setup();
    orchestration.override({
      sendUpdate: async () => ({ kind: 'done', result: { sequence: 6, isPending: true } }),
    });
    const same = { 'idempotency-key': crypto.randomUUID(), 'x-correlation-id': 'c-4' };
    expect((await send('POST', '', reader, same)).status).toBe(202);
    const refused = { type: 'move_refused', code: 'move_aborted', reason: 'An operator aborted.' } as const;
    await storeEvents(
      database.repositories.events,
      id,
      trail([refused], { from: 7 }).map((event) => ({ ...event, correlationId: 'c-4' })),
    );
    expect((await send('POST', '', reader, same)).body).toMatchObject({ code: 'move_aborted' });
  });

  it('returns 202 for a replacement under the same id while an operator is asked', async () => {
    const { send, orchestration } = await setup();
    orchestration.override({
      sendUpdate: async () => ({ kind: 'done', result: { sequence: 6, isPending: true } }),
    });
    expect((await send('PUT', '/reader-1', reader)).status).toBe(202);
  });

  it('rejects a malformed ID of a participant', async () => {
    const { send } = await setup();
    expect(await send('DELETE', '/a%20b')).toMatchObject({ status: 400, body: { code: 'invalid_path' } });
  });

  it('changes once for each Idempotency-Key, also when the first response was a 202', async () => {
    const { send, orchestration, id } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'still_working' }) });
    const same = { 'idempotency-key': crypto.randomUUID(), 'x-correlation-id': 'c-2' };
    expect((await send('POST', '', reader, same)).status).toBe(202);
    const added = {
      type: 'participant_added',
      participant: { id: 'reader-1', kind: 'reader', zone: 'Europe/London', required: true },
    };
    await storeEvents(
      database.repositories.events,
      id,
      trail([auditionFactSchema.parse(added)], { from: 7 }).map((event) => ({
        ...event,
        correlationId: 'c-2',
      })),
    );
    const again = await send('POST', '', reader, { ...same, 'x-correlation-id': 'c-3' });
    expect(again).toMatchObject({
      status: 200,
      body: { participants: [{ id: 'performer-1' }, { id: 'reader-1' }] },
    });
    expect(orchestration.receivedCommands).toHaveLength(1);
  });
});

it('the participants of a request and an addition have the same schema', async () => {
  const { send, orchestration } = await setup();
  const [, director] = auditionRequest().participants;
  expect((await send('POST', '', director)).status).toBe(200);
  expect(orchestration.receivedCommands).toHaveLength(1);
});
