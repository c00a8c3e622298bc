/**
 * Measures the cost of Temporal alone, with 13 activities that do nothing. It has no state, messages or search
 * attributes. The groups and queues are those that the scheduling of an audition had on 2026-11-29. They stay as they
 * are when the audition changes, so that each step that the audition saves shows in the ratio. For the same reason the
 * file imports nothing from the contract of the activities.
 */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';

type NoOp =
  | 'findBusy'
  | 'holdSlot'
  | 'recordEvents'
  | 'createMeeting'
  | 'writeEvent'
  | 'confirmHold'
  | 'sendNotice';

type NoOps = Readonly<Record<NoOp, (input?: typeof noEvents) => Promise<unknown>>>;

type Queue = 'castmatch' | 'google' | 'zoom' | 'email' | 'sms';

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

const on = (queue: Queue) =>
  proxyActivities<NoOps>({ taskQueue: `${queue}${suffix()}`, startToCloseTimeout: '15 seconds' });

const suffix = (): string => workflowInfo().taskQueue.slice('castmatch'.length);
