/**
 * The internal steps: quick, hardly ever failing, so local activities. A local activity retries inside the workflow
 * task; a database that is down longer than that is waited for by an ordinary activity instead.
 *
 * One at a time. Two local activities side by side end in the order of the clock when they first run, and in the order
 * of their start when they are replayed, so that code behind them can diverge from its own history
 * (https://github.com/temporalio/sdk-python/issues/1578; measured here with SDK 1.24). For the same reason they are
 * out of cancellation's reach (https://github.com/temporalio/sdk-rust/issues/803): they take milliseconds, and whoever
 * was cancelled learns it at the next await.
 */
import {
  CancellationScope,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { BookingActivities } from '../../activities/contract.ts';
import { taskQueue } from './task-queues.ts';

export type Booking = Pick<BookingActivities, 'holdSlot' | 'confirmHold' | 'releaseHolds'>;

const quickly = proxyLocalActivities<BookingActivities>({
  startToCloseTimeout: '2 seconds',
  scheduleToCloseTimeout: '4 seconds',
  retry: { initialInterval: '100 milliseconds', maximumAttempts: 3 },
});

const patiently = () =>
  proxyActivities<BookingActivities>({
    taskQueue: taskQueue('castmatch'),
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    summary: 'Waiting for our database',
  });

export const openBooking = (): Booking => {
  const inTurn = openTurns();

  const internally =
    <Input, Result>(
      local: (input: Input) => Promise<Result>,
      ordinary: (input: Input) => Promise<Result>,
    ): ((input: Input) => Promise<Result>) =>
    async (input) => {
      try {
        return await inTurn(() => CancellationScope.nonCancellable(() => local(input)));
      } catch (error) {
        if (isCancellation(error)) throw error;
        log.warn('an internal step failed as a local activity; it goes on as an ordinary one');
        return ordinary(input);
      }
    };

  return {
    holdSlot: internally(quickly.holdSlot, (input) => patiently().holdSlot(input)),
    confirmHold: internally(quickly.confirmHold, (input) => patiently().confirmHold(input)),
    releaseHolds: internally(quickly.releaseHolds, (input) => patiently().releaseHolds(input)),
  };
};

/** Each piece of work begins when the one before it is over, however that ended. */
const openTurns = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work, work);
    last = turn;
    return turn;
  };
};
