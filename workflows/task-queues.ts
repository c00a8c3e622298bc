/** Where activities run: one queue per outside service, in the same surroundings as this workflow's own queue. */
import { workflowInfo } from '@temporalio/workflow';
import { type TaskQueue, workflowTaskQueue } from '../activities/contract.ts';
import type { Channel } from '../domain/audition/request.ts';
import {
  type CalendarProviderName,
  calendarVendors,
  channelVendors,
  type MeetingProviderName,
  meetingVendors,
} from '../domain/providers/vendors.ts';
import { catalog } from '../providers/catalog.ts';

/** Tests append a suffix to every queue's name; the workflow takes it from the queue that it runs on. */
export const taskQueue = (queue: TaskQueue): string =>
  `${queue}${workflowInfo().taskQueue.slice(workflowTaskQueue.length)}`;

export const queueOfCalendar = (provider: CalendarProviderName): TaskQueue =>
  catalog[calendarVendors[provider].vendor].taskQueue.name;

export const queueOfMeeting = (provider: MeetingProviderName): TaskQueue =>
  catalog[meetingVendors[provider].vendor].taskQueue.name;

export const queueOfChannel = (channel: Channel): TaskQueue =>
  catalog[channelVendors[channel].vendor].taskQueue.name;
