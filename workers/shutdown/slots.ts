/**
 * The task slots of a worker. The SDK reserves a slot before each poll, so closed slots end the polling of a worker that
 * still runs its tasks. https://typescript.temporal.io/api/interfaces/worker.CustomSlotSupplier
 */
import type { CustomSlotSupplier, SlotInfo, SlotPermit } from '@temporalio/worker';

/** The slots of the normal or of the sticky polls. */
export interface SlotGroup {
  /** Reserves no more slots. The reserved ones stay: their polls and tasks continue. */
  close(): void;
  /** Returns whether a poll is open, or may be started with a slot that is reserved already. */
  hasOpenPolls(): boolean;
  /** Resolves when the group is closed and all its polls have ended. */
  readonly ended: Promise<void>;
}

export interface Slots<Info extends SlotInfo> {
  readonly supplier: CustomSlotSupplier<Info>;
  readonly normal: SlotGroup;
  readonly sticky: SlotGroup;
}

interface SlotOptions {
  /** The maximum number of reserved slots: of tasks that run, and of open polls. */
  readonly limit: number;
  /**
   * The number of pollers of each group. The SDK reserves the slot of the next poll while all pollers are busy, and
   * starts that poll even when the group is closed. With as many slots as pollers, it has no such slot.
   */
  readonly pollers?: { readonly normal: number; readonly sticky: number };
  /** The moment at which a poll that received a task has ended: when the task starts, or when it ends. */
  readonly pollEndsWhen: 'task_starts' | 'task_ends';
}

interface Reservation {
  readonly group: Group;
  readonly grant: () => void;
}

/** Creates slots. Reservations that wait for a slot get one in the order of their requests. */
export const createSlots = <Info extends SlotInfo>(options: SlotOptions): Slots<Info> => {
  const { limit, pollers = { normal: limit, sticky: limit }, pollEndsWhen } = options;
  const normal = createGroup(pollers.normal);
  const sticky = createGroup(pollers.sticky);
  const waiting = new Set<Reservation>();
  let free = limit;

  const groupOf = ({ isSticky }: { readonly isSticky: boolean }) => (isSticky ? sticky : normal);
  const reserve = (group: Group): SlotPermit => {
    const permit = {};
    free -= 1;
    group.add(permit);
    return permit;
  };
  const grantNext = () => {
    const next = [...waiting].find(({ group }) => free > 0 && group.hasRoom());
    if (!next) return;
    waiting.delete(next);
    next.grant();
  };

  return {
    supplier: {
      type: 'custom',
      reserveSlot: (context, aborted) =>
        new Promise((resolve, reject) => {
          const group = groupOf(context);
          const reservation = { group, grant: () => resolve(reserve(group)) };
          aborted.addEventListener('abort', () => {
            waiting.delete(reservation);
            reject(aborted.reason);
          });
          waiting.add(reservation);
          grantNext();
        }),
      tryReserveSlot: (context) => {
        const group = groupOf(context);
        return free > 0 && group.hasRoom() ? reserve(group) : null;
      },
      markSlotUsed: ({ permit }) => {
        for (const group of [normal, sticky]) group.start(permit, pollEndsWhen === 'task_starts');
        grantNext();
      },
      releaseSlot: ({ permit }) => {
        for (const group of [normal, sticky]) group.remove(permit);
        free += 1;
        grantNext();
      },
    },
    normal,
    sticky,
  };
};

interface Group extends SlotGroup {
  /** Returns whether another slot can be reserved. */
  hasRoom(): boolean;
  add(permit: SlotPermit): void;
  /** The poll of the permit has received a task. */
  start(permit: SlotPermit, isPollEnded: boolean): void;
  remove(permit: SlotPermit): void;
}

const createGroup = (pollers: number): Group => {
  const polls = new Set<SlotPermit>();
  const tasks = new Set<SlotPermit>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let isClosed = false;
  const endIfOver = () => {
    if (isClosed && polls.size + tasks.size === 0) end();
  };
  return {
    hasRoom: () => !isClosed && polls.size < pollers,
    add: (permit) => polls.add(permit),
    start: (permit, isPollEnded) => {
      if (polls.delete(permit) && !isPollEnded) tasks.add(permit);
      endIfOver();
    },
    remove: (permit) => {
      polls.delete(permit);
      tasks.delete(permit);
      endIfOver();
    },
    close: () => {
      isClosed = true;
      endIfOver();
    },
    hasOpenPolls: () => polls.size > 0,
    ended,
  };
};
