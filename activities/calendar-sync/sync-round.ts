/** What the parts of a round need: the account, the vendor, and a deadline for its pages. */
import { cancellationSignal } from '@temporalio/activity';
import type { Connection } from '../../db/connections/repository.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import type { CalendarChanges, CallContext, ConnectedAccount } from '../../providers/ports.ts';
import type { SyncCalendarsInput } from '../contract.ts';
import type { Unread } from './reading-order.ts';

export interface SyncRound {
  readonly input: SyncCalendarsInput;
  readonly connection: Connection;
  readonly account: ConnectedAccount;
  readonly provider: CalendarChanges;
  /** Whether all calendars are read, whatever the notifications were about. */
  readonly isPoll: boolean;
  /** What the reconciliation has found so far. */
  readonly findings: CalendarFinding[];
  /** The calendars in which a repair has failed for now. */
  readonly postponed: Set<string>;
  /** What a later round must read again. */
  readonly unread: Unread;
  /** No page is read after this time, epoch milliseconds. */
  readonly until: number;
}

const callDeadlineMs = 10_000;

/** Starts the deadline of one call, by default of ten seconds. A cancellation of the activity aborts it. */
export const startCall = (
  { input: { organization, correlationId } }: SyncRound,
  deadlineMs = callDeadlineMs,
): CallContext => ({
  organization,
  correlationId,
  signal: AbortSignal.any([cancellationSignal(), AbortSignal.timeout(deadlineMs)]),
});
