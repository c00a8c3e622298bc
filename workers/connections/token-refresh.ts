/**
 * Refreshes access tokens before they run out, so that no call has to wait for it, and a grant that was taken back is
 * noticed while there is time. Each worker process does it; the lease in the connection's row lets one of them refresh.
 */
import { randomUUID } from 'node:crypto';
import type { Connections } from '../../db/connections/repository.ts';
import { ProviderError } from '../../domain/errors.ts';
import { NotAuthentic, UnknownKey } from '../../foundation/encryption/aes-gcm.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { type Loop, pauseIn, startLoop } from '../loop.ts';

/** What expires within this time is refreshed. */
const refreshAheadMs = 10 * 60_000;
const defaultPollIntervalMs = 30_000;
const longestPauseMs = 5 * 60_000;
/** In one round, and of those at once. */
const batchSize = 100;
const concurrency = 4;

interface RefreshDependencies {
  readonly connections: Pick<Connections, 'listExpiring'>;
  readonly accessTokens: Pick<AccessTokens, 'refreshIfExpiring'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

type Expiring = Awaited<ReturnType<Connections['listExpiring']>>[number];

/** One look. Answers whether all went well: a provider that fails is left alone for the rest of the round. */
export const createRefreshRound =
  ({ connections, accessTokens, logger }: RefreshDependencies) =>
  async (stopping: AbortSignal): Promise<boolean> => {
    const expiring = await connections.listExpiring(refreshAheadMs, batchSize);
    const failing = new Set<Expiring['provider']>();
    const renew = async (owner: Expiring): Promise<void> => {
      const call = { signal: stopping, correlationId: randomUUID() };
      try {
        await accessTokens.refreshIfExpiring(owner, refreshAheadMs, call);
      } catch (err) {
        const { id: connection, provider } = owner;
        if (err instanceof NotAuthentic || err instanceof UnknownKey) {
          // One row that cannot be opened holds up nobody else's.
          logger.warn({ err, connection, provider }, 'the credential of an account cannot be opened');
          return;
        }
        if (!(err instanceof ProviderError)) throw err;
        if (err.fault.kind === 'reconnect') {
          logger.info({ err, connection, provider }, 'an account has to be connected again');
        } else {
          failing.add(provider);
          logger.warn({ err, connection, provider }, 'an access token could not be refreshed ahead of time');
        }
      }
    };
    // Whichever: processes that look at the same time should not want the same one first.
    await forEachConcurrently(shuffled(expiring), concurrency, async (owner) => {
      if (!stopping.aborted && !failing.has(owner.provider)) await renew(owner);
    });
    return failing.size === 0;
  };

const shuffled = <Item>(items: readonly Item[]): readonly Item[] =>
  items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

/** @param pollIntervalMs on average, while all goes well. */
export const startTokenRefresh = (
  parts: RefreshDependencies,
  pollIntervalMs = defaultPollIntervalMs,
): Loop => {
  const round = createRefreshRound(parts);
  return startLoop(async (stopping, failures) => {
    const pauseMs = Math.min(pollIntervalMs * 2 ** failures, longestPauseMs);
    await pauseIn(stopping, pauseMs * (0.5 + Math.random()));
    if (stopping.aborted) return true;
    try {
      return await round(stopping);
    } catch (err) {
      parts.logger.warn({ err }, 'access tokens could not be looked at: it is tried again');
      return false;
    }
  });
};
