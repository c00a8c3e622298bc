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
import { minute, second } from '../../domain/time/units.ts';
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
import { createRereadings, type Rereadings } from './rereadings.ts';

/** Notifications of one change arrive together. A person who waits for the effect of a change does not notice it. */
const debounceMs = 500;
/** After a failure that outlasts the retries of a round. */
const failurePauseMs = 5 * minute;
/** Many synchronisations can begin together. Their polls must not stay together. */
const pollJitter = 0.2;
/** A subscription that cannot be replaced must not lead to one round after the other. */
const shortestPauseMs = 1 * minute;

/** A calendar that must be read again must not lead to one round after the other. */
const shortestRereadingMs = 1 * second;

/** Runs until no open audition uses the calendars of the connection, or its account is disconnected. */
export async function calendarSync(input: CalendarSyncInput): Promise<CalendarSyncResult> {
  const news = createNews();
  const requests = createReconciliationRequests();
  const rereadings = createRereadings();
  let view: CalendarSyncView = { status: 'starting', calendars: [], rounds: input.carried?.rounds ?? 0 };
  setHandler(calendarNewsSignal, (notification) => news.add(notification));
  setHandler(calendarSyncQuery, () => view);
  setHandler(reconcileCalendarsUpdate, (request) => requests.add(request));
  for (;;) {
    const request = requests.next();
    const outcome = await runRound(input, { news, rereadings }, request.input);
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
    await waitForNext(outcome, { news, rereadings, requests });
  }
}

type RoundOutcome = SyncCalendarsResult | { readonly kind: 'failed' };

/** Runs a round. A failure that outlasts the retries ends it. What was stored stays, and the next round continues. */
const runRound = async (
  { organization, connection, provider }: CalendarSyncInput,
  { news, rereadings }: { readonly news: News; readonly rereadings: Rereadings },
  reconciliation: Pick<SyncCalendarsInput, 'reconcile'>,
): Promise<RoundOutcome> => {
  const due = rereadings.take();
  const isOnlyDue = due.length > 0 && news.isEmpty;
  const changed = news.take();
  // A reconciliation reads all calendars.
  const isAboutAll = reconciliation.reconcile !== undefined || rereadings.isAllDue;
  const only = isAboutAll ? undefined : isOnlyDue ? [] : changed.only;
  const again = only && due.length > 0 ? due : undefined;
  const { lostSubscriptions } = changed;
  const { syncCalendars } = proxyActivities<CalendarSyncActivities>({
    taskQueue: taskQueue(queueOfCalendar(provider)),
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: '10 minutes',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    priority: { fairnessKey: organization },
    summary: only
      ? `Read ${new Set([...only, ...due]).size} changed calendars`
      : `Read the calendars of ${connection}`,
  });
  const correlationId = workflowInfo().runId;
  const outcome = await roundOf(() =>
    syncCalendars({
      organization,
      connection,
      provider,
      correlationId,
      ...reconciliation,
      ...(only ? { only } : {}),
      ...(again ? { again } : {}),
      ...(lostSubscriptions.length > 0 ? { lostSubscriptions } : {}),
    }),
  );
  rereadings.note({ only }, outcome);
  return outcome;
};

const roundOf = async (round: () => Promise<SyncCalendarsResult>): Promise<RoundOutcome> => {
  try {
    return await round();
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { kind: 'failed' };
  }
};

/**
 * Waits for a notification, for the next poll, for a calendar that must be read again, or for the time at which a subscription must
 * be replaced.
 */
const waitForNext = async (
  outcome: RoundOutcome,
  {
    news,
    rereadings,
    requests,
  }: {
    readonly news: News;
    readonly rereadings: Pick<Rereadings, 'nextAt'>;
    readonly requests: Pick<ReconciliationRequests, 'isEmpty'>;
  },
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
      const wasNotified = await condition(
        () => !news.isEmpty || !requests.isEmpty,
        untilNextReading(outcome, rereadings),
        {
          summary: 'Until the calendars are read without a notification',
        },
      );
      if (wasNotified && requests.isEmpty) await sleep(debounceMs, { summary: 'Collect notifications' });
    }
  }
};

const untilNextReading = (
  outcome: Extract<RoundOutcome, { kind: 'synced' }>,
  { nextAt }: Pick<Rereadings, 'nextAt'>,
): number => {
  const poll = untilPoll(outcome);
  return nextAt === undefined ? poll : Math.min(poll, Math.max(nextAt - Date.now(), shortestRereadingMs));
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
        status: outcome.isFailing ? 'failing' : outcome.isMore ? 'listing' : 'in_sync',
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
