/** Where activities run: one queue per outside service, in the same surroundings as this workflow's own queue. */
import { workflowInfo } from '@temporalio/workflow';
import type { TaskQueue } from '../activities/contract.ts';
import type { CalendarProviderName, Channel, MeetingProviderName } from '../domain/audition/request.ts';

const own = 'castmatch' satisfies TaskQueue;

/** Tests append a suffix to every queue's name; the workflow takes it from the queue that it runs on. */
export const taskQueue = (queue: TaskQueue): string =>
  `${queue}${workflowInfo().taskQueue.slice(own.length)}`;

export const queueOfCalendar: Readonly<Record<CalendarProviderName, TaskQueue>> = { google: 'google' };

export const queueOfMeeting: Readonly<Record<MeetingProviderName, TaskQueue>> = {
  zoom: 'zoom',
  google_meet: 'google',
};

export const queueOfChannel: Readonly<Record<Channel, TaskQueue>> = { email: 'email', sms: 'sms' };
