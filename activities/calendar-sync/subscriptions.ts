/** Keeps one subscription to push notifications for each calendar, where the vendor has them. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { SyncedCalendar, SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { StoredSubscription, WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import type { CalendarPush, CallContext } from '../../providers/ports.ts';
import { type SyncRound, startCall } from './sync-round.ts';

interface SubscriptionState {
  /** When the next subscription must be replaced. */
  readonly renewAt: Instant | undefined;
  /** Whether each calendar has a subscription that notifies. The others are only polled. */
  readonly areLive: boolean;
}

export interface Subscriptions {
  /**
   * Subscribes to the calendars that have no subscription, or whose subscription is lost or ends soon. Ends all others of the
   * connection. Never throws a fault of the provider: without notifications, the calendar is polled. Takes some ten seconds at
   * most, so that slow calls do not keep the calendars from being read.
   */
  ensure(
    round: SyncRound,
    calendars: readonly SyncedCalendar[],
    lost: readonly string[],
  ): Promise<SubscriptionState>;
  /** Returns whether each of the calendars has a subscription that notifies. */
  areLive(round: SyncRound, calendars: readonly SyncedCalendar[]): Promise<boolean>;
  /** Ends the subscriptions of a calendar. */
  stop(round: SyncRound, calendar: Pick<SyncedCalendar, 'connection' | 'calendar'>): Promise<void>;
  /** Forgets the subscriptions of a disconnected account. They end at the vendor by themselves. */
  forget(connection: ConnectionId): Promise<void>;
}

/** Google's default, and more than Microsoft Graph allows. The vendor's answer counts. */
const lifetimeMs = 7 * day;
const longestLeadMs = 1 * day;

/** For all calls to the vendor in one round. The next round continues. */
const budgetMs = 10_000;
const shortestDeadlineMs = 1_000;

/** What the calls of a round share. */
interface Calls {
  readonly round: SyncRound;
  readonly push: CalendarPush;
  readonly isOver: () => boolean;
  readonly startCall: () => CallContext;
}

const startCalls = (round: SyncRound, push: CalendarPush): Calls => {
  const until = Date.now() + budgetMs;
  return {
    round,
    push,
    isOver: () => Date.now() >= until,
    startCall: () => startCall(round, Math.max(until - Date.now(), shortestDeadlineMs)),
  };
};

/** A subscription is replaced a day before its end, or at half of a shorter life. */
const renewalOf = ({ createdAt, expiresAt }: StoredSubscription): number => {
  const life = toEpochMs(expiresAt) - toEpochMs(createdAt);
  return toEpochMs(expiresAt) - Math.min(longestLeadMs, life / 2);
};

/** Whether the subscription is confirmed, notifies, and need not be replaced yet. */
const isCurrent = (subscription: StoredSubscription): boolean =>
  subscription.resourceId !== undefined && !subscription.isLost && renewalOf(subscription) > Date.now();

