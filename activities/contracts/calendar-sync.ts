/** Calendar synchronisation. The queue of the calendars' provider. */
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import type { ReconciliationRound } from '../../domain/calendars/reconciliation-round.ts';
import type { SyncState } from '../../domain/calendars/sync-state.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { CalendarProviderName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';

export interface SyncCalendarsInput {
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly provider: CalendarProviderName;
  readonly correlationId: string;
  /** The calendars to read, as notifications name them. Undefined: all calendars of the connection. */
  readonly only?: readonly string[] | undefined;
  /** Calendars to read besides: what an earlier round has returned as `again`, by their keys. */
  readonly again?: readonly string[] | undefined;
  /** Subscriptions that the vendor has ended or is about to end. */
  readonly lostSubscriptions?: readonly string[] | undefined;
  /** Lists all events and compares them with what this service believes. The rounds after the first one continue. */
  readonly reconcile?: ReconciliationRound | undefined;
}

/** The state of one calendar. `calendar` is a hash: the calendar's id can be an email address. */
export interface CalendarSyncState {
  readonly calendar: string;
  readonly state: SyncState;
  readonly listedCount: number;
  readonly error?: string | undefined;
  /** With the error `unreadable_answer`: the names of the fields that cannot be read. */
  readonly unreadableFields?: string | undefined;
  readonly pushError?: string | undefined;
}

/** A calendar that was not read, or not to its end. */
export interface CalendarToReadAgain {
  readonly calendar: string;
  /** When it must be tried again, in milliseconds from now. */
  readonly afterMs: number;
}

export type SyncCalendarsResult =
  /** No open audition uses the calendars, the account is disconnected, or the synchronisation is switched off. */
  | { readonly kind: 'ended'; readonly reason: 'unused' | 'disconnected' | 'disabled' }
  /** The owner must connect the account again. */
  | { readonly kind: 'needs_reauthorization'; readonly nextPollMs: number }
  | {
      readonly kind: 'synced';
      readonly calendars: readonly CalendarSyncState[];
      /** Whether there is more to read now. */
      readonly isMore: boolean;
      readonly nextPollMs: number;
      /**
       * What must be read again before the next poll, while the other calendars follow their notifications: calendars that have failed
       * for now, and those that were not read to their end, or not at all, because the time of the round was over. Absent: none.
       */
      readonly again?: readonly CalendarToReadAgain[] | undefined;
      /** Whether a calendar has failed for ten minutes or longer. */
      readonly isFailing?: boolean | undefined;
      /** When a subscription must be replaced. */
      readonly renewAt?: Instant | undefined;
      /** What the reconciliation has found in this round. */
      readonly findings?: readonly CalendarFinding[] | undefined;
      /** Whether the requested reconciliation of all calendars is complete. */
      readonly isReconciled?: boolean | undefined;
    };

export interface CalendarSyncActivities {
  /**
   * Reads what has changed in the calendars of a connection, stores it, and signals the auditions whose events a person
   * has changed. Renews the subscriptions. Continues where an earlier attempt has stopped. A calendar that cannot be
   * read does not hinder the others.
   */
  syncCalendars(input: SyncCalendarsInput): Promise<SyncCalendarsResult>;
}
