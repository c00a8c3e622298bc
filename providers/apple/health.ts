/** Whether Apple's calendar server answers. It knows nobody before somebody logs in, so that it asks who we are is well. */

import { operationOf } from '../operations.ts';
import type { FetchFor } from './client.ts';
import { appleError, fromApple } from './errors.ts';
import type { AppleSettings } from './settings.ts';

const health = operationOf('apple', 'health');

/** Throws `ProviderError`. */
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