/** Creates the subscriptions. */
export const createSubscriptions = ({
  syncedCalendars,
  watchSubscriptions,
  publicUrl,
}: {
  readonly syncedCalendars: Pick<SyncedCalendars, 'setPushError'>;
  readonly watchSubscriptions: Pick<
    WatchSubscriptions,
    'put' | 'extend' | 'markLost' | 'remove' | 'listByConnection'
  >;
  readonly publicUrl: string;
}): Subscriptions => {
  /**
   * Opens a subscription. It is stored before the vendor is asked, because the vendor can notify before it answers. A
   * subscription without a resource id was not confirmed, and is replaced.
   */
  const open = async (
    calls: Calls,
    { organization, connection, provider, calendar, calendarId }: SyncedCalendar,
  ): Promise<void> => {
    const { round, push } = calls;
    const secret = randomBytes(32).toString('base64url');
    const id = randomUUID();
    const expiresAt = toInstant(Date.now() + lifetimeMs);
    const subscription = { organization, connection, provider, calendarId: calendar, secret };
    await watchSubscriptions.put({ ...subscription, id, expiresAt });
    const address = `${publicUrl}${push.path}`;
    try {
      const watch = await push.watch(
        round.account,
        { calendarId, id, secret, address, expiresAt },
        calls.startCall(),
      );
      await watchSubscriptions.put({ ...subscription, ...watch });
      if (watch.id !== id) await watchSubscriptions.remove(id);
    } catch (error) {
      await watchSubscriptions.remove(id);
      throw error;
    }
  };

  const end = async (calls: Calls, { id, resourceId }: StoredSubscription): Promise<void> => {
    try {
      await calls.push.stopWatching(calls.round.account, { id, resourceId }, calls.startCall());
    } catch (error) {
      // It ends by itself. Until then its notifications are refused, because it is not stored any more.
      if (!(error instanceof ProviderError)) throw error;
    }
    await watchSubscriptions.remove(id);
  };

  /** Returns whether one of the subscriptions was extended. */
  const renew = async (calls: Calls, former: readonly StoredSubscription[]): Promise<boolean> => {
    const latest = former.filter(({ resourceId }) => resourceId !== undefined).at(-1);
    if (!latest || !calls.push.renew) return false;
    const wanted = { id: latest.id, expiresAt: toInstant(Date.now() + lifetimeMs) };
    try {
      const expiresAt = await calls.push.renew(calls.round.account, wanted, calls.startCall());
      if (expiresAt === undefined) return false;
      await watchSubscriptions.extend(latest.id, expiresAt);
      return true;
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
      return false;
    }
  };

  /** Opens the new subscription first, so that there is no time without one. */
  const replace = async (
    calls: Calls,
    calendar: SyncedCalendar,
    former: readonly StoredSubscription[],
  ): Promise<void> => {
    try {
      await open(calls, calendar);
      if (calendar.pushError !== undefined) await syncedCalendars.setPushError(calendar, undefined);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
      return syncedCalendars.setPushError(calendar, error.fault.kind);
    }
    for (const subscription of former) await end(calls, subscription);
  };

  const ensureOne = async (
    calls: Calls,
    calendar: SyncedCalendar,
    former: readonly StoredSubscription[],
  ): Promise<void> => {
    const current = former.findLast(isCurrent);
    if (current) {
      for (const subscription of former) if (subscription !== current) await end(calls, subscription);
      return;
    }
    // After a refusal, the next attempt waits for the next poll.
    if (!calls.round.isPoll && calendar.pushError !== undefined) return;
    if (!(await renew(calls, former))) await replace(calls, calendar, former);
  };

  const byCalendar = async (connection: ConnectionId) =>
    Map.groupBy(await watchSubscriptions.listByConnection(connection), ({ calendarId }) => calendarId);

  /** Returns the subscription of each calendar that needs no replacement. */
  const currentOf = async (round: SyncRound, calendars: readonly SyncedCalendar[]) => {
    const known = await byCalendar(round.input.connection);
    return calendars.map(({ calendar }) => known.get(calendar)?.findLast(isCurrent));
  };

  return {
    ensure: async (round, calendars, lost) => {
      const { push } = round.provider;
      if (!push) return { renewAt: undefined, areLive: false };
      for (const id of lost) await watchSubscriptions.markLost(id);
      const calls = startCalls(round, push);
      const known = await byCalendar(round.input.connection);
      let isComplete = true;
      for (const calendar of calendars) {
        if (calls.isOver()) isComplete = false;
        else await ensureOne(calls, calendar, known.get(calendar.calendar) ?? []);
      }
      const used = new Set(calendars.map(({ calendar }) => calendar));
      for (const [calendar, surplus] of known) {
        if (used.has(calendar)) continue;
        for (const subscription of surplus) await end(calls, subscription);
      }
      const current = await currentOf(round, calendars);
      // What could not be replaced is tried again with the next poll.
      const renewals = current.flatMap((subscription) => (subscription ? [renewalOf(subscription)] : []));
      const renewAt = isComplete ? Math.min(...renewals) : Date.now();
      return {
        renewAt: Number.isFinite(renewAt) ? toInstant(renewAt) : undefined,
        areLive: current.every((subscription) => subscription !== undefined),
      };
    },

    areLive: async (round, calendars) =>
      round.provider.push !== undefined &&
      (await currentOf(round, calendars)).every((subscription) => subscription !== undefined),

    stop: async (round, { connection, calendar }) => {
      const { push } = round.provider;
      if (!push) return;
      const calls = startCalls(round, push);
      for (const subscription of (await byCalendar(connection)).get(calendar) ?? []) {
        await end(calls, subscription);
      }
    },

    forget: async (connection) => {
      for (const { id } of await watchSubscriptions.listByConnection(connection)) {
        await watchSubscriptions.remove(id);
      }
    },
  };
};
