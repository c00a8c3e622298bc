/**
 * Limits the requests per minute, to the whole project and for each user of it, over a sliding window:
 * https://developers.google.com/workspace/calendar/api/guides/quota
 *
 * The user is the account that makes the request, not the owner of the calendar. No Retry-After is documented: clients wait
 * exponentially longer.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GoogleSandboxSettings } from '../settings.ts';
import { createSlidingWindow } from '../sliding-window.ts';
import type { Clock } from '../time.ts';
import { GoogleError, googleErrors } from './errors.ts';

const windowMs = 60_000;

interface QuotaParts {
  readonly settings: Pick<
    GoogleSandboxSettings,
    'projectRequestsPerMinute' | 'userRequestsPerMinute' | 'quotaStatus'
  >;
  readonly clock: Clock;
  /** Undefined for a request without a valid token, which has another error. */
  readonly accountOf: (request: FastifyRequest) => string | undefined;
}

/** Rejects the requests above the limits. */
export const limitRequests = (app: FastifyInstance, { settings, clock, accountOf }: QuotaParts): void => {
  const { projectRequestsPerMinute, userRequestsPerMinute, quotaStatus: code } = settings;
  const project = createSlidingWindow({ limit: projectRequestsPerMinute, windowMs }, clock);
  const users = createSlidingWindow({ limit: userRequestsPerMinute, windowMs }, clock);
  app.addHook('onRequest', async (request) => {
    // Rooms are listed by the Admin SDK, which has quotas of its own.
    const account = request.url.startsWith('/calendar/v3/') ? accountOf(request) : undefined;
    if (account === undefined) return;
    // "Each patch request consumes three quota units": https://developers.google.com/workspace/calendar/api/v3/reference/events/patch
    const units = request.method === 'PATCH' ? 3 : 1;
    if (users.take(account, units) > 0)
      throw new GoogleError({ ...googleErrors.userRateLimitExceeded, code });
    if (project.take('project', units) > 0)
      throw new GoogleError({ ...googleErrors.rateLimitExceeded, code });
  });
};
