/**
 * The entry of the threads that run workflow code. It takes the place of the SDK's entry, which it loads. It makes the
 * sandbox cheaper (`sandbox.ts`), and reports the progress of the thread to the watchdog (`watchdog.ts`).
 */
import { createRequire } from 'node:module';
import { getEnvironmentData, parentPort, threadId } from 'node:worker_threads';
import type { WorkerThreadRequest } from '@temporalio/worker/lib/workflow/workflow-worker-thread/input.js';
import type { WorkerThreadResponse } from '@temporalio/worker/lib/workflow/workflow-worker-thread/output.js';
import { claimProgress, countStep, progressKey } from './progress.ts';
import { disableCallStacksAndTimeouts } from './sandbox.ts';

/** Milliseconds until an idle thread notices that the watchdog interrupted it. */
const checkIntervalMs = 100;

const port = parentPort;
const progress = getEnvironmentData(progressKey);
if (port === null || !(progress instanceof Int32Array))
  throw new Error('workers/workflow-thread/entry.ts must be started by threads.ts');

let current: WorkerThreadRequest | undefined;

const begin = (request: WorkerThreadRequest): void => {
  answerInterrupted();
  current = request;
  countStep(progress);
};

const end = (): void => {
  current = undefined;
  countStep(progress);
};

/**
 * Answers the request that the watchdog interrupted. The interruption removes the SDK's whole call stack, so nothing
 * else answers. The SDK then fails the workflow task. The thread and its other workflows continue.
 */
const answerInterrupted = (): void => {
  if (current === undefined) return;
  const message = 'workflow code ran for too long without waiting, and was interrupted';
  port.postMessage({
    requestId: current.requestId,
    result: { type: 'error', name: 'Error', message, stack: message },
  } satisfies WorkerThreadResponse);
  end();
};

claimProgress(progress, threadId);
disableCallStacksAndTimeouts();
// The listeners of a message run one after another. The SDK's listener calls all workflow code before it first waits,
// so `end` runs when the thread has left the workflow code.
port.on('message', begin);
createRequire(import.meta.url)('@temporalio/worker/lib/workflow/workflow-worker-thread.js');
port.on('message', end);
setInterval(answerInterrupted, checkIntervalMs).unref();
