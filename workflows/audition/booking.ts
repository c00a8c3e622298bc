/**
 * The internal steps: quick, hardly ever failing, so local activities. A local activity retries inside the workflow
 * task; a database that is down longer than that is waited for by an ordinary activity instead.
 */
import { isCancellation, log, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BookingActivities } from '../../activities/contract.ts';
import { taskQueue } from './task-queues.ts';

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

const internally =
  <Input, Result>(
    local: (input: Input) => Promise<Result>,
    ordinary: (input: Input) => Promise<Result>,
  ): ((input: Input) => Promise<Result>) =>
  async (input) => {
    try {
      return await local(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('an internal step failed as a local activity; it goes on as an ordinary one');
      return ordinary(input);
    }
  };

export const holdSlot = internally(quickly.holdSlot, (input) => patiently().holdSlot(input));
export const confirmHold = internally(quickly.confirmHold, (input) => patiently().confirmHold(input));
export const releaseHolds = internally(quickly.releaseHolds, (input) => patiently().releaseHolds(input));
export const recordEvents = internally(quickly.recordEvents, (input) => patiently().recordEvents(input));
