/** Tests `ops auditions undo` against the whole service: twice, simultaneously, and while no worker runs. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { keys, type ServiceUnderTest, startService } from '../harness/service.ts';
import type { WorkerProcess } from '../harness/worker-process.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
let worker: WorkerProcess;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  worker = await service.startWorker();
});
afterAll(() => service.close());

const program = fileURLToPath(new URL('../../infra/cli/ops.ts', import.meta.url));

const undo = (id: string, ...options: readonly string[]) => {
  const { temporal, masterKeys, taskQueueSuffix, databaseUrl } = service.configuration;
  return execa(process.execPath, [program, 'auditions', 'undo', id, ...options], {
    env: {
      CASTMATCH_ENV: 'test',
      CASTMATCH_API_URL: service.url,
      CASTMATCH_API_KEY: keys.operator,
      CASTMATCH_MASTER_KEYS: masterKeys
        .map(({ id: name, key }) => `${name}:${Buffer.from(key).toString('base64')}`)
        .join(','),
      CASTMATCH_TASK_QUEUE_SUFFIX: taskQueueSuffix,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    },
    reject: false,
    all: true,
  });
};

const terminated = async (body: object): Promise<string> => {
  const { id } = await platform.request(body);
  await platform.untilNotified(id);
  await service.temporal.workflow.getHandle(auditionWorkflowId(id)).terminate('by an operator');
  return id;
};

it('a terminated audition is undone once by simultaneous commands, and its slot can be booked again', {
  timeout: 120_000,
}, async () => {
  const body = requestBody(1, 10 * day);
  const id = await terminated(body);
  const results = await Promise.all([undo(id), undo(id)]);
  expect(results.map(({ exitCode, all }) => (exitCode === 0 ? '' : all))).toEqual(['', '']);
  const { all, exitCode } = await undo(id);
  expect([exitCode, all]).toEqual([0, expect.stringContaining('There was nothing to undo.')]);
  expect(await platform.view(id)).toMatchObject({ state: 'closed', outcome: 'failed', attention: [] });
  expect((await platform.request(body)).id).not.toBe(id);
});

it('the command ends in time while no worker runs, and continues when it is run again', {
  timeout: 120_000,
}, async () => {
  const id = await terminated(requestBody(2, 20 * day));
  await worker.stop();
  const away = await undo(id, '--wait', '3');
  expect([away.exitCode, away.all]).toEqual([1, expect.stringContaining('Do workers run?')]);
  worker = await service.startWorker();
  const repeated = await undo(id);
  expect([repeated.exitCode, repeated.all]).toEqual([0, expect.stringContaining(`${id} is closed: failed.`)]);
  expect(repeated.all).toContain('the meeting on zoom');
  expect(await platform.view(id)).toMatchObject({ state: 'closed', attention: [] });
});
