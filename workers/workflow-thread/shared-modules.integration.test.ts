/** Tests that the auditions in the cache share the modules of the workflow code (decision 89). */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TypedSearchAttributes } from '@temporalio/common';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import type { WorkflowCreateOptions } from '@temporalio/workflow/lib/interfaces.js';
import { createUnsafeRandomSource } from '@temporalio/workflow/lib/random-helpers.js';
import { expect, it } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { bundleWorkflows } from '../workflow-code.ts';
import { disableCallStacksAndTimeouts } from './sandbox.ts';

/** Node has no other function that collects garbage. */
const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') throw new Error('V8 does not expose its garbage collector');
  Reflect.apply(collect, undefined, []);
};

const workflowOf = (n: number): WorkflowCreateOptions => ({
  info: {
    workflowId: `audition/${n}`,
    runId: `run-${n}`,
    firstExecutionRunId: `run-${n}`,
    originalExecutionRunId: `run-${n}`,
    workflowType: 'audition',
    taskQueue: 'castmatch',
    namespace: 'default',
    searchAttributes: {},
    typedSearchAttributes: new TypedSearchAttributes(),
    historyLength: 3,
    historySize: 300,
    continueAsNewSuggested: false,
    targetWorkerDeploymentVersionChanged: false,
    startTime: new Date(0),
    runStartTime: new Date(0),
    taskTimeoutMs: 10_000,
    attempt: 1,
    unsafe: {
      now: () => 0,
      random: createUnsafeRandomSource(Math.random),
      isReplaying: false,
      isReplayingHistoryEvents: false,
    },
  },
  randomnessSeed: [1, 2, 3, 4],
  now: 0,
  showStackTraceSources: false,
});

it('a new audition in the cache takes less memory than a copy of the workflow code', async () => {
  disableCallStacksAndTimeouts();
  const { code } = await bundleWorkflows(createLogger({ level: 'silent', process: 'test' }));
  const sandbox = await ReusableVMWorkflowCreator.create(parseWorkflowCode(code), 5_000, new Set());
  const workflows: { dispose(): Promise<void> }[] = [];
  const createWorkflows = async (count: number): Promise<number> => {
    for (let n = 0; n < count; n += 1) {
      workflows.push(await sandbox.createWorkflow(workflowOf(workflows.length)));
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };

  const warm = await createWorkflows(50);
  const kilobytes = ((await createWorkflows(200)) - warm) / 200 / 1024;
  for (const workflow of workflows) await workflow.dispose();
  await sandbox.destroy();

  // 11 kB with shared modules, 210 kB without, and 1,940 kB with zod and luxon in the workflow code.
  expect(kilobytes).toBeLessThan(40);
});
