/**
 * Ends the watches of a disconnected account: Google's channels, Microsoft Graph's subscriptions. Without this, the vendor notifies for
 * up to a week. The stored credential is erased before. The pending revocation has the grant.
 */
import type { Connections } from '../../db/connections/repository.ts';
import type { WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { type OAuthProvider, synchronizedCalendarProviders } from '../../domain/providers/vendors.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Authorizers } from '../../providers/oauth/authorizers.ts';
import { reconnectRequired } from '../../providers/oauth/reconnect.ts';
import type { CalendarPush, CallContext, ConnectedAccount, Providers } from '../../providers/ports.ts';

interface DisconnectedGrant {
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly provider: OAuthProvider;
  readonly correlationId: string;
  /** Called only when there is a watch to end. */
  readonly refreshToken: () => Promise<string>;
}

export interface WatchEnding {
  /**
   * Ends the stored watches of a disconnected connection at the vendor. Must precede the revocation: a channel can be stopped only with
   * the grant. Never throws a fault of the provider: a watch that the vendor did not end stays stored. Does nothing when the account is
   * connected again: the synchronization replaces them. Takes five seconds at most. Idempotent.
   *
   * https://developers.google.com/workspace/calendar/api/guides/push#stop-notifications
   * https://learn.microsoft.com/graph/api/subscription-delete
   */
  end(grant: DisconnectedGrant): Promise<void>;
  /**
   * Forgets what was not ended, when nothing is left to end it with. The vendor ends it after a week at most, and its notifications are
   * refused. Idempotent.
   */
  abandon(grant: Pick<DisconnectedGrant, 'organization' | 'connection' | 'correlationId'>): Promise<void>;
}

interface Dependencies {
  readonly connections: Pick<Connections, 'get'>;
  readonly watchSubscriptions: Pick<WatchSubscriptions, 'listByConnection' | 'remove'>;
  readonly authorizers: Authorizers['oauth'];
  readonly calendarChanges: Providers['calendarChanges'];
  readonly logger: Pick<Logger, 'warn'>;
}

/** For all calls about one account. A person waits for the answer to the disconnection. */
const budgetMs = 5_000;

/** Creates the part. */
export const createWatchEnding = ({
  connections,
  watchSubscriptions,
  authorizers,
  calendarChanges,
  logger,
}: Dependencies): WatchEnding => {
  const listOf = async ({
    organization,
    connection,
  }: Pick<DisconnectedGrant, 'organization' | 'connection'>) => {
    const stored = await connections.get(organization, connection);
    return stored && stored.status !== 'disconnected' ? [] : watchSubscriptions.listByConnection(connection);
  };

  const openAccount = async (
    { connection: id, organization, provider, refreshToken }: DisconnectedGrant,
    call: CallContext,
  ): Promise<ConnectedAccount> => {
    const refuse = () => Promise.reject(reconnectRequired(provider, id, 'disconnected'));
    const authorizer = authorizers[provider];
    if (!authorizer) return refuse();
    const { accessToken } = await authorizer.refresh(await refreshToken(), call);
    return {
      id,
      organization,
      account: id,
      accessToken: async () => accessToken.value,
      reportRejectedToken: () => {},
      reportMissingScopes: async () => {},
      appPassword: refuse,
      reportRejectedPassword: async () => {},
      feedAddress: refuse,
      reportRejectedFeedAddress: async () => {},
    };
  };

  const endAll = async (push: CalendarPush, grant: DisconnectedGrant): Promise<void> => {
    const { organization, connection, provider, correlationId } = grant;
    // The vendor cannot end what it has not confirmed.
    const watches = (await listOf(grant)).filter(({ resourceId }) => resourceId !== undefined);
    if (watches.length === 0) return;
    const call = { organization, correlationId, signal: AbortSignal.timeout(budgetMs) };
    try {
      const account = await openAccount(grant, call);
      const ends = await Promise.allSettled(
        watches.map(async ({ id, resourceId }) => {
          await push.stopWatching(account, { id, resourceId }, call);
          await watchSubscriptions.remove(id);
        }),
      );
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } catch (err) {
      if (!(err instanceof ProviderError)) throw err;
      logger.warn({ err, connection, provider, correlationId }, 'watches of disconnected account not ended');
    }
  };

  return {
    end: async (grant) => {
      const provider = synchronizedCalendarProviders.find((name) => name === grant.provider);
      const push = provider && calendarChanges[provider]?.push;
      if (push) await endAll(push, grant);
    },

    abandon: async (grant) => {
      const { connection, correlationId } = grant;
      const left = await listOf(grant);
      if (left.length === 0) return;
      for (const { id } of left) await watchSubscriptions.remove(id);
      const expiresAt = left.at(-1)?.expiresAt;
      logger.warn(
        { connection, correlationId, count: left.length, expiresAt },
        'watches of disconnected account left to expire',
      );
    },
  };
};
