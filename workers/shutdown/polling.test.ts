import type { CustomSlotSupplier, SlotInfo, SlotPermit, SlotSupplier } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createPolling } from './polling.ts';

const setup = () => {
  const polling = createPolling({
    workflowTasks: 4,
    workflowPollers: { normal: 2, sticky: 2 },
    activities: 2,
  });
  const { tuner } = polling;
  if (!('workflowTaskSlotSupplier' in tuner)) throw new Error('the tuner has no slot suppliers');
  const workflowSlots = customSupplier(tuner.workflowTaskSlotSupplier);
  const poll = (isSticky: boolean) =>
    workflowSlots.reserveSlot(
      { slotType: 'workflow', taskQueue: 'castmatch', workerIdentity: '', workerBuildId: '', isSticky },
      new AbortController().signal,
    );
  return { polling, poll, release: (permit: SlotPermit) => workflowSlots.releaseSlot({ permit }) };
};

const customSupplier = <Info extends SlotInfo>(supplier: SlotSupplier<Info>): CustomSlotSupplier<Info> => {
  if (supplier.type !== 'custom') throw new Error('the slots are not custom');
  return supplier;
};

const never = new AbortController().signal;

describe('polling', () => {
  it('ends when the open polls have ended, the sticky ones at the server', async () => {
    const { polling, poll, release } = setup();
    const normal = await poll(false);
    const sticky = [await poll(true), await poll(true)];
    const unloaded: string[] = [];
    const ended = polling.end({
      timeout: never,
      stickyQueue: {
        remember: () => {},
        findName: async () => 'sticky-1',
        unload: async (name) => {
          unloaded.push(name);
          const permit = sticky.pop();
          if (permit) release(permit);
        },
      },
    });
    release(normal);
    expect(await ended).toBe(true);
    expect(unloaded).toEqual(['sticky-1', 'sticky-1']);
  });

  it('leaves the sticky polls open when the name of their queue is unknown', async () => {
    const { polling, poll } = setup();
    await poll(true);
    const stickyQueue = {
      remember: () => {},
      findName: async () => undefined,
      unload: () => Promise.reject(new Error('called')),
    };
    expect(await polling.end({ timeout: never, stickyQueue })).toBe(true);
    await poll(true);
  });

  it('reports polls that are open at the timeout', async () => {
    const { polling, poll } = setup();
    await poll(false);
    const timeout = AbortSignal.timeout(20);
    expect(await polling.end({ timeout, stickyQueue: undefined })).toBe(false);
  });

  it('fails when Temporal rejects a call about the sticky queue', async () => {
    const { polling } = setup();
    const stickyQueue = {
      remember: () => {},
      findName: () => Promise.reject(new Error('14 UNAVAILABLE')),
      unload: async () => {},
    };
    await expect(polling.end({ timeout: never, stickyQueue })).rejects.toThrow('UNAVAILABLE');
  });
});
