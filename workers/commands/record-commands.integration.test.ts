/** Tests the rounds that finish commands of a killed API process, on a real database with a fake Temporal. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  numbered,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { UpdateAnswer } from '../../workflows/audition/messages.ts';
import { createCommandRound } from './record-commands.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('TRUNCATE open_commands'));
afterAll(() => database.drop());

const participant = participantIdSchema.parse('performer-1');
const facts = [
  { type: 'responded', participant, answer: 'accepted', origin: 'link' },
  { type: 'confirmed' },
] as const;

/** Stores a scheduled audition, and a command whose facts it lacks. */
const openCommand = async (age: string) => {
  const { repositories, pool } = database;
  const auditionId = newAuditionId();
  const before = trail(factsUntilScheduled(auditionId, 'org_north'));
  await storeEvents(repositories.events, auditionId, before);
  await repositories.openCommands.open({ updateId: `update of ${auditionId}`, auditionId });
  await pool.query(
    `UPDATE open_commands SET created_at = created_at - $1::interval, next_attempt_at = next_attempt_at - $1::interval
     WHERE audition_id = $2`,
    [age, auditionId],
  );
  const position = numbered(trail(facts, { from: before.length + 1 }));
  const answer: UpdateAnswer = { sequence: position.number, unrecorded: { run: 'run-1', position } };
  const view = () => repositories.auditions.get('org_north', auditionId);
  return { auditionId, answer, view };
};

const openCount = async (): Promise<number | null> =>
  (await database.pool.query('SELECT FROM open_commands')).rowCount;

const roundWith = (answer: UpdateAnswer | 'none' | 'not_yet') =>
  createCommandRound({ repositories: database.repositories, answerOf: async () => answer });

describe('the command relay', () => {
  it('appends the facts of an answer that the API has not recorded', async () => {
    const { answer, view } = await openCommand('61 seconds');
    expect(await roundWith(answer)()).toBe(false);
    expect(await view()).toMatchObject({ state: 'confirmed', participants: [{ answer: 'accepted' }] });
    expect(await openCount()).toBe(0);
  });

  it('leaves a command of the last minute to the API', async () => {
    const { answer, view } = await openCommand('50 seconds');
    await roundWith(answer)();
    expect(await view()).toMatchObject({ state: 'scheduled' });
    expect(await openCount()).toBe(1);
  });

  it('closes a command that the workflow has refused or never got', async () => {
    await openCommand('2 minutes');
    await roundWith('none')();
    expect(await openCount()).toBe(0);
  });

  it('waits for the answer of a workflow, for a day', async () => {
    await openCommand('23 hours');
    await roundWith('not_yet')();
    expect(await openCount()).toBe(1);
    await database.pool.query('TRUNCATE open_commands');
    await openCommand('25 hours');
    await roundWith('not_yet')();
    expect(await openCount()).toBe(0);
  });

  it('appends nothing when another run has taken the audition over', async () => {
    const { auditionId, answer, view } = await openCommand('2 minutes');
    const taken = trail([{ type: 'taken_over', cause: 'reset' }], { from: 7 });
    await database.repositories.events.append({ auditionId, run: 'run-2', position: numbered(taken) });
    await roundWith(answer)();
    expect(await view()).toMatchObject({ participants: [{ answer: 'none' }] });
    expect(await openCount()).toBe(0);
  });

  it('tries again when Temporal does not answer', async () => {
    await openCommand('2 minutes');
    const round = createCommandRound({
      repositories: database.repositories,
      answerOf: () => Promise.reject(new Error('14 UNAVAILABLE')),
    });
    await expect(round()).rejects.toThrow('UNAVAILABLE');
    expect(await openCount()).toBe(1);
  });
});
