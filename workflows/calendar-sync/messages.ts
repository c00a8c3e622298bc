/**
 * Input, signal and query of the calendar synchronisation. Each connection has one such workflow, as long as an open
 * audition uses its calendars.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type {
  CalendarSyncState,
  SyncCalendarsInput,
  SyncCalendarsResult,
} from '../../activities/contract.ts';
import type { Instant } from '../../domain/time/instant.ts';

export const calendarSyncWorkflowType = 'calendarSync';

export interface CalendarSyncInput
  extends Pick<SyncCalendarsInput, 'organization' | 'connection' | 'provider'> {
  /** Set when the workflow continues as new. */
  readonly carried?: { readonly rounds: number } | undefined;
}

/** Why the synchronisation has ended. It is started again when an audition uses a calendar of the connection. */
export type CalendarSyncResult = Extract<SyncCalendarsResult, { kind: 'ended' }>['reason'];

export interface CalendarNotification {
  /** The id in the inbox. A repeated notification costs one more reading of the calendar. */
  readonly inboxId?: string | undefined;
  /** The calendar as its subscription names it. Undefined: all calendars of the connection. */
  readonly calendarId?: string | undefined;
  /**
   * `changed` and `missed`: read the calendar. `reauthorization_required` and `removed`: replace its subscription.
   * `restored`: the account is connected again. `used`: an audition uses another calendar of the connection.
   */
  readonly what: 'changed' | 'reauthorization_required' | 'removed' | 'missed' | 'restored' | 'used';
  readonly subscription?: string | undefined;
}
export const calendarNewsSignal = defineSignal<[CalendarNotification]>('calendarNews');

export interface CalendarSyncView {
  readonly status: 'starting' | 'listing' | 'in_sync' | 'needs_reauthorization' | 'failing' | 'ended';
  readonly calendars: readonly CalendarSyncState[];
  /** How many rounds were run, in all runs of the workflow. */
  readonly rounds: number;
  readonly syncedAt?: Instant | undefined;
}
export const calendarSyncQuery = defineQuery<CalendarSyncView>('calendarSync');
