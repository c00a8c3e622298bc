/**
 * Synchronizes the calendars of one connection: one round. All progress is in the database, so an attempt continues where
 * an earlier one stopped, and two attempts that overlap do no harm.
 */
import type { SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { ReadStoredNames } from '../../db/auditions/stored-names.ts';
import type { BusyCalendars } from '../../db/calendars/busy-calendars.ts';
import type { BusyTimes } from '../../db/calendars/busy-times.ts';
import type { ParticipantConflicts } from '../../db/calendars/participant-conflicts.ts';
import type { SyncedCalendar, SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { Connection, Connections } from '../../db/connections/repository.ts';
import type { WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { isCircuitOpen, isTransient, ProviderError, unreadableAnswer } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { hidesEvents, unreadableError } from '../../providers/hidden-times.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { Providers } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type {
  CalendarSyncActivities,
  CalendarSyncState,
  SyncCalendarsInput,
  SyncCalendarsResult,
} from '../contract.ts';
import { withHeartbeat } from '../effects/heartbeat.ts';
import { createAuditionFacts } from './audition-facts.ts';
import type { AuditionSignals } from './audition-signals.ts';
import { createBusyTimeReading, type HiddenCalendar, isHidden, triesEvents } from './busy-time-reading.ts';
import {
  type CalendarReconciliationDependencies,
  createCalendarReconciliation,
} from './calendar-reconciliation.ts';
import { type CalendarUsesDependencies, createCalendarUses } from './calendar-uses.ts';
import { createChangeReport } from './change-report.ts';
import { createLaterConflicts } from './later-conflicts.ts';
import { createListing } from './listing.ts';
import { inReadingOrder, lastingMs, retryOf, unreadResult } from './reading-order.ts';
import { createReconnection } from './reconnection.ts';
import { createSubscriptions } from './subscriptions.ts';
import type { SyncRound } from './sync-round.ts';
import type { Settled } from './unaccounted-events.ts';

export interface CalendarSyncDependencies
  extends Pick<CalendarReconciliationDependencies, 'reconciliationHours'> {
  readonly repositories: CalendarReconciliationDependencies['repositories'] & {
    readonly storedNames: ReadStoredNames;
    readonly connections: Pick<Connections, 'get'>;
    readonly ledger: CalendarUsesDependencies['ledger'];
    readonly people: CalendarUsesDependencies['people'];
    readonly events: Pick<EventStore, 'append' | 'read'>;
    readonly syncedCalendars: SyncedCalendars;
    readonly syncedEvents: SyncedEvents;
    readonly participantConflicts: ParticipantConflicts;
    readonly busyTimes: BusyTimes;
    readonly busyCalendars: Pick<BusyCalendars, 'findCalendarId'>;
    readonly holds: Pick<SlotHolds, 'findKnown'>;
    readonly watchSubscriptions: WatchSubscriptions;
  };
  readonly providers: Pick<Providers, 'calendars' | 'calendarChanges'>;
  readonly accessTokens: Pick<AccessTokens, 'forConnection'>;
  readonly signals: AuditionSignals;
  /** Logs and counts what the reconciliation finds. */
  readonly report: (finding: CalendarFinding & { readonly organization: OrganizationId }) => void;
  /** The base URL at which the providers' notifications reach the API, without a trailing slash. */
  readonly publicUrl: string;
  /** How often calendars are read without a notification. 0: they are not synchronized. */
  readonly pollMinutes: number;
  /** Limits the pages of one round, so that the workflow shows progress. */
  readonly roundMs?: number | undefined;
  /** The most events of one listing of a calendar. Smaller in tests. */
  readonly maxEvents?: number | undefined;
}

/**
 * How often calendars of vendors without notifications are read, at most. Each round is two billed actions (a timer and an
 * activity) and one request for each calendar. A casting office waits five minutes at most. In minutes.
 */
const unnotifiedPollMinutes = 5;

/** When the next poll falls due during a round. In milliseconds. */
const shortestPollMs = 1_000;

/** Nothing is written to a calendar that only counts as busy. */
const nothingReconciled: Settled = { findings: [], isComplete: true };

/** Bounds the result of a round. All findings are logged. */
const maxFindings = 200;

/**
 * Limits the time in which a round begins to read pages. Well below the timeout of the activity, two minutes: a page that begins
 * before takes at most 35 seconds more (`pageDeadlineMs`), and what follows it for the same calendar not much longer.
 */
const defaultRoundMs = 20_000;

/** Returns when all calendars must be read again, epoch milliseconds. Undefined: one of them was never read. */
const nextPollAt = (calendars: readonly SyncedCalendar[], pollMs: number): number | undefined => {
  const polls = calendars.flatMap(({ polledAt }) => (polledAt === undefined ? [] : [toEpochMs(polledAt)]));
  return polls.length === 0 ? undefined : Math.min(...polls) + pollMs;
};

/** Creates the activities. */
export const createCalendarSyncActivities = ({
  repositories,
  providers,
  accessTokens,
  signals,
  report: reportFinding,
  publicUrl,
  pollMinutes,
  reconciliationHours,
  roundMs = defaultRoundMs,
  maxEvents,
}: CalendarSyncDependencies): CalendarSyncActivities => {
  const { connections, syncedCalendars, syncedEvents, busyCalendars, watchSubscriptions } = repositories;
  const listing = createListing({ syncedCalendars, syncedEvents, maxEvents });
  const laterConflicts = createLaterConflicts({ ...repositories, signals });
  const busyTimeReading = createBusyTimeReading(repositories);
  const facts = createAuditionFacts(repositories.events);
  const changeReport = createChangeReport({ syncedEvents, laterConflicts, signals, facts });
  const { storedNames, ledger, people } = repositories;
  const uses = createCalendarUses({
    storedNames,
    ledger,
    people,
    connections,
    accessTokens,
    calendars: providers.calendars,
  });
  const reconciliation = createCalendarReconciliation({
    repositories,
    providers,
    reconciliationHours,
    uses,
    listing,
    facts,
  });
  const reconnection = createReconnection({
    syncedCalendars,
    syncedEvents,
    busyCalendars,
    watchSubscriptions,
    uses,
  });
  const subscriptions = createSubscriptions({ syncedCalendars, watchSubscriptions, publicUrl });
  const nextPollMs = pollMinutes * minute;
  const unnotifiedPollMs = Math.min(pollMinutes, unnotifiedPollMinutes) * minute;

  const read = async (round: SyncRound, calendar: SyncedCalendar): Promise<'more' | 'done'> => {
    const isDue = reconciliation.isDue(calendar, round);
    const listed = await listing.continueListing(
      round,
      isDue ? { ...calendar, progress: undefined } : calendar,
    );
    if (listed === 'more') return 'more';
    const { findings, isComplete, isPostponed } = calendar.isBusyOnly
      ? nothingReconciled
      : await reconciliation.reconcile(round, calendar);
    note(round, findings);
    if (isPostponed) round.postponed.add(calendar.calendar);
    // A dry run asks nothing. The next round does.
    if (!round.input.reconcile?.isDryRun)
      note(round, await changeReport.report(calendar, round.input.correlationId));
    return isComplete ? 'done' : 'more';
  };

  /** Keeps what was found for the result, and reports it. A person's change is no fault of this service. */
  const note = (round: SyncRound, findings: readonly CalendarFinding[]): void => {
    round.findings.push(...findings);
    if (round.input.reconcile?.isDryRun) return;
    const { organization } = round.input;
    for (const finding of findings)
      if (finding.repair !== 'asked') reportFinding({ organization, ...finding });
  };

  /**
   * Records why a calendar was not read. A fault that can end by itself concerns this calendar only: it is tried again, while the
   * others follow their notifications. Returns the error if it is unexpected, or if a person waits for the round.
   */
  const noteFailure = async (
    round: SyncRound,
    calendar: SyncedCalendar,
    error: unknown,
  ): Promise<unknown> => {
    if (!(error instanceof ProviderError)) return error;
    const { fault } = error;
    if (fault.kind === 'reconnect') throw error;
    const unreadable = unreadableFieldsIn(error, calendar);
    if (unreadable === undefined && !isTransient(fault)) {
      await syncedCalendars.markUnavailable(calendar, fault.kind);
      return undefined;
    }
    // A calendar whose server fails for long is a problem of the connection.
    const failingMs =
      unreadable === undefined
        ? await syncedCalendars.noteFault(calendar, fault.kind)
        : await syncedCalendars.noteUnreadableAnswer(calendar, unreadable);
    // The calls of the others have opened the circuit. The first call that it allows is that of the calendar that waits longest.
    if (isCircuitOpen(error)) await syncedCalendars.setTriedAt(calendar, calendar.triedAt);
    round.unread.failed.push(retryOf(calendar.calendar, fault, failingMs));
    // A gateway can answer for the vendor, for some minutes.
    const isUnreadable = unreadable !== undefined && failingMs >= lastingMs;
    if (isUnreadable) await syncedCalendars.markUnavailable(calendar, unreadableAnswer);
    return round.input.reconcile && !isUnreadable ? error : undefined;
  };

  /**
   * Reads the busy times of calendars whose events are not listed, and compares them with the slots. Returns the first error
   * that ends the round.
   */
  const readBusyTimes = async (round: SyncRound, calendars: readonly HiddenCalendar[]): Promise<unknown> => {
    const { hidden } = providers.calendars[round.input.provider];
    if (!hidden) return undefined;
    let failure: unknown;
    for await (const outcome of busyTimeReading.read(round, hidden, calendars)) {
      const { calendar, denial } = outcome;
      if (outcome.kind === 'postponed') {
        // It comes first in the next round, since it was not tried in this one.
        await syncedCalendars.setTriedAt(calendar, calendar.triedAt);
        round.unread.more.push(calendar.calendar);
        continue;
      }
      try {
        if (outcome.kind === 'failed') throw unreadableError(denial, outcome.error);
        if (!round.input.reconcile?.isDryRun) await laterConflicts.report(calendar);
      } catch (thrown) {
        failure ??= await noteFailure(round, calendar, thrown);
      }
    }
    return failure;
  };

  /**
   * Reads the calendars one after the other, then the busy times of those whose events the vendor does not list. A calendar that
   * fails for now, or for which the time is too short, is named in the result, and read again by a later round. An unexpected error
   * is thrown when all have been tried.
   */
  const readAll = async (round: SyncRound, calendars: readonly SyncedCalendar[]): Promise<void> => {
    const canReadBusyTimes = providers.calendars[round.input.provider].hidden !== undefined;
    const hidden: HiddenCalendar[] = [];
    const { unread } = round;
    let failure: unknown;
    let count = 0;
    for (const calendar of inReadingOrder(calendars)) {
      if (count > 0 && Date.now() >= round.until) {
        unread.more.push(calendar.calendar);
        continue;
      }
      count += 1;
      await syncedCalendars.setTriedAt(calendar, 'now');
      if (!isListed(round, calendar)) {
        hidden.push({ calendar });
        continue;
      }
      try {
        if ((await read(round, calendar)) === 'more') unread.more.push(calendar.calendar);
      } catch (error) {
        if (canReadBusyTimes && hidesEvents(error)) hidden.push({ calendar, denial: error });
        else failure ??= await noteFailure(round, calendar, error);
      }
    }
    failure ??= await readBusyTimes(round, hidden);
    if (failure !== undefined) throw failure;
  };

  const runRound = async (
    input: SyncCalendarsInput,
    connection: Connection,
  ): Promise<SyncCalendarsResult> => {
    const { organization } = input;
    const provider = providers.calendarChanges[input.provider];
    if (!provider) return { kind: 'ended', reason: 'disabled' };
    if (connection.status !== 'connected') return { kind: 'needs_reauthorization', nextPollMs };
    const dependencies = { connections, accessTokens };
    const account = await openConnectionById(dependencies, organization, input, 'calendar.listChanges');
    const opened = { input, connection, account, provider, until: Date.now() + roundMs };
    const unread = { more: [], failed: [] };
    const found = { findings: [], postponed: new Set<string>(), unread };
    const round: SyncRound = { ...opened, ...found, isPoll: input.only === undefined };
    const isRestored = await reconnection.restore(round);
    return readRound({ ...round, isPoll: round.isPoll || isRestored || (await isPollOverdue(round)) });
  };

  /** How often the calendars are read without a notification, in milliseconds. */
  const pollMsOf = ({ provider }: SyncRound, areLive: boolean): number =>
    areLive || provider.changesRarely ? nextPollMs : unnotifiedPollMs;

  /** Notifications about one calendar must not postpone the reading of the others. */
  const isPollOverdue = async (round: SyncRound): Promise<boolean> => {
    const calendars = await syncedCalendars.list(round.input.connection);
    const pollMs = pollMsOf(round, await subscriptions.areLive(round, calendars.filter(isWatched)));
    return (nextPollAt(calendars, pollMs) ?? Number.POSITIVE_INFINITY) <= Date.now();
  };

  const readRound = async (round: SyncRound): Promise<SyncCalendarsResult> => {
    const { connection: id, lostSubscriptions = [], reconcile } = round.input;
    const { isPoll } = round;
    const { only, again } = await presentNames(round.input);
    await syncedCalendars.markChecked(id, { isPoll });
    if (isPoll) await syncedCalendars.deleteOldEvents(id);
    const used = await removeUnused(round);
    if (used.length === 0) {
      const isStopped = await subscriptions.stop(round);
      return isStopped ? { kind: 'ended', reason: 'unused' } : toBeStopped(round);
    }
    const watched = used.filter(isWatched);
    const { renewAt, areLive, missed } = await subscriptions.ensure(round, watched, lostSubscriptions);
    // A notification of such a vendor does not tell which calendar has changed.
    const isAboutAll = only.length > 0 && round.provider.push?.ofOwnCalendars === true;
    await readAll(
      round,
      used.filter(
        (calendar) =>
          isPoll ||
          again.includes(calendar.calendar) ||
          missed.has(calendar.calendar) ||
          (isWatched(calendar) && (isAboutAll || only.includes(calendar.calendar))),
      ),
    );
    const unread = unreadResult(round.unread);
    const calendars = await syncedCalendars.list(id);
    const pollMs = pollMsOf(round, areLive);
    const pollAt = isPoll ? undefined : nextPollAt(calendars, pollMs);
    return {
      kind: 'synced',
      calendars: calendars.map(stateOf),
      ...unread,
      nextPollMs: pollAt === undefined ? pollMs : Math.max(pollAt - Date.now(), shortestPollMs),
      renewAt,
      ...(round.findings.length > 0 ? { findings: round.findings.slice(0, maxFindings) } : {}),
      ...(reconcile
        ? {
            isReconciled:
              !unread.isMore &&
              calendars.every((calendar) =>
                reconciliation.isDone(calendar, reconcile, round.postponed.has(calendar.calendar)),
              ),
          }
        : {}),
    };
  };

  /** Nothing is read any more. The next poll tries to end the subscriptions again. */
  const toBeStopped = ({ input: { reconcile } }: SyncRound): SyncCalendarsResult => ({
    kind: 'synced',
    calendars: [],
    isMore: false,
    nextPollMs,
    ...(reconcile ? { isReconciled: true } : {}),
  });

  /** A workflow or a webhook of an earlier version can name calendars as they were stored then. */
  const presentNames = async ({ only = [], again = [] }: SyncCalendarsInput) => {
    const names = await storedNames();
    return {
      only: only.map((name) => names.keyed(name)),
      again: again.map((name) => names.keyed(name)),
    };
  };

  const removeUnused = async (round: SyncRound): Promise<readonly SyncedCalendar[]> => {
    const used: SyncedCalendar[] = [];
    for (const calendar of await syncedCalendars.list(round.input.connection)) {
      // A dry run changes nothing. The next round removes the calendar.
      const isKept = calendar.isInUse || round.input.reconcile?.isDryRun === true;
      if (isKept || (await cleanUp(round, calendar)) === 'more') used.push(calendar);
      else if (!(await syncedCalendars.removeUnused(calendar))) used.push(calendar);
    }
    return used;
  };

  /** Looks once more for events of ours before the calendar is forgotten. A fault of the provider does not hinder that. */
  const cleanUp = async (round: SyncRound, calendar: SyncedCalendar): Promise<'more' | 'done'> => {
    try {
      if (!calendar.progress) return 'done';
      if (Date.now() >= round.until) return 'more';
      const listed = await listing.continueListing(round, calendar);
      if (listed === 'more') return 'more';
      if (calendar.isBusyOnly) return 'done';
      const { findings, isComplete } = await reconciliation.removeLeftovers(round, calendar);
      note(round, findings);
      if (!isComplete) return 'more';
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
    }
    return 'done';
  };

  const end = async (
    { connection }: SyncCalendarsInput,
    reason: 'disconnected' | 'disabled',
  ): Promise<SyncCalendarsResult> => {
    if (reason === 'disconnected') {
      await subscriptions.forget(connection);
      await syncedCalendars.suspend(connection);
    }
    return { kind: 'ended', reason };
  };

  return {
    syncCalendars: (input) =>
      withHeartbeat(async () => {
        if (pollMinutes === 0) return end(input, 'disabled');
        const connection = await connections.get(input.organization, input.connection);
        if (!connection || connection.status === 'disconnected') return end(input, 'disconnected');
        try {
          return await runRound(input, connection);
        } catch (error) {
          if (!(error instanceof ProviderError) || error.fault.kind !== 'reconnect') throw error;
          return { kind: 'needs_reauthorization', nextPollMs };
        }
      }),
  };
};

/**
 * Returns what of the vendor's answer cannot be read. An open circuit says nothing new: the last answer counts. Undefined for another
 * fault.
 */
const unreadableFieldsIn = (
  error: ProviderError,
  { unreadableFields }: SyncedCalendar,
): string | undefined => (isCircuitOpen(error) ? unreadableFields : error.vendor.unreadable);

/** Whether the vendor notifies of changes of the calendar. It does not for one whose events it does not list. */
const isWatched = (calendar: SyncedCalendar): boolean => !isHidden(calendar);

/** An operator who requests a reconciliation need not wait for the next attempt. */
const isListed = ({ input: { reconcile } }: SyncRound, calendar: SyncedCalendar): boolean =>
  triesEvents(calendar) || (reconcile?.isFirst === true && !calendar.isRoom);

const stateOf = ({
  calendar,
  state,
  listedCount,
  error,
  unreadableFields,
  pushError,
}: SyncedCalendar): CalendarSyncState => ({
  calendar,
  state,
  listedCount,
  error,
  unreadableFields,
  pushError,
});
