/** Checks that Apple's calendar server answers. The check has no account, so a request to log in (401) is healthy. */

import { operationOf } from '../operations.ts';
import type { FetchFor } from './client.ts';
import { appleError, fromApple } from './errors.ts';
import type { AppleSettings } from './settings.ts';

const health = operationOf('apple', 'health');

/**
 * Returns the health check.
 *
 * @throws {ProviderError} for a 5xx, a 429 and no answer.
 */
export const createAppleCheck = ({ caldavUrl }: AppleSettings, fetchFor: FetchFor) => {
  const server = new URL(caldavUrl);
  const fetch = fetchFor(server);
  return async (): Promise<void> => {
    const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
    try {
      const answer = await fetch(new URL('/.well-known/caldav', server), {
        method: 'PROPFIND',
        headers: { depth: '0' },
        redirect: 'manual',
        signal: call.signal,
      });
      await answer.body?.cancel();
      if (answer.status < 500 && answer.status !== 429) return;
      throw appleError(health, {
        status: answer.status,
        retryAfter: answer.headers.get('retry-after') ?? undefined,
        message: 'the server cannot answer now',
      });
    } catch (error) {
      throw fromApple(health, error, call);
    }
  };
};
