/** Keeps the subscriptions to push notifications for the calendars, where the vendor has them: one each, or one for all. */
import { randomUUID } from 'node:crypto';
import type { SyncedCalendar, SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { StoredSubscription, WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import { mainCalendar } from '../../domain/audition/room-booking.ts';
import { isTransient, ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day, hour } from '../../domain/time/units.ts';
import type { CalendarPush } from '../../providers/ports.ts';
import { createDuplicateWatches, type DuplicateRefusal } from './duplicate-watches.ts';
import type { SyncRound } from './sync-round.ts';
import { startCalls, type WatchCalls } from './watch-calls.ts';
import { groupWatched, type WatchedCalendars } from './watched-calendars.ts';

interface SubscriptionState {
  /** When the next subscription must be replaced. */
  readonly renewAt: Instant | undefined;
  /** Whether each calendar has a subscription that notifies. The others are only polled. */
  readonly areLive: boolean;
  /**
   * The calendars whose changes may have been missed: the former subscription was ended before this one was opened, and the calendar
   * was not read since. A round that is killed in between leaves that to the next one.
   */
  readonly missed: ReadonlySet<string>;
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
  /** Ends all subscriptions of the connection. Returns false when the vendor has not ended one for now: it stays stored. */
  stop(round: SyncRound): Promise<boolean>;
  /**
   * Forgets the subscriptions of a disconnected account, whose credential is erased. Those that are ended together with its grant stay
   * until then (`activities/connections/watch-ending.ts`).
   */
  forget(connection: ConnectionId): Promise<void>;
}

/**
 * Why the vendor does not notify. `unconfirmed`: it has opened a channel, and its answer was lost. Its first notification confirms the
 * channel. `not_supported`: it has no notifications for the calendar.
 */
type PushRefusal = ProviderFaultKind | DuplicateRefusal | 'unconfirmed' | 'not_supported';

/** Google's default, and more than Microsoft Graph allows. The vendor's answer counts. */
const lifetimeMs = 7 * day;
const longestLeadMs = 1 * day;
/** Longer than the notifications of a subscription that has ended are accepted. */
const delayedMs = 2 * hour;

/** A subscription is replaced a day before its end, or at half of a shorter life. Each extension begins another life. */
const renewalOf = ({ beganAt, expiresAt }: StoredSubscription): number => {
  const life = toEpochMs(expiresAt) - toEpochMs(beganAt);
  return toEpochMs(expiresAt) - Math.min(longestLeadMs, life / 2);
};

/**
 * Whether the subscription is confirmed, notifies, and need not be replaced yet. One whose master key was removed is replaced: its
 * notifications cannot be verified without a query, by earlier versions not at all.
 */
const isCurrent = (subscription: StoredSubscription): boolean =>
  subscription.resourceId !== undefined &&
  !subscription.isLost &&
  subscription.secretKey !== 'removed' &&
  renewalOf(subscription) > Date.now();

/** Whether the vendor may have opened the subscription, and has not answered. It is not opened again under another id until it ends. */
const isUnanswered = (subscription: StoredSubscription): boolean =>
  subscription.resourceId === undefined &&
  !subscription.isLost &&
  subscription.secretKey !== 'removed' &&
  renewalOf(subscription) > Date.now();

/**
 * Whether changes of the calendar can come without a notification. A calendar to which nothing is written can be one that another
 * person shares. The main calendar is the account's own.
 */
const mayBeSilent =
  ({ ofOwnCalendars }: CalendarPush) =>
  ({ isBusyOnly, calendarId }: SyncedCalendar): boolean =>
    ofOwnCalendars === true && isBusyOnly && calendarId !== mainCalendar;

const dayOf = (epochMs: number): number => Math.floor(epochMs / day);

/** Whether the vendor has no notifications for the calendar, and the calendar was read today (UTC). The first poll of a day asks again. */
const isUnsupportedToday = ({ pushError, syncedAt }: SyncedCalendar): boolean =>
  pushError === 'not_supported' && syncedAt !== undefined && dayOf(toEpochMs(syncedAt)) === dayOf(Date.now());

/** Whether the vendor refuses a second subscription, so that the former one must be ended before. */
const isOnly = (push: CalendarPush): boolean => push.list !== undefined;

/** Returns the calendars that were not read since their subscription was opened. One that fails is read again in any case. */
const missedOf = ({
  watched,
  current,
}: {
  readonly watched: WatchedCalendars;
  readonly current: StoredSubscription | undefined;
}): readonly string[] =>
  watched.calendars.flatMap(({ calendar, syncedAt, error }) =>
    current && error === undefined && (syncedAt === undefined || syncedAt < current.openedAt)
      ? [calendar]
      : [],
  );

/** Creates the subscriptions. */
export const createSubscriptions = ({
  syncedCalendars,
  watchSubscriptions,
  publicUrl,
}: {
  readonly syncedCalendars: Pick<SyncedCalendars, 'setPushError'>;
  readonly watchSubscriptions: Pick<
    WatchSubscriptions,
    | 'issueSecret'
    | 'put'
    | 'extend'
    | 'markLost'
    | 'remove'
    | 'removeUnlessRevoking'
    | 'findConnections'
    | 'listByConnection'
  >;
  readonly publicUrl: string;
}): Subscriptions => {
  const duplicates = createDuplicateWatches({ watchSubscriptions });
  const addressOf = ({ path }: CalendarPush): string => `${publicUrl}${path}`;

  /**
   * Opens a subscription. It is stored before the vendor is asked, because the vendor can notify before it answers. Without an answer,
   * it may have been opened: it stays stored, and its notifications are accepted.
   *
   * @param unanswered a subscription that may have been opened: the request is repeated with its id and secret
   */
  const open = async (
    calls: WatchCalls,
    { organization, connection, provider, calendar, calendarId }: SyncedCalendar,
    unanswered?: StoredSubscription,
  ): Promise<void> => {
    const { round, push } = calls;
    const { id, expiresAt } = unanswered ?? {
      id: randomUUID(),
      expiresAt: toInstant(Date.now() + lifetimeMs),
    };
    const secret = watchSubscriptions.issueSecret(provider, id);
    const subscription = { organization, connection, provider, calendarId: calendar, secret };
    // A request that is repeated under another master key has another secret. The vendor can have followed either request.
    if (unanswered?.secretKey !== 'newest') await watchSubscriptions.put({ ...subscription, id, expiresAt });
    const address = addressOf(push);
    const request = { calendarId, id, secret, address, expiresAt };
    try {
      const watch = await push.watch(round.account, request, calls.startCall());
      await watchSubscriptions.put({ ...subscription, ...watch });
      if (watch.id !== id) await watchSubscriptions.remove(id);
    } catch (error) {
      const isUncertain = error instanceof ProviderError && isTransient(error.fault);
      const found = isUncertain ? await duplicates.findUnanswered(calls, address) : undefined;
      if (found)
        await watchSubscriptions.put({ ...subscription, ...found, expiresAt: found.expiresAt ?? expiresAt });
      if (found || (!isUncertain && !unanswered)) await watchSubscriptions.remove(id);
      if (!found) throw error;
    }
  };

  /** @throws {ProviderError} when the vendor has not ended it. It stays stored. */
  const endConfirmed = async (calls: WatchCalls, { id, resourceId }: StoredSubscription): Promise<void> => {
    await calls.push.stopWatching(calls.round.account, { id, resourceId }, calls.startCall());
    await watchSubscriptions.remove(id);
  };

  /** Ends a subscription that is not needed. One that the vendor does not end for now stays stored, and the next round tries again. */
  const end = async (calls: WatchCalls, subscription: StoredSubscription): Promise<void> => {
    try {
      await endConfirmed(calls, subscription);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      // It ends by itself. Until then its notifications are refused, because it is not stored any more.
      if (!isTransient(error.fault)) await watchSubscriptions.remove(subscription.id);
    }
  };

  /** Returns whether one of the subscriptions was extended. */
  const renew = async (calls: WatchCalls, former: readonly StoredSubscription[]): Promise<boolean> => {
    const latest = former.filter(({ resourceId }) => resourceId !== undefined).at(-1);
    // A renewal keeps the secret. A replacement brings one under the newest master key, so that the others can be removed.
    if (latest?.secretKey !== 'newest' || !calls.push.renew) return false;
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

  /**
   * Opens a subscription at a vendor that refuses a second one to the same calendars. The former ones are ended first, and one that
   * is not stored any more after the refusal. Returns why there is none.
   */
  const openOnly = async (
    calls: WatchCalls,
    { first, former }: WatchedCalendars,
  ): Promise<PushRefusal | undefined> => {
    for (const subscription of former) await endConfirmed(calls, subscription);
    try {
      await open(calls, first);
      return undefined;
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind !== 'conflict') throw error;
    }
    // The process that has opened it was killed before it stored the answer of the vendor.
    const isOurs = former.some(({ resourceId }) => resourceId === undefined);
    const refusal = await duplicates.end(calls, addressOf(calls.push), isOurs);
    if (refusal === undefined) await open(calls, first);
    return refusal;
  };

  /**
   * Opens the new subscription first, so that there is no time without one. Returns why there is none: one with the same id exists, and
   * was not confirmed.
   */
  const openNext = async (
    calls: WatchCalls,
    { first, former }: WatchedCalendars,
  ): Promise<PushRefusal | undefined> => {
    const unanswered = former.findLast(isUnanswered);
    try {
      await open(calls, first, unanswered);
    } catch (error) {
      const exists = unanswered && error instanceof ProviderError && error.fault.kind === 'conflict';
      if (!exists) throw error;
      return 'unconfirmed';
    }
    for (const subscription of former) if (subscription !== unanswered) await end(calls, subscription);
    return undefined;
  };

  const setPushError = async ({ calendars }: WatchedCalendars, refusal: PushRefusal | undefined) => {
    for (const calendar of calendars) {
      if (calendar.pushError !== refusal) await syncedCalendars.setPushError(calendar, refusal);
    }
  };

  const replace = async (calls: WatchCalls, watched: WatchedCalendars): Promise<void> => {
    try {
      await setPushError(watched, await (isOnly(calls.push) ? openOnly : openNext)(calls, watched));
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
      await setPushError(watched, calls.push.isUnsupported?.(error) ? 'not_supported' : error.fault.kind);
    }
  };

  const ensureOne = async (calls: WatchCalls, watched: WatchedCalendars): Promise<void> => {
    const { calendars, former } = watched;
    const current = former.findLast(isCurrent);
    if (current) {
      for (const subscription of former) if (subscription !== current) await end(calls, subscription);
      await setPushError(watched, undefined);
      return;
    }
    // After a refusal, the next attempt waits for the next poll.
    if (!calls.round.isPoll && calendars.some(({ pushError }) => pushError !== undefined)) return;
    if (calendars.every(isUnsupportedToday)) return;
    if (await renew(calls, former)) await setPushError(watched, undefined);
    else await replace(calls, watched);
  };

  /** Returns the stored subscriptions of the connection. Forgets those that ended so long ago that no delayed notification arrives. */
  const listPresent = async ({
    input: { connection },
  }: SyncRound): Promise<readonly StoredSubscription[]> => {
    const present: StoredSubscription[] = [];
    for (const subscription of await watchSubscriptions.listByConnection(connection)) {
      if (toEpochMs(subscription.expiresAt) > Date.now() - delayedMs) present.push(subscription);
      else await watchSubscriptions.remove(subscription.id);
    }
    return present;
  };

  /** Returns each group of calendars with its subscription, if that needs no replacement. */
  const currentOf = async (round: SyncRound, push: CalendarPush, calendars: readonly SyncedCalendar[]) => {
    const stored = await watchSubscriptions.listByConnection(round.input.connection);
    return groupWatched(push, calendars, stored).map((watched) => ({
      watched,
      current: watched.former.findLast(isCurrent),
    }));
  };

  return {
    ensure: async (round, calendars, lost) => {
      const { push } = round.provider;
      if (!push) return { renewAt: undefined, areLive: false, missed: new Set() };
      for (const id of lost) await watchSubscriptions.markLost(id);
      const calls = startCalls(round, push);
      const stored = await listPresent(round);
      const groups = groupWatched(push, calendars, stored);
      let isComplete = true;
      for (const watched of groups) {
        if (calls.isOver()) isComplete = false;
        else await ensureOne(calls, watched);
      }
      const used = new Set(groups.flatMap(({ former }) => former));
      for (const subscription of stored) if (!used.has(subscription)) await end(calls, subscription);
      const all = await currentOf(round, push, calendars);
      // What could not be replaced is tried again with the next poll.
      const renewals = all.flatMap(({ current }) => (current ? [renewalOf(current)] : []));
      const renewAt = isComplete ? Math.min(...renewals) : Date.now();
      return {
        renewAt: Number.isFinite(renewAt) ? toInstant(renewAt) : undefined,
        areLive: all.every(({ current }) => current !== undefined) && !calendars.some(mayBeSilent(push)),
        missed: new Set(isOnly(push) ? all.flatMap(missedOf) : []),
      };
    },

    areLive: async (round, calendars) => {
      const { push } = round.provider;
      if (push === undefined || calendars.some(mayBeSilent(push))) return false;
      return (await currentOf(round, push, calendars)).every(({ current }) => current !== undefined);
    },

    stop: async (round) => {
      const { push } = round.provider;
      if (!push) return true;
      const calls = startCalls(round, push);
      for (const subscription of await listPresent(round)) await end(calls, subscription);
      return (await watchSubscriptions.listByConnection(round.input.connection)).length === 0;
    },

    forget: (connection) => watchSubscriptions.removeUnlessRevoking(connection),
  };
};
