/**
 * Limits the requests per second of the account: https://developers.zoom.us/docs/api/rate-limits/. Unlike the daily limit, this one
 * has no Retry-After: the next second is free.
 */
import type { FastifyInstance } from 'fastify';
import type { ZoomSandboxSettings } from '../settings.ts';
import { createSlidingWindow } from '../sliding-window.ts';
import type { Clock } from '../time.ts';
import { perSecondLimit, ZoomError } from './errors.ts';

/** Rejects the requests above the limit. Token requests have a limit of their own, which is not documented. */
export const limitRequestRate = (
  app: FastifyInstance,
  { requestsPerSecond: limit }: Pick<ZoomSandboxSettings, 'requestsPerSecond'>,
  clock: Clock,
): void => {
  const account = createSlidingWindow({ limit, windowMs: 1_000 }, clock);
  app.addHook('onRequest', async ({ url }) => {
    if (!url.startsWith('/v2/') || account.take('account') === 0) return;
    throw new ZoomError({
      status: 429,
      code: 429,
      message: perSecondLimit,
      headers: {
        'x-ratelimit-category': 'Light',
        'x-ratelimit-type': 'QPS',
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': '0',
      },
    });
  });
};
