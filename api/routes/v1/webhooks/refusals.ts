/** Refuses webhooks that are not authentic, and counts them per client address. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../../domain/errors.ts';
import { optionsOf, type RateLimits, tooMany } from '../../../access/rate-limits.ts';
import type { Api } from '../../../api.ts';
import { bodyOf } from './signed-request.ts';

/** Why a webhook was rejected. Only logged: the sender gets the same response for every reason. */
type RejectionReason = 'no_secret_configured' | 'forged' | 'stale' | 'unknown_subscription';

/** Returns the refusal to throw. */
export type RefuseWebhook = (
  request: FastifyRequest,
  reply: FastifyReply,
  provider: string,
  reason: RejectionReason,
) => Promise<Refusal>;

const notAuthentic = (): Refusal =>
  new Refusal(
    'unauthenticated',
    'The request has no valid signature or token of the service that sends webhooks to this address.',
    'Check the signing secret on both sides, the webhook address configured at the service, and the clock.',
  );

/**
 * Creates the function. It logs neither headers nor the body: a forged request can still contain secrets or personal
 * data. Above the limit, forged webhooks of an address get 429 and are not logged any more, so that they do not hide other
 * log lines. Authentic webhooks of the same address are always accepted. Requires the rate limits of `access/`.
 */
export const createWebhookRefusals = (api: Api, limits: RateLimits): RefuseWebhook => {
  const forged = api.createRateLimit(optionsOf(limits.forged_webhooks));
  return async (request, reply, provider, reason) => {
    const logFields = { provider, reason, bytes: bodyOf(request).length };
    // A vendor proved itself, and uses a subscription that has ended or is not stored yet.
    if (reason === 'unknown_subscription') {
      request.log.warn(logFields, 'webhook rejected');
      return notAuthentic();
    }
    const count = await forged(request);
    if (!count.isAllowed && count.isExceeded) return tooMany(reply, count.ttlInSeconds);
    request.log.warn(logFields, 'webhook rejected');
    return notAuthentic();
  };
};
