/** Chooses the task queue of an activity. Each provider has its own queue. */
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

/**
 * Returns the name of the task queue. Tests append a suffix to every queue name; the workflow takes the suffix from the
 * queue on which it runs itself.
 */
export const taskQueue = (queue: TaskQueue): string =>
  `${queue}${workflowInfo().taskQueue.slice(workflowTaskQueue.length)}`;

/** Returns the task queue of a calendar provider. */
export const queueOfCalendar = (provider: CalendarProviderName): TaskQueue =>
  catalog[calendarVendors[provider].vendor].taskQueue.name;

/** Returns the task queue of a meeting provider. */
export const queueOfMeeting = (provider: MeetingProviderName): TaskQueue =>
  catalog[meetingVendors[provider].vendor].taskQueue.name;

/** Returns the task queue of the provider that delivers the channel's messages. */
export const queueOfChannel = (channel: Channel): TaskQueue =>
  catalog[channelVendors[channel].vendor].taskQueue.name;
