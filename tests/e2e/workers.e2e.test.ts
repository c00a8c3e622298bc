/** Tests the workers on a real Temporal server, with a small workflow. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client, Connection, WorkflowUpdateFailedError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AuditionActivities, type SendNoticeInput, taskQueues } from '../../activities/contract.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { vendorTaskQueues } from '../../providers/catalog.ts';
import { freeLoopbackAddress, readSdkMetrics } from '../../workers/health/sdk-metrics.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { installRuntime } from '../../workers/runtime.ts';
import { startWorkers } from '../../workers/worker.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { answer, type notice, whoAnswered } from '../fixtures/workflows/notice.ts';
import { auditionPlan, performer, slotIn } from '../harness/audition-plan.ts';
import { unexpectedActivities } from '../harness/unexpected-activities.ts';

const silent = createLogger({ level: 'silent', process: 'test' }, new Writable());
const masterKeys = [{ id: 'k1', key: randomBytes(32) }];
const workflowsPath = fileURLToPath(new URL('../fixtures/workflows/notice.ts', import.meta.url));

let connection: Connection;
let sdkMetricsAddress: string;
let client: Client;
beforeAll(async () => {
  sdkMetricsAddress = await freeLoopbackAddress();
  installRuntime(silent, sdkMetricsAddress);
  connection = await Connection.connect({ address: inject('temporalAddress') });
  client = new Client({
    connection,
    namespace: inject('temporalNamespace'),
    dataConverter: createDataConverter(masterKeys),
  });
});
afterAll(() => connection.close());

/** The local activity of the test workflow is not one of the service's activities. */
const withLocalActivity = (expected: Partial<AuditionActivities>) => ({
  ...unexpectedActivities(expected),
  confirmHold: async () => undefined,
});

const setup = async (expected: Partial<AuditionActivities>) => {
  const taskQueueSuffix = `-${randomUUID()}`;
  const metrics = createMetrics();
  const workers = await startWorkers({
    configuration: {
      temporal: { address: inject('temporalAddress'), namespace: inject('temporalNamespace') },
      masterKeys,
      taskQueueSuffix,
    },
    activities: withLocalActivity(expected),
    logger: silent,
    metrics,
    workflowCode: await bundleWorkflows(silent, { workflowsPath }),
  });
  const start = () =>
    client.workflow.start<typeof notice>('notice', {
      workflowId: `notice/${randomUUID()}`,
      taskQueue: `castmatch${taskQueueSuffix}`,
      args: [invitation],
      memo: { about: performer.name },
      staticSummary: `about ${performer.name}`,
    });
  return { workers, metrics, start, taskQueueSuffix };
};

const invitation: SendNoticeInput = {
  key: 'audition/aud_1:invitation:1',
  organization: 'org_test',
  auditionId: 'aud_1',
  correlationId: 'correlation-1',
  trail: { facts: [], number: 0 },
  channel: 'email',
  notice: 'invitation',
  recipient: performer,
  audition: {
    project: auditionPlan(0).project,
    role: auditionPlan(0).role,
    round: 'first',
    slot: slotIn(72, Date.now()),
    revision: 1,
  },
};

describe('startWorkers', () => {
  it('polls all task queues, and reports activity metrics', async () => {
    const { workers, metrics, start } = await setup({
      sendNotice: async () => ({ deliveryId: 'delivery-1' }),
    });
    const handle = await start();
    expect(await handle.executeUpdate(answer, { args: ['Ada'] })).toBe('thank you, Ada');
    expect(await handle.result()).toBe('delivery-1 Ada');
    expect(workers.notPolling()).toEqual([]);
    await expect(workers.checkTemporal()).resolves.toBeUndefined();
    expect(await readSdkMetrics(sdkMetricsAddress)).toMatch(
      /temporal_activity_execution_latency_seconds_count\{[^}]*activity_type="sendNotice"/,
    );
    await workers.shutdown();
    expect(await metrics.render()).toMatch(
      /castmatch_activity_duration_seconds_count\{activity="sendNotice",task_queue="email-[^"]+",outcome="completed",error_type=""\} 1/,
    );
  });

  it('sets the rate limit of each vendor queue on the server, for all workers together', async () => {
    const { workers, taskQueueSuffix } = await setup({});
    const rateOf = async (queue: string) => {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace: inject('temporalNamespace'),
        taskQueue: { name: `${queue}${taskQueueSuffix}` },
        taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      });
      return pollers?.[0]?.ratePerSecond;
    };
    for (const { name, perSecond } of vendorTaskQueues) {
      expect(perSecond).toBeGreaterThan(0);
      await expect.poll(() => rateOf(name), { timeout: 20_000 }).toBe(perSecond);
    }
    await workers.shutdown();
  });

  it('leaves no personal data readable on the server', async () => {
    const { workers, start } = await setup({
      sendNotice: async () => ({ deliveryId: 'sent to Ada Example' }),
    });
    const handle = await start();
    await expect(handle.executeUpdate(answer, { args: ['nobody'] })).rejects.toThrow(
      WorkflowUpdateFailedError,
    );
    await handle.executeUpdate(answer, { args: ['Ada'] });
    await handle.result();
    expect(await handle.query(whoAnswered)).toBe('Ada');
    await workers.shutdown();

    const { raw } = await handle.describe();
    const stored = [await handle.fetchHistory(), raw.workflowExecutionInfo, raw.executionConfig];
    const readable = everyByteOf(stored);
    expect(readable).toContain('unknown_participant');
    for (const secret of [performer.name, 'ada@example.com', '33612345678', 'Miranda', 'Paris', 'Ada']) {
      expect(readable).not.toContain(secret);
    }
  });

  it('finishes its running activity on shutdown, and starts no new one', async () => {
    const held = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const attempts: string[] = [];
    const { workers, start } = await setup({
      sendNotice: async ({ key }) => {
        attempts.push(key);
        held.resolve();
        // Shutdown must not cancel a running activity, even one that ends when it is cancelled.
        await Promise.race([finish.promise, Context.current().cancelled]);
        return { deliveryId: 'finished' };
      },
    });
    const handle = await start();
    await held.promise;
    const stopped = workers.shutdown();
    // All idle workers have stopped; a cancellation would have arrived by now.
    await expect
      .poll(() => workers.notPolling().filter((line) => line.includes('STOPPED')), { timeout: 20_000 })
      .toHaveLength(taskQueues.length - 1);
    finish.resolve();
    await stopped;
    await workers.run;

    const { events } = await handle.fetchHistory();
    const completed = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes);
    expect(completed).toHaveLength(1);
    expect(attempts).toEqual([invitation.key]);
    await handle.terminate('the test is over');
  });

  it('fails immediately when Temporal cannot be reached, and leaves no worker running', async () => {
    await expect(
      startWorkers({
        configuration: {
          temporal: { address: '127.0.0.1:1', namespace: 'default' },
          masterKeys,
          taskQueueSuffix: '',
        },
        activities: unexpectedActivities({}),
        logger: silent,
        metrics: createMetrics(),
        workflowCode: { code: '' },
      }),
    ).rejects.toThrow(/127\.0\.0\.1:1|connect/i);
  });
});

/** Returns every string and every byte of a value as text. */
const everyByteOf = (value: unknown): string => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${everyByteOf(inner)}`)
    .join('\n');
};
