/** Tests `npm run replay` against a real Temporal server. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { execaNode } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import type { Configuration } from '../../providers/configuration.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';
import { startTemporalServer, type TemporalServer } from '../harness/temporal-server.ts';

const path = (fromHere: string) => fileURLToPath(new URL(fromHere, import.meta.url));
const workflows = relative(process.cwd(), path('../fixtures/workflows/notice.ts'));

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(() => connection.close());

const runReplay = (env: NodeJS.ProcessEnv, ...args: readonly string[]) =>
  execaNode({
    reject: false,
    all: true,
    env: { NO_COLOR: '1', CASTMATCH_ENV: 'test', TEMPORAL_NAMESPACE: inject('temporalNamespace'), ...env },
  })(path('../../infra/cli/replay.ts'), args);

const replay = (...args: readonly string[]) =>
  runReplay({ TEMPORAL_ADDRESS: inject('temporalAddress') }, '--workflows', workflows, ...args);

/** Starts a workflow on a queue without workers; its history has only the first events. */
const startWorkflow = async () => {
  const client = new Client({
    connection,
    namespace: inject('temporalNamespace'),
    dataConverter: createDataConverter(corpusKeys),
  });
  const workflowId = `notice/${randomUUID()}`;
  const handle = await client.workflow.start('notice', {
    workflowId,
    taskQueue: `unpolled-${randomUUID()}`,
    args: ['Ada Example'],
  });
  return { workflowId, end: () => handle.terminate('the test is over') };
};

it('npm run replay fetches a running workflow by its ID, replays it, and saves its history', async () => {
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

it('npm run replay replays the workflows that match a query', async () => {
  const { workflowId, end } = await startWorkflow();
  await end();
  await expect
    .poll(() => replay('--query', `WorkflowId = "${workflowId}"`), { timeout: 60_000 })
    .toMatchObject({ all: expect.stringContaining(workflowId), exitCode: 0 });
});

it('npm run replay reports a workflow that does not exist', async () => {
  const { all, exitCode } = await replay('notice/unknown');
  expect(all).toMatch(/not found/i);
  expect(exitCode).toBe(2);
});

it('npm run replay without arguments explains what to pass', async () => {
  expect(await replay()).toMatchObject({ exitCode: 2, all: expect.stringContaining('nothing to replay') });
});

it('npm run replay -- --corpus needs no configuration', async () => {
  const { PATH, HOME } = process.env;
  const { all, exitCode } = await execaNode({
    reject: false,
    all: true,
    extendEnv: false,
    env: { PATH, HOME },
  })(path('../../infra/cli/replay.ts'), ['--corpus']);
  expect([exitCode, all]).toEqual([0, expect.stringContaining('all replay as recorded')]);
});

describe('npm run replay with auditions on the server', () => {
  let temporalServer: TemporalServer;
  let service: ServiceUnderTest;
  beforeAll(async () => {
    temporalServer = await startTemporalServer();
    service = await startService({ temporalAddress: temporalServer.address });
  });
  afterAll(async () => {
    await service.close();
    await temporalServer.stop();
  });

  const replayWithKeys = (masterKeys: Configuration['masterKeys'], ...args: readonly string[]) =>
    runReplay(
      {
        TEMPORAL_ADDRESS: temporalServer.address,
        DATABASE_URL: service.database.url,
        CASTMATCH_MASTER_KEYS: masterKeys
          .map(({ id, key }) => `${id}:${Buffer.from(key).toString('base64')}`)
          .join(','),
      },
      ...args,
    );

  it('lists and replays an open and a failed audition', async () => {
    const platform = createApiClient(service);
    await service.startWorker();
    const [running, failed] = await Promise.all(
      [1, 2].map(async (n) => {
        const { id } = await platform.request(requestBody(n, (10 + n) * day));
        await platform.until(id, ({ state }) => state === 'scheduled');
        return `audition/${id}`;
      }),
    );
    await service.temporal.workflow.getHandle(failed ?? '').terminate('terminated by the test');

    // Visibility is eventually consistent, so the test waits until both auditions are listed.
    const isListed = async (query: string) =>
      (await service.temporal.workflow.count(`CastMatchOrganization = "${organization}" AND ${query}`))
        .count === 1;
    await eventually(() => isListed('ExecutionStatus = "Running"'), 60_000);
    await eventually(() => isListed('ExecutionStatus = "Terminated"'), 60_000);

    const { masterKeys } = service.configuration;
    const replayed = await replayWithKeys(masterKeys, '--open', '--failed');
    expect(replayed.all).toContain(`same      ${running}`);
    expect(replayed.all).toContain(`same      ${failed}`);
    expect(replayed.exitCode).toBe(0);
    const foreignKeys = [{ id: 'foreign', key: randomBytes(32) }];
    const unreadable = await replayWithKeys(foreignKeys, '--open');
    expect(unreadable).toMatchObject({ exitCode: 1, all: expect.stringContaining(`${running}`) });
    expect(unreadable.all).not.toMatch(/^\s+at /m);
  }, 300_000);
});
