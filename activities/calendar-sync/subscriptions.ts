/** Keeps one subscription to push notifications for each calendar, where the vendor has them. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { SyncedCalendar, SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { StoredSubscription, WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import type { CalendarPush } from '../../providers/ports.ts';
import { type SyncRound, startCall } from './sync-round.ts';

export interface Subscriptions {
  /**
   * Subscribes to the calendars that have no subscription, or whose subscription ends soon. Never throws a fault of the
   * provider: without notifications, the calendar is polled. Returns when the next subscription must be replaced.
   */
  ensure(
    round: SyncRound,
    calendars: readonly SyncedCalendar[],
    options: { readonly lost: readonly string[]; readonly isPoll: boolean },
  ): Promise<Instant | undefined>;
  /** Ends the subscriptions of a calendar. */
  stop(round: SyncRound, calendar: Pick<SyncedCalendar, 'connection' | 'calendar'>): Promise<void>;
  /** Forgets the subscriptions of a disconnected account. They end at the vendor by themselves. */
  forget(connection: ConnectionId): Promise<void>;
}

/** Google's default, and more than Microsoft Graph allows. The vendor's answer counts. */
const lifetimeMs = 7 * day;
const longestLeadMs = 1 * day;

/** A subscription is replaced a day before its end, or at half of a shorter life. */
const renewalOf = ({ createdAt, expiresAt }: StoredSubscription): number => {
  const life = toEpochMs(expiresAt) - toEpochMs(createdAt);
  return toEpochMs(expiresAt) - Math.min(longestLeadMs, life / 2);
};

/** Creates the subscriptions. */
export const createSubscriptions = ({
  syncedCalendars,
  watchSubscriptions,
  publicUrl,
}: {
  readonly syncedCalendars: Pick<SyncedCalendars, 'setPushError'>;
  readonly watchSubscriptions: Pick<WatchSubscriptions, 'put' | 'extend' | 'remove' | 'listByConnection'>;
  readonly publicUrl: string;
}): Subscriptions => {
  /**
   * Opens a subscription. It is stored before the vendor is asked, because the vendor can notify before it answers. A
   * subscription without a resource id was not confirmed, and is replaced.
   */
  const open = async (
    round: SyncRound,
    push: CalendarPush,
    { organization, connection, provider, calendar, calendarId }: SyncedCalendar,
  ): Promise<void> => {
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
        startCall(round),
      );
      await watchSubscriptions.put({ ...subscription, ...watch });
      if (watch.id !== id) await watchSubscriptions.remove(id);
    } catch (error) {
      await watchSubscriptions.remove(id);
      throw error;
    }
  };

  const end = async (round: SyncRound, { id, resourceId }: StoredSubscription): Promise<void> => {
    try {
      await round.provider.push?.stopWatching(round.account, { id, resourceId }, startCall(round));
    } catch (error) {
      // It ends by itself. Until then its notifications are refused, because it is not stored any more.
      if (!(error instanceof ProviderError)) throw error;
    }
    await watchSubscriptions.remove(id);
  };

  /** Returns whether one of the subscriptions was extended. */
  const renew = async (
    round: SyncRound,
    push: CalendarPush,
    former: readonly StoredSubscription[],
  ): Promise<boolean> => {
    const latest = former.filter(({ resourceId }) => resourceId !== undefined).at(-1);
    if (!latest || !push.renew) return false;
    const wanted = { id: latest.id, expiresAt: toInstant(Date.now() + lifetimeMs) };
    try {
      const expiresAt = await push.renew(round.account, wanted, startCall(round));
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
    round: SyncRound,
    push: CalendarPush,
    calendar: SyncedCalendar,
    former: readonly StoredSubscription[],
  ): Promise<void> => {
    try {
      await open(round, push, calendar);
      if (calendar.pushError !== undefined) await syncedCalendars.setPushError(calendar, undefined);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
      return syncedCalendars.setPushError(calendar, error.fault.kind);
    }
    for (const subscription of former) await end(round, subscription);
  };

  const byCalendar = async (connection: ConnectionId) =>
    Map.groupBy(await watchSubscriptions.listByConnection(connection), ({ calendarId }) => calendarId);

  return {
    ensure: async (round, calendars, { lost, isPoll }) => {
      const { push } = round.provider;
      if (!push) return undefined;
      const { connection } = round.input;
      const known = await byCalendar(connection);
      for (const calendar of calendars) {
        const former = known.get(calendar.calendar) ?? [];
        const isCovered = former.some(
          (subscription) =>
            subscription.resourceId !== undefined &&
            !lost.includes(subscription.id) &&
            renewalOf(subscription) > Date.now(),
        );
        // After a refusal, the next attempt waits for the next poll.
        if (isCovered || !(isPoll || calendar.pushError === undefined)) continue;
        if (!(await renew(round, push, former))) await replace(round, push, calendar, former);
      }
      const renewals = (await watchSubscriptions.listByConnection(connection)).map(renewalOf);
      return renewals.length === 0 ? undefined : toInstant(Math.max(Math.min(...renewals), Date.now()));
    },

    stop: async (round, { connection, calendar }) => {
      for (const subscription of (await byCalendar(connection)).get(calendar) ?? []) {
        await end(round, subscription);
      }
    },

    forget: async (connection) => {
      for (const { id } of await watchSubscriptions.listByConnection(connection)) {
        await watchSubscriptions.remove(id);
      }
    },
  };
};
