/**
 * Input, signal and query of the calendar synchronisation. Each connection has one such workflow, as long as an open
 * audition uses its calendars.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  CalendarSyncState,
  SyncCalendarsInput,
  SyncCalendarsResult,
} from '../../activities/contract.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
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
   * `restored`: the account is connected again. `disconnected`: it was disconnected. `used`: an audition uses another calendar
   * of the connection.
   */
  readonly what:
    | 'changed'
    | 'reauthorization_required'
    | 'removed'
    | 'missed'
    | 'restored'
    | 'disconnected'
    | 'used';
  readonly subscription?: string | undefined;
}
export const calendarNewsSignal = defineSignal<[CalendarNotification]>('calendarNews');

export interface CalendarSyncView {
  readonly status: 'starting' | 'listing' | 'in_sync' | 'needs_reauthorization' | 'failing' | 'ended';
  readonly calendars: readonly CalendarSyncState[];
  /** How many rounds were run, in all runs of the workflow. */
  readonly rounds: number;
  readonly syncedAt?: Instant | undefined;
  /** What the last reconciliation that has found something has found. */
  readonly findings?: readonly CalendarFinding[] | undefined;
}
export const calendarSyncQuery = defineQuery<CalendarSyncView>('calendarSync');

export interface CalendarReconciliationRequest {
  /** Only finds and reports. The calendars are listed, and nothing in them is changed. */
  readonly isDryRun: boolean;
}

export type CalendarReconciliationResult =
  | {
      readonly kind: 'reconciled';
      readonly calendars: readonly CalendarSyncState[];
      readonly findings: readonly CalendarFinding[];
    }
  /** The calendars could not be read, or are not used any more. */
  | { readonly kind: 'not_reconciled'; readonly status: CalendarSyncView['status'] };

/** Lists all events of the calendars and compares them. Answers when that is done. */
export const reconcileCalendarsUpdate = defineUpdate<
  CalendarReconciliationResult,
  [CalendarReconciliationRequest]
>('reconcileCalendars');
