import type { SlotPermit, WorkflowSlotInfo } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createSlots } from './slots.ts';

const context = (isSticky: boolean) => ({
  slotType: 'workflow' as const,
  taskQueue: 'castmatch',
  workerIdentity: 'worker-1',
  workerBuildId: '',
  isSticky,
});
const slotInfo: WorkflowSlotInfo = { type: 'workflow', workflowType: 'audition', isSticky: false };

const setup = (pollers = { normal: 2, sticky: 2 }, limit = 3) => {
  const slots = createSlots<WorkflowSlotInfo>({ limit, pollers, pollEndsWhen: 'task_ends' });
  const { supplier } = slots;
  return {
    ...slots,
    reserve: (isSticky = false, signal = new AbortController().signal) =>
      supplier.reserveSlot(context(isSticky), signal),
    tryReserve: (isSticky = false) => supplier.tryReserveSlot(context(isSticky)),
    start: (permit: SlotPermit) => supplier.markSlotUsed({ permit, slotInfo }),
    release: (permit: SlotPermit) => supplier.releaseSlot({ permit }),
  };
};

/** Returns whether the promise has resolved by now. */
const isResolved = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);

describe('slots', () => {
  it('reserve at most as many slots as the group has pollers', async () => {
    const { reserve, start } = setup();
    const first = await reserve();
    await reserve();
    const third = reserve();
    expect(await isResolved(third)).toBe(false);
    start(first);
    expect(await isResolved(third)).toBe(true);
  });

  it('reserve no more slots than the limit, and grant a released one to the longest waiting request', async () => {
    const { reserve, start, release } = setup();
    const tasks = [await reserve(), await reserve(true), await reserve()];
    tasks.forEach(start);
    const [first, second] = [reserve(true), reserve()];
    expect(await isResolved(first)).toBe(false);
    tasks.slice(0, 1).forEach(release);
    expect([await isResolved(first), await isResolved(second)]).toEqual([true, false]);
  });

  it('reserve none after they were closed, while the other group continues', async () => {
    const { normal, reserve, tryReserve } = setup();
    normal.close();
    expect([await isResolved(reserve()), tryReserve()]).toEqual([false, null]);
    expect(await isResolved(reserve(true))).toBe(true);
  });

  it('end when each open poll has ended without a task or its task has ended', async () => {
    const { normal, reserve, start, release } = setup();
    const [empty, withTask] = [await reserve(), await reserve()];
    normal.close();
    release(empty);
    start(withTask);
    expect([await isResolved(normal.ended), normal.hasOpenPolls()]).toEqual([false, false]);
    release(withTask);
    expect(await isResolved(normal.ended)).toBe(true);
  });

  it('end when the tasks start, if that ends their polls', async () => {
    const { normal, supplier } = createSlots<WorkflowSlotInfo>({ limit: 1, pollEndsWhen: 'task_starts' });
    const permit = await supplier.reserveSlot(context(false), new AbortController().signal);
    normal.close();
    expect(await isResolved(normal.ended)).toBe(false);
    supplier.markSlotUsed({ permit, slotInfo });
    expect(await isResolved(normal.ended)).toBe(true);
  });

  it('forget a request that the SDK aborts', async () => {
    const { reserve, release } = setup({ normal: 1, sticky: 1 });
    const held = await reserve();
    const abort = new AbortController();
    const aborted = reserve(false, abort.signal);
    abort.abort(new Error('no longer needed'));
    await expect(aborted).rejects.toThrow('no longer needed');
    release(held);
    expect(await isResolved(reserve())).toBe(true);
  });
});
