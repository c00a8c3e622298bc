/**
 * Synchronizes the calendars of one connection, for years if need be. A round of one activity reads what has changed,
 * stores it and signals the auditions. The workflow decides when: after a notification, when a subscription must be
 * replaced, and at intervals, because notifications can be lost.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  CalendarSyncActivities,
  SyncCalendarsInput,
  SyncCalendarsResult,
} from '../../activities/contract.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { searchAttributes } from '../search-attributes.ts';
import { queueOfCalendar, taskQueue } from '../task-queues.ts';
import { describeSync } from './current-details.ts';
import {
  type CalendarSyncInput,
  type CalendarSyncResult,
  type CalendarSyncView,
  calendarNewsSignal,
  calendarSyncQuery,
  reconcileCalendarsUpdate,
} from './messages.ts';
import { createNews, type News } from './news.ts';
import { createReconciliationRequests, type ReconciliationRequests } from './reconciliation-requests.ts';

/** Notifications of one change arrive together. A person who waits for the effect of a change does not notice it. */
const debounceMs = 500;
/** After a failure that outlasts the retries of a round. */
const failurePauseMs = 5 * minute;
/** Many synchronisations can begin together. Their polls must not stay together. */
const pollJitter = 0.2;
/** A subscription that cannot be replaced must not lead to one round after the other. */
const shortestPauseMs = 1 * minute;

/** Runs until no open audition uses the calendars of the connection, or its account is disconnected. */
export async function calendarSync(input: CalendarSyncInput): Promise<CalendarSyncResult> {
  const news = createNews();
  const requests = createReconciliationRequests();
  let view: CalendarSyncView = { status: 'starting', calendars: [], rounds: input.carried?.rounds ?? 0 };
  setHandler(calendarNewsSignal, (notification) => news.add(notification));
  setHandler(calendarSyncQuery, () => view);
  setHandler(reconcileCalendarsUpdate, (request) => requests.add(request));
  for (;;) {
    const request = requests.next();
    const outcome = await runRound(input, news, request.input);
    view = viewAfter(view, outcome);
    publish(view);
    request.settle(outcome, view.status);
    if (outcome.kind === 'ended' && news.isEmpty) {
      requests.rejectAll(view.status);
      if (!allHandlersFinished()) await condition(allHandlersFinished);
      return outcome.reason;
    }
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) {
      // The next run begins with a round of all calendars, so pending notifications need not be carried.
      await continueAsNew<typeof calendarSync>({ ...input, carried: { rounds: view.rounds } });
    }
    await waitForNext(outcome, news, requests);
  }
}

type RoundOutcome = SyncCalendarsResult | { readonly kind: 'failed' };

/** Runs a round. A failure that outlasts the retries ends it. What was stored stays, and the next round continues. */
const runRound = async (
  { organization, connection, provider }: CalendarSyncInput,
  news: News,
  reconciliation: Pick<SyncCalendarsInput, 'reconcile'>,
): Promise<RoundOutcome> => {
  const changed = news.take();
  // A reconciliation reads all calendars.
  const only = reconciliation.reconcile ? undefined : changed.only;
  const { lostSubscriptions } = changed;
  const { syncCalendars } = proxyActivities<CalendarSyncActivities>({
    taskQueue: taskQueue(queueOfCalendar(provider)),
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: '10 minutes',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    priority: { fairnessKey: organization },
    summary: only ? `Read ${only.length} changed calendars` : `Read the calendars of ${connection}`,
  });
  const correlationId = workflowInfo().runId;
  try {
    return await syncCalendars({
      organization,
      connection,
      provider,
      correlationId,
      ...reconciliation,
      ...(only ? { only } : {}),
      ...(lostSubscriptions.length > 0 ? { lostSubscriptions } : {}),
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { kind: 'failed' };
  }
};

/** Waits for a notification, for the next poll, or for the time at which a subscription must be replaced. */
const waitForNext = async (
  outcome: RoundOutcome,
  news: News,
  requests: Pick<ReconciliationRequests, 'isEmpty'>,
): Promise<void> => {
  switch (outcome.kind) {
    case 'ended':
      return;
    case 'failed':
      await condition(() => news.isAboutAccount || !requests.isEmpty, failurePauseMs, {
        summary: 'Until the next attempt',
      });
      return;
    case 'needs_reauthorization':
      // Notifications of changes arrive in vain until then.
      await condition(() => news.isAboutAccount || !requests.isEmpty, outcome.nextPollMs, {
        summary: 'Until the account is checked',
      });
      return;
    case 'synced': {
      if (outcome.isMore) return;
      const wasNotified = await condition(() => !news.isEmpty || !requests.isEmpty, untilPoll(outcome), {
        summary: 'Until the calendars are read without a notification',
      });
      if (wasNotified && requests.isEmpty) await sleep(debounceMs, { summary: 'Collect notifications' });
    }
  }
};

const untilPoll = ({ nextPollMs, renewAt }: Extract<RoundOutcome, { kind: 'synced' }>): number => {
  const poll = nextPollMs * (1 - pollJitter * Math.random());
  const renewal = renewAt === undefined ? poll : Math.max(toEpochMs(renewAt) - Date.now(), shortestPauseMs);
  return Math.round(Math.min(poll, renewal));
};

const viewAfter = (view: CalendarSyncView, outcome: RoundOutcome): CalendarSyncView => {
  const rounds = view.rounds + 1;
  switch (outcome.kind) {
    case 'ended':
      return { ...view, rounds, status: 'ended' };
    case 'failed':
      return { ...view, rounds, status: 'failing' };
    case 'needs_reauthorization':
      return { ...view, rounds, status: 'needs_reauthorization' };
    case 'synced':
      return {
        rounds,
        status: outcome.isMore ? 'listing' : 'in_sync',
        calendars: outcome.calendars,
        syncedAt: toInstant(Date.now()),
        findings: outcome.findings ?? view.findings,
      };
  }
};

/** The search attribute is set only when the status changes: each update is a billed action. */
const publish = (view: CalendarSyncView): void => {
  setCurrentDetails(describeSync(view));
  const published = workflowInfo().typedSearchAttributes.get(searchAttributes.state);
  if (published !== view.status)
    upsertSearchAttributes([{ key: searchAttributes.state, value: view.status }]);
};
