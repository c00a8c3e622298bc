/**
 * Refreshes access tokens before they expire, so that provider calls do not wait for a refresh and a revoked grant is
 * detected early. Every worker process runs this loop. The lease in the connection's row lets only one process refresh
 * a token.
 */
import { randomUUID } from 'node:crypto';
import type { Connections } from '../../db/connections/repository.ts';
import { ProviderError } from '../../domain/errors.ts';
import { forEachConcurrently } from '../../foundation/concurrency.ts';
import { NotAuthentic, UnknownKey } from '../../foundation/encryption/aes-gcm.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { type Loop, pauseIn, startLoop } from '../loop.ts';

/** Tokens that expire within this time are refreshed. */
const refreshAheadMs = 10 * 60_000;
const defaultPollIntervalMs = 30_000;
const maxPauseMs = 5 * 60_000;
/** The number of tokens per round, and the number of simultaneous refreshes. */
const batchSize = 100;
const concurrency = 4;

interface RefreshDependencies {
  readonly connections: Pick<Connections, 'listExpiring'>;
  readonly accessTokens: Pick<AccessTokens, 'refreshIfExpiring'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

type Expiring = Awaited<ReturnType<Connections['listExpiring']>>[number];

/**
 * Returns a round that refreshes the expiring tokens. The round skips a provider after its first failure. It resolves
 * to whether every provider succeeded; a credential that cannot be decrypted does not count as a failure of its
 * provider.
 */
export const createRefreshRound =
  ({ connections, accessTokens, logger }: RefreshDependencies) =>
  async (stopping: AbortSignal): Promise<boolean> => {
    const expiring = await connections.listExpiring(refreshAheadMs, batchSize);
    const failing = new Set<Expiring['provider']>();
    const refresh = async (expiringToken: Expiring): Promise<void> => {
      const call = { signal: stopping, correlationId: randomUUID() };
      try {
        await accessTokens.refreshIfExpiring(expiringToken, refreshAheadMs, call);
      } catch (err) {
        const { id: connection, provider } = expiringToken;
        if (err instanceof NotAuthentic || err instanceof UnknownKey) {
          logger.warn({ err, connection, provider }, 'credential decryption failed');
          return;
        }
        if (!(err instanceof ProviderError)) throw err;
        if (err.fault.kind === 'reconnect') {
          logger.info({ err, connection, provider }, 'account needs reauthorization');
        } else {
          failing.add(provider);
          logger.warn({ err, connection, provider }, 'access token refresh failed');
        }
      }
    };
    // In random order, so that processes that run simultaneously do not compete for the same token.
    await forEachConcurrently(shuffled(expiring), concurrency, async (expiringToken) => {
      if (!stopping.aborted && !failing.has(expiringToken.provider)) await refresh(expiringToken);
    });
    return failing.size === 0;
  };

const shuffled = <Item>(items: readonly Item[]): readonly Item[] =>
  items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);

/**
 * Starts the refresh loop. After failed rounds the pause doubles, up to five minutes.
 * @param pollIntervalMs the average pause between two rounds in milliseconds.
 */
export const startTokenRefresh = (
  parts: RefreshDependencies,
  pollIntervalMs = defaultPollIntervalMs,
): Loop => {
  const round = createRefreshRound(parts);
  return startLoop(async (stopping, failures) => {
    const pauseMs = Math.min(pollIntervalMs * 2 ** failures, maxPauseMs);
    await pauseIn(stopping, pauseMs * (0.5 + Math.random()));
    if (stopping.aborted) return true;
    try {
      return await round(stopping);
    } catch (err) {
      parts.logger.warn({ err }, 'token refresh round failed; retrying');
      return false;
    }
  });
};
