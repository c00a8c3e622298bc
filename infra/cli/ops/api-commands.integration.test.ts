import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditionFactSchema } from '../../../domain/audition/events.ts';
import { createTestApi, type TestApi } from '../../../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
let url: string;
const id = newAuditionId();
const item = attentionItem(`att_${id}-1`, { step: 'session', actions: ['held', 'no_show'] });
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  url = await test.api.listen({ port: 0, host: '127.0.0.1' });
  await storeEvents(
    database.repositories.events,
    id,
    trail(
      [
        ...factsUntilScheduled(id, 'org_north'),
        {
          type: 'notified',
          participant: 'performer-1',
          channel: 'email',
          notice: 'invitation',
          revision: 1,
          deliveryId: 'd1',
        },
        { type: 'attention_raised', item },
      ].map((fact) => auditionFactSchema.parse(fact)),
    ),
  );
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ops = async (...words: readonly string[]) =>
  execa(process.execPath, [program, ...words], {
    env: { CASTMATCH_API_URL: url, CASTMATCH_API_KEY: await test.keyFor('operator') },
    extendEnv: false,
    reject: false,
  });

const listBySlot = (...words: readonly string[]) =>
  ops('auditions', 'list', ...words, '--sort', 'scheduledFor');

describe('ops auditions', { timeout: 60_000 }, () => {
  it('show prints the meeting, the events and the notices, which an operator may have to undo', async () => {
    const { stdout } = await ops('auditions', 'show', id);
    for (const shown of [
      'https://zoom.test/j/1',
      'google event-1',
      'conn_performer',
      'invitation, revision 1',
      'slot_held',
      'system',
    ])
      expect(stdout).toContain(shown);
  });

  it('list prints the auditions that match', async () => {
    const { stdout } = await ops('auditions', 'list', '--state', 'scheduled', '--needs-attention');
    expect(stdout).toContain(id);
    expect((await ops('auditions', 'list', '--state', 'closed')).stdout).toContain(
      'There is no such audition',
    );
    expect((await ops('auditions', 'list', '--limit', '0')).exitCode).not.toBe(0);
  });

  it('list filters by performer and by several states, and sorts by slot', async () => {
    const { stdout } = await listBySlot('--state', 'scheduled', 'confirmed', '--performer', 'performer-1');
    expect(stdout).toContain(id);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    for (const words of [
      ['--performer', 'another', '--from', '2027-01-01T09:00:00Z'],
      ['--state', 'closed', 'scheduled', '--until', '2027-03-01T09:00:00Z'],
    ])
      expect((await listBySlot(...words)).stdout).toContain('There is no such audition');
  });

  it('show reports an audition that does not exist', async () => {
    const { exitCode, stderr } = await ops('auditions', 'show', 'aud_none');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('audition_not_found');
  });
});

describe('ops attention list', { timeout: 60_000 }, () => {
  it('prints each item with its id, its actions and its audition in words, as text and as JSON', async () => {
    const { stdout } = await ops('attention', 'list');
    for (const shown of [item.id, 'held, no_show', 'project-1', 'role-1', 'auditions show <id of an item>'])
      expect(stdout).toContain(shown);
    const { stdout: json } = await ops('attention', 'list', '--json');
    for (const shown of [`"id": "${item.id}"`, item.what, item.hint]) expect(json).toContain(shown);
  });
});

describe('ops attention resolve', { timeout: 60_000 }, () => {
  it('answers whether the session took place', async () => {
    expect((await ops('attention', 'resolve', item.id, 'held')).exitCode).toBe(0);
    expect(test.orchestration.receivedCommands).toMatchObject([
      { id, message: { name: 'resolve', command: { action: 'held', by: 'operator of org_north' } } },
    ]);
  });

  it('rejects an action that does not exist', async () => {
    const { exitCode, stderr } = await ops('attention', 'resolve', item.id, 'perhaps');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('no_show');
  });
});

describe('ops attention resolve-all', { timeout: 60_000 }, () => {
  it('decides the items that match, with the note, and reports those that do not offer the action', async () => {
    const refused = await ops('attention', 'resolve-all', 'retry', '--step', 'session');
    expect(refused.stdout).toContain(`${item.id} is still open`);
    const { stdout } = await ops(
      'attention',
      'resolve-all',
      'held',
      '--step',
      'session',
      '--note',
      'seen by the office',
    );
    expect(stdout).toContain('Resolved 1 items.');
    expect(test.orchestration.receivedCommands.at(-1)).toMatchObject({
      message: { command: { action: 'held', note: 'seen by the office' } },
    });
  });

  it('requires a cause', async () => {
    const { exitCode, stderr } = await ops('attention', 'resolve-all', 'retry');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('step, provider and code');
  });
});
