/** Tests that the API appends the facts of an answer to the trail, and leaves the command to a worker when it cannot. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '../../domain/errors.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { createTestApi } from '../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  numbered,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { AuditionWorkflows } from './audition-workflows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const participant = participantIdSchema.parse('performer-1');
const responded = { type: 'responded', participant, answer: 'accepted', origin: 'api' } as const;

const setup = async (run = 'run-1') => {
  const test = await createTestApi(database);
  const key = await test.keyFor('backend');
  const id = newAuditionId();
  const before = trail(factsUntilScheduled(id, 'org_north'));
  await storeEvents(database.repositories.events, id, before);
  const { facts } = numbered(trail([responded], { from: before.length + 1 }));
  const unrecorded = { run, position: { facts, number: before.length + 1 } };
  const answered: AuditionWorkflows['sendUpdate'] = async () => ({
    kind: 'done',
    result: { sequence: before.length + 1, unrecorded },
  });
  test.orchestration.override({ sendUpdate: answered });
  const respond = () =>
    test.call('POST', `/v1/auditions/${id}/respond`, { key, body: { participant, answer: 'accepted' } });
  const types = async () =>
    (await database.repositories.events.read('org_north', id, { after: before.length, limit: 100 })).map(
      ({ fact }) => fact.type,
    );
  const open = async () =>
    (await database.pool.query('SELECT FROM open_commands WHERE audition_id = $1', [id])).rowCount;
  return { ...test, id, respond, types, open, before };
};

describe('an answer whose facts are not recorded', () => {
  it('is in the trail and in the response', async () => {
    const { respond, types, open } = await setup();
    expect(await respond()).toMatchObject({
      status: 200,
      body: { participants: [{ id: participant, answer: 'accepted' }] },
    });
    expect(await types()).toEqual(['responded']);
    expect(await open()).toBe(0);
  });

  it('is in the trail once when an activity has appended it too', async () => {
    const { respond, types, id, before } = await setup();
    const next = trail([responded], { from: before.length + 1 });
    await storeEvents(database.repositories.events, id, next);
    expect(await respond()).toMatchObject({ status: 200 });
    expect(await types()).toEqual(['responded']);
  });

  it('is refused for now when another run has taken the audition over', async () => {
    const { respond, types, id, before } = await setup('run-0');
    const next = trail([{ type: 'confirmed' }], { from: before.length + 1 });
    await storeEvents(database.repositories.events, id, next);
    expect(await respond()).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } });
    expect(await types()).toEqual(['confirmed']);
  });
});

describe('a command that a worker must finish', () => {
  it('stays open while its result is unknown', async () => {
    const { respond, open, orchestration } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'still_working' }) });
    expect(await respond()).toMatchObject({ status: 202 });
    expect(await open()).toBe(1);
    expect(await database.repositories.openCommands.claim(100)).toEqual([]);
  });

  it('stays open when Temporal does not answer', async () => {
    const { respond, open, orchestration } = await setup();
    orchestration.override({ sendUpdate: () => Promise.reject(new Error('14 UNAVAILABLE')) });
    expect((await respond()).status).toBeGreaterThanOrEqual(500);
    expect(await open()).toBe(1);
  });

  it('is closed when the workflow refuses it', async () => {
    const { respond, open, orchestration } = await setup();
    const refusal = new Refusal('wrong_state', 'The audition is closed.', 'Reopen it.');
    orchestration.override({ sendUpdate: () => Promise.reject(refusal) });
    expect(await respond()).toMatchObject({ status: 409 });
    expect(await open()).toBe(0);
  });
});
