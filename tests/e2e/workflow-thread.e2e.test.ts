/** Tests the threads that run workflow code: their limit for endless code, and the setting for call stacks. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { freeLoopbackAddress } from '../../workers/health/sdk-metrics.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { installRuntime } from '../../workers/runtime.ts';
import { startWorkers } from '../../workers/worker.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { go } from '../fixtures/workflows/endless.ts';
import { unexpectedActivities } from '../harness/unexpected-activities.ts';

const masterKeys = [{ id: 'k1', key: randomBytes(32) }];
const workflowsPath = fileURLToPath(new URL('../fixtures/workflows/endless.ts', import.meta.url));
const printed: string[] = [];
const logger = createLogger(
  { level: 'info', process: 'test' },
  new Writable({
    write(line, _encoding, done) {
      printed.push(String(line));
      done();
    },
  }),
);

let connection: Connection;
let client: Client;
beforeAll(async () => {
  installRuntime(logger, await freeLoopbackAddress());
  connection = await Connection.connect({ address: inject('temporalAddress') });
  client = new Client({
    connection,
    namespace: inject('temporalNamespace'),
    dataConverter: createDataConverter(masterKeys),
  });
});
afterAll(() => connection.close());

const setup = async (workflowCallStacks: boolean) => {
  const taskQueueSuffix = `-${randomUUID()}`;
  const workers = await startWorkers({
    configuration: {
      temporal: { address: inject('temporalAddress'), namespace: inject('temporalNamespace') },
      masterKeys,
      taskQueueSuffix,
      workflowCallStacks,
    },
    activities: unexpectedActivities({}),
    logger,
    metrics: createMetrics(),
    workflowCode: await bundleWorkflows(logger, { workflowsPath }),
  });
  onTestFinished(() => workers.shutdown());
  return (workflow: string) =>
    client.workflow.start(workflow, {
      workflowId: `${workflow}/${randomUUID()}`,
      taskQueue: `castmatch${taskQueueSuffix}`,
    });
};

/** Resolves when the first workflow task has completed, so that the worker has the workflow in its cache. */
const isCached = async (handle: WorkflowHandle): Promise<void> => {
  await expect.poll(() => countOf(handle, 'workflowTaskCompletedEventAttributes')).toBe(1);
};

const countOf = async (
  handle: WorkflowHandle,
  attributes: 'workflowTaskCompletedEventAttributes' | 'workflowTaskFailedEventAttributes',
): Promise<number> => {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((event) => event[attributes]).length;
};

describe('a workflow thread', () => {
  it.each(['loopForEver', 'awaitForEver', 'matchForEver'])(
    'fails the workflow task of %s, and continues with the other workflows',
    async (endless) => {
      const start = await setup(false);
      const cached = await start('waitForGo');
      await isCached(cached);
      const looping = await start(endless);
      await expect
        .poll(() => countOf(looping, 'workflowTaskFailedEventAttributes'), { timeout: 20_000 })
        .toBeGreaterThan(0);
      await looping.terminate('it loops for ever');

      await cached.signal(go);
      expect(await cached.result()).toBe('gone');
      expect(await countOf(cached, 'workflowTaskFailedEventAttributes')).toBe(0);
      const later = await start('waitForGo');
      await later.signal(go);
      expect(await later.result()).toBe('gone');

      expect(printed.join('')).toContain('workflow code exceeded its time limit; interrupting it');
      expect(printed.join('')).not.toContain('Script execution timed out');
      const failures = printed.filter((line) => line.includes('Failed to process Workflow Activation'));
      expect(failures.join('')).toContain(looping.workflowId);
      expect(failures.join('')).not.toContain(cached.workflowId);
    },
  );

  it('rejects the query for the call stack by default', async () => {
    const start = await setup(false);
    const handle = await start('waitForGo');
    await isCached(handle);
    // Failures are encrypted, so the client does not show the reason: "stack traces are not enabled on this worker".
    await expect(handle.query('__stack_trace')).rejects.toThrow('Encoded failure');
    await handle.terminate();
  });

  it('answers the query for the call stack when the setting is on', async () => {
    const start = await setup(true);
    const handle = await start('waitForGo');
    await isCached(handle);
    expect(await handle.query('__stack_trace')).toMatch(/waitForGo .*endless\.ts/);
    await handle.terminate();
  });
});
