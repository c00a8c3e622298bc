/**
 * What a calendar's synchronisation is told from outside. The contract stands before the workflow: what is told while
 * nobody synchronises that connection is parked in the inbox, and can be replayed.
 */
import { defineSignal } from '@temporalio/workflow';

export interface CalendarNotification {
  /** Of the inbox: told at least once, to be applied once. */
  readonly inboxId: string;
  readonly calendarId: string;
  /** `changed` and `missed` say that it has to be read, the others that its subscription needs care. */
  readonly what: 'changed' | 'reauthorization_required' | 'removed' | 'missed';
  readonly subscription?: string | undefined;
}
export const calendarNewsSignal = defineSignal<[CalendarNotification]>('calendarNews');
