/** Makes the SDK start the workflow threads of this service (`entry.ts`) in place of its own. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire, type ResolveHookSync, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { setEnvironmentData } from 'node:worker_threads';
import { progressKey } from './progress.ts';
import type { Watchdog } from './watchdog.ts';

const { resolve } = createRequire(import.meta.url);
const sdkEntry = pathToFileURL(resolve('@temporalio/worker/lib/workflow/workflow-worker-thread.js')).href;
const ownEntry = new URL('./entry.ts', import.meta.url).href;

interface Creation {
  readonly watchdog: Watchdog;
  threads: number;
}

/** Limits the hook to the workers that are created by `withOwnThreads`, since other code can create workers as well. */
const creations = new AsyncLocalStorage<Creation>();

/** The SDK resolves the path of its entry directly before it starts the thread, which copies the environment data. */
const resolveEntry: ResolveHookSync = (specifier, context, nextResolve) => {
  const resolved = nextResolve(specifier, context);
  const creation = creations.getStore();
  if (creation === undefined || resolved.url !== sdkEntry) return resolved;
  creation.threads += 1;
  setEnvironmentData(progressKey, creation.watchdog.watch());
  return { url: ownEntry, shortCircuit: true };
};

/**
 * Creates a worker whose workflow threads run `entry.ts` and are watched.
 *
 * @throws {Error} when the SDK has started no such thread: before Node 24.15, hooks do not apply to `require.resolve`,
 * and with `TEMPORAL_DEBUG` the SDK starts no thread.
 */
export const withOwnThreads = async <Worker>(
  watchdog: Watchdog,
  createWorker: () => Promise<Worker>,
): Promise<Worker> => {
  const creation: Creation = { watchdog, threads: 0 };
  const hooks = registerHooks({ resolve: resolveEntry });
  try {
    const worker = await creations.run(creation, createWorker);
    if (creation.threads > 0) return worker;
  } finally {
    hooks.deregister();
  }
  throw new Error(
    'the worker does not use the workflow threads of this service: use the Node version of package.json, unset TEMPORAL_DEBUG, or set WORKFLOW_CALL_STACKS=true',
  );
};
