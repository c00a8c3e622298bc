/** Keeps the requests for a reconciliation until their rounds are done. One request is carried out at a time. */
import { condition } from '@temporalio/workflow';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../../activities/contract.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { earlierResultsHandled } from '../audition/earlier-results.ts';
import type {
  CalendarReconciliationRequest,
  CalendarReconciliationResult,
  CalendarSyncView,
} from './messages.ts';

interface Pending {
  readonly isDryRun: boolean;
  readonly requestedAt: Instant;
  readonly findings: CalendarFinding[];
  isBegun: boolean;
  result?: CalendarReconciliationResult;
}

export interface ReconciliationRequests {
  readonly isEmpty: boolean;
  /** Resolves when the request was carried out. */
  add(request: CalendarReconciliationRequest): Promise<CalendarReconciliationResult>;
  /** Returns what the next round does for the oldest request, and the function that takes its result. */
  next(): {
    readonly input: Pick<SyncCalendarsInput, 'reconcile'>;
    settle(
      outcome: SyncCalendarsResult | { readonly kind: 'failed' },
      status: CalendarSyncView['status'],
    ): void;
  };
  /** Answers all requests. */
  rejectAll(status: CalendarSyncView['status']): void;
}

/** Creates an empty collection. */
export const createReconciliationRequests = (): ReconciliationRequests => {
  let pending: readonly Pending[] = [];
  const answer = (request: Pending, result: CalendarReconciliationResult): void => {
    request.result = result;
    pending = pending.filter((other) => other !== request);
  };
  return {
    get isEmpty() {
      return pending.length === 0;
    },
    async add({ isDryRun }) {
      // The worker can deliver the result of a round together with the update.
      await earlierResultsHandled();
      const request: Pending = {
        isDryRun,
        requestedAt: toInstant(Date.now()),
        findings: [],
        isBegun: false,
      };
      pending = [...pending, request];
      await condition(() => request.result !== undefined);
      return request.result ?? { kind: 'not_reconciled', status: 'ended' };
    },
    next() {
      const [request] = pending;
      if (!request) return { input: {}, settle: () => {} };
      const { isDryRun, requestedAt, isBegun } = request;
      const input = { reconcile: { isDryRun, isFirst: !isBegun, requestedAt } };
      request.isBegun = true;
      return {
        input,
        settle: (outcome, status) => {
          if (outcome.kind !== 'synced') return answer(request, { kind: 'not_reconciled', status });
          request.findings.push(...(outcome.findings ?? []));
          if (!outcome.isReconciled) return;
          answer(request, {
            kind: 'reconciled',
            calendars: outcome.calendars,
            findings: request.findings,
          });
        },
      };
    },
    rejectAll(status) {
      for (const request of pending) answer(request, { kind: 'not_reconciled', status });
    },
  };
};
