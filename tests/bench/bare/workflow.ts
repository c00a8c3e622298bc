/**
 * Measures the cost of Temporal alone. The workflow runs as many activities as the scheduling of an audition, in the
 * same groups and on the same queues. It has no state, messages or search attributes.
 */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { AuditionActivities, TaskQueue } from '../../../activities/contract.ts';

interface NoOps extends Readonly<Record<keyof AuditionActivities, () => Promise<unknown>>> {
  /** The metrics of the worker read the input of this activity. */
  readonly recordEvents: (input?: typeof noEvents) => Promise<unknown>;
}

const noEvents = { events: [] };

export async function bare(): Promise<void> {
  await Promise.all([on('google').findBusy(), on('google').findBusy()]);
  await on('castmatch').holdSlot();
  const trail = on('castmatch').recordEvents(noEvents);
  await on('zoom').createMeeting();
  await Promise.all([on('google').writeEvent(), on('google').writeEvent()]);
  await on('castmatch').confirmHold();
  await Promise.all([
    on('email').sendNotice(),
    on('sms').sendNotice(),
    on('email').sendNotice(),
    on('email').sendNotice(),
  ]);
  await trail;
  await on('castmatch').recordEvents(noEvents);
}

const on = (queue: TaskQueue) =>
  proxyActivities<NoOps>({ taskQueue: `${queue}${suffix()}`, startToCloseTimeout: '15 seconds' });

const suffix = (): string => workflowInfo().taskQueue.slice('castmatch'.length);
