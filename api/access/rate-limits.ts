/**
 * How much one caller may ask for: so much that nobody notices who works, and so little that one cannot take the
 * service away from the others. Counted in this process alone (docs/decisions/0030).
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import { type Authenticators, authenticate, credentialOf, permissionOf } from './authentication.ts';
import type { Caller } from './caller.ts';
import { isMonitoring, isWebhookReceiver } from './exempt-routes.ts';

interface Limit {
  readonly max: number;
  readonly windowMs: number;
}

type LimitedClass = 'read' | 'command' | 'page' | 'wrong_credentials';
export type RateLimits = Readonly<Record<LimitedClass, Limit>>;

/**
 * `read` and `command` count for each key and each subject of a token, `page` (whatever is public) and
 * `wrong_credentials` for each address of a client, where one of IPv6 is its /64 network.
 */
export const rateLimits: RateLimits = {
  read: { max: 6_000, windowMs: 10_000 },
  command: { max: 2_000, windowMs: 10_000 },
  page: { max: 300, windowMs: 10_000 },
  wrong_credentials: { max: 1_000, windowMs: 60_000 },
};

/** So many callers are remembered; of more, the one that was away longest is forgotten. */
const maxTrackedCallers = 50_000;

/** Vendors send as fast as things happen to them, and monitors must see a service that is flooded. */
const isUnlimited = (route = ''): boolean => isWebhookReceiver(route) || isMonitoring(route);

const classOf = (request: FastifyRequest): LimitedClass | undefined => {
  const permission = permissionOf(request);
  if (permission === undefined || isUnlimited(request.routeOptions.url)) return undefined;
  if (permission === 'public') return 'page';
  return request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'command';
};

const tooMany = (reply: FastifyReply, seconds: number): Refusal => {
  reply.header('Retry-After', Math.max(1, seconds));
  return new Refusal(
    'too_many_requests',
    'You have sent more requests than one caller may.',
    'Send the same request again after the time in Retry-After, and fewer at once from then on.',
  );
};

/** Registers the counters. Answers with what finds out who calls and counts those who say it wrongly. */
export const createRateLimitedAuthentication = async (
  api: Api,
  directory: Authenticators,
  limits: RateLimits,
): Promise<(request: FastifyRequest, reply: FastifyReply) => Promise<Caller>> => {
  await api.register(rateLimit, { global: false, cache: maxTrackedCallers });
  const wrong = api.createRateLimit(optionsOf(limits.wrong_credentials));
  return async (request, reply) => {
    const before = await wrong(request, { increment: false });
    if (!before.isAllowed && before.remaining === 0) throw tooMany(reply, before.ttlInSeconds);
    const credential = credentialOf(request);
    try {
      return await authenticate(directory, credential);
    } catch (error) {
      const isWrong = error instanceof Refusal && error.code === 'unauthenticated';
      if (isWrong && credential !== undefined) await wrong(request);
      throw error;
    }
  };
};

/** To be called after the callers are known, and after `countRequests`. */
export const limitRequests = (api: Api, limits: RateLimits): void => {
  const byCaller = {
    keyGenerator: ({ caller }: FastifyRequest) => `${caller?.organization ?? ''} ${caller?.id ?? ''}`,
  };
  const counters = {
    read: api.createRateLimit({ ...optionsOf(limits.read), ...byCaller }),
    command: api.createRateLimit({ ...optionsOf(limits.command), ...byCaller }),
    page: api.createRateLimit(optionsOf(limits.page)),
  };
  const countOne = async (
    request: FastifyRequest,
    reply: FastifyReply,
    kind: keyof typeof counters,
  ): Promise<void> => {
    const count = await counters[kind](request);
    if (count.isAllowed) return;
    reply.headers({
      'RateLimit-Limit': count.max,
      'RateLimit-Remaining': count.remaining,
      'RateLimit-Reset': count.ttlInSeconds,
    });
    if (count.isExceeded) throw tooMany(reply, count.ttlInSeconds);
  };
  api.addHook('onRequest', (request, reply, done) => {
    const kind = classOf(request);
    if (kind !== undefined && kind !== 'wrong_credentials') return countOne(request, reply, kind);
    done();
    return undefined;
  });
};

const optionsOf = ({ max, windowMs }: Limit) => ({ max, timeWindow: windowMs });
