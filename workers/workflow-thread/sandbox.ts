/**
 * Removes two costs from the SDK's workflow sandbox, together two thirds of the CPU time of a replay (decision 32). Both
 * are internals of the SDK, so a new version of the SDK must be checked against `sandbox.integration.test.ts`.
 */
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { GlobalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

const setPromiseHook = 'setPromiseHook';

let isDisabled = false;

/**
 * Changes the sandboxes that the current thread creates from now on. Can be called repeatedly.
 *
 * - The SDK captures a call stack for every promise, only for the query `__stack_trace`
 *   (https://github.com/temporalio/sdk-typescript/issues/1587). The query fails instead, and says that the stacks are
 *   not enabled.
 * - The SDK runs each call into the sandbox with a timeout. Node starts and joins an operating-system thread for each
 *   such call (https://github.com/nodejs/node/pull/47739), and an activation makes several calls. `watchdog.ts` limits
 *   the time instead.
 *
 * @throws {Error} when the SDK no longer has the method that sets the promise hook
 */
export const disableCallStacksAndTimeouts = (): void => {
  if (isDisabled) return;
  if (typeof Reflect.get(GlobalHandlers.prototype, setPromiseHook) !== 'function') {
    throw new Error(
      'this version of @temporalio/worker sets its promise hook elsewhere: update workers/workflow-thread/sandbox.ts, or set WORKFLOW_CALL_STACKS=true',
    );
  }
  Reflect.set(GlobalHandlers.prototype, setPromiseHook, () => {});

  const create = ReusableVMWorkflowCreator.create.bind(ReusableVMWorkflowCreator);
  const createWithoutTimeout = (bundle: unknown, _timeoutMs: unknown, ...rest: readonly unknown[]): unknown =>
    Reflect.apply(create, undefined, [bundle, undefined, ...rest]);
  Reflect.set(ReusableVMWorkflowCreator, 'create', createWithoutTimeout);
  isDisabled = true;
};
