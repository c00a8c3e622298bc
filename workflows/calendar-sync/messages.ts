/**
 * Signals of the calendar synchronisation. The workflow does not exist yet. Events for a connection without a running
 * synchronisation are parked in the inbox and can be replayed.
 */
import { defineSignal } from '@temporalio/workflow';

export interface CalendarNotification {
  /** The id in the inbox. Signals are delivered at least once; the workflow must apply each id once. */
  readonly inboxId: string;
  readonly calendarId: string;
  /** `changed` and `missed`: read the calendar. The others: renew or recreate its subscription. */
  readonly what: 'changed' | 'reauthorization_required' | 'removed' | 'missed';
  readonly subscription?: string | undefined;
}
export const calendarNewsSignal = defineSignal<[CalendarNotification]>('calendarNews');
