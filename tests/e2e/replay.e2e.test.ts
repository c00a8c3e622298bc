/** `npm run replay` against a real server, as an engineer runs it. */
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { execaNode } from 'execa';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { createDataConverter } from '../../workers/payload-codec/data-converter.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';

const path = (fromHere: string) => fileURLToPath(new URL(fromHere, import.meta.url));
const workflows = relative(process.cwd(), path('../fixtures/workflows/notice.ts'));

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(() => connection.close());

const replay = (...args: readonly string[]) =>
  execaNode({
    reject: false,
    all: true,
    env: {
      NO_COLOR: '1',
      CASTMATCH_ENV: 'test',
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: inject('temporalNamespace'),
    },
  })(path('../../infra/cli/replay.ts'), ['--workflows', workflows, ...args]);

/** Nobody works on it, which is enough of a history to be fetched. */
const startWorkflow = async () => {
  const client = new Client({
    connection,
    namespace: inject('temporalNamespace'),
    dataConverter: createDataConverter(corpusKeys),
  });
  const workflowId = `notice/${randomUUID()}`;
  const handle = await client.workflow.start('notice', {
    workflowId,
    taskQueue: `nobody-${randomUUID()}`,
    args: ['Ada Example'],
  });
  return { workflowId, end: () => handle.terminate('the test is over') };
};

it('fetches a running workflow by its id, replays it, and saves it to be replayed again', async () => {
  const { workflowId, end } = await startWorkflow();
  const file = join(tmpdir(), `${randomUUID()}.json`);
  onTestFinished(() => rm(file, { force: true }));
  const fetched = await replay(workflowId, '--save', file);
  expect(fetched.all).toContain(`same      ${workflowId}`);
  expect(fetched.exitCode).toBe(0);
  expect(await readFile(file, 'utf8')).not.toContain('Ada');
  expect(await replay(file)).toMatchObject({ exitCode: 0 });
  await end();
});

it('replays what a query finds', async () => {
  const { workflowId, end } = await startWorkflow();
  await end();
  await expect
    .poll(() => replay('--query', `WorkflowId = "${workflowId}"`), { timeout: 60_000 })
    .toMatchObject({ all: expect.stringContaining(workflowId), exitCode: 0 });
});

it('says that a workflow does not exist', async () => {
  const { all, exitCode } = await replay('notice/nobody-knows-it');
  expect(all).toMatch(/not found/i);
  expect(exitCode).toBe(2);
});

it('says what is missing when nothing was asked for', async () => {
  expect(await replay()).toMatchObject({ exitCode: 1, all: expect.stringContaining('say what to replay') });
});
