/**
 * Limits the request rate of each caller. The limits are far above normal use, and low enough that one caller cannot
 * starve the others. Each process counts on its own (docs/decisions/0030).
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiKeys } from '../../db/access/api-keys.ts';
import { sha256 } from '../../db/digest.ts';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import { type Authenticators, authenticate, credentialOf, permissionOf } from './authentication.ts';
import type { Caller } from './caller.ts';
import { isMonitoring, isWebhookReceiver } from './exempt-routes.ts';

interface Limit {
  readonly max: number;
  readonly windowMs: number;
}

type LimitedClass = 'read' | 'command' | 'page' | 'link' | 'wrong_credentials' | 'forged_webhooks';
export type RateLimits = Readonly<Record<LimitedClass, Limit>>;

/**
 * `read` and `command` are counted per API key or token subject. `page` (public routes), `wrong_credentials` and
 * `forged_webhooks` are counted per client address; for IPv6, per /64 network. `link` is counted per link of a page, whoever
 * opens it: a link that was published costs no more than one that a person uses.
 */
export const rateLimits: RateLimits = {
  read: { max: 6_000, windowMs: 10_000 },
  command: { max: 2_000, windowMs: 10_000 },
  page: { max: 300, windowMs: 10_000 },
  link: { max: 120, windowMs: 60_000 },
  wrong_credentials: { max: 1_000, windowMs: 60_000 },
  forged_webhooks: { max: 100, windowMs: 60_000 },
};

/** Number of callers whose counters are kept. The least recently seen caller is evicted. */
const maxTrackedCallers = 50_000;

/** Vendors send webhooks in bursts, and monitoring must work while the service is overloaded. */
const isUnlimited = (route = ''): boolean => isWebhookReceiver(route) || isMonitoring(route);

const classOf = (request: FastifyRequest): 'read' | 'command' | 'page' | undefined => {
  const permission = permissionOf(request);
  if (permission === undefined || isUnlimited(request.routeOptions.url)) return undefined;
  if (permission === 'public') return 'page';
  return request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'command';
};

/** Sets Retry-After, and returns the refusal. */
export const tooMany = (reply: FastifyReply, seconds: number): Refusal => {
  reply.header('Retry-After', Math.max(1, seconds));
  return new Refusal(
    'too_many_requests',
    'You have sent more requests than the rate limit allows.',
    'Send the same request again after the time in Retry-After, and send requests more slowly.',
  );
};

const isWrongCredential = (error: unknown): boolean =>
  error instanceof Refusal && error.code === 'unauthenticated';

/** Remembers the hashes of credentials that were valid, so that their requests do not wait behind wrong ones. */
const createAcceptedCredentials = () => {
  const hashes = new Set<string>();
  return {
    has: (credential: string): boolean => hashes.has(sha256(credential)),
    add(credential: string): void {
      const hash = sha256(credential);
      hashes.delete(hash);
      hashes.add(hash);
      const [oldest] = hashes;
      if (hashes.size > maxTrackedCallers && oldest !== undefined) hashes.delete(oldest);
    },
  };
};

/**
 * Registers the counters and returns the function that authenticates a request. It counts wrong credentials per client
 * address. Above the limit, a wrong credential gets 429 instead of 401. A valid one is always accepted, because many
 * clients can share an address: those behind one proxy or one office network. All addresses above the limit share one
 * look-up at a time, which reads the keys of all waiting requests, so that guessing does not load the database.
 */
export const createRateLimitedAuthentication = async (
  api: Api,
  authenticators: Authenticators & { readonly apiKeys: Pick<ApiKeys, 'find' | 'findInBatch'> },
  limits: RateLimits,
): Promise<(request: FastifyRequest, reply: FastifyReply) => Promise<Caller>> => {
  await api.register(rateLimit, { global: false, cache: maxTrackedCallers });
  const wrong = api.createRateLimit(optionsOf(limits.wrong_credentials));
  const inBatch = { ...authenticators, apiKeys: { find: authenticators.apiKeys.findInBatch } };
  const accepted = createAcceptedCredentials();
  return async (request, reply) => {
    const credential = credentialOf(request);
    const count = await wrong(request, { increment: false });
    const isSuspect = !count.isAllowed && count.remaining === 0;
    try {
      const isNew = isSuspect && credential !== undefined && !accepted.has(credential);
      const caller = await authenticate(isNew ? inBatch : authenticators, credential);
      if (credential !== undefined) accepted.add(credential);
      return caller;
    } catch (error) {
      if (!count.isAllowed && isSuspect && isWrongCredential(error)) throw tooMany(reply, count.ttlInSeconds);
      if (isWrongCredential(error) && credential !== undefined) await wrong(request);
      throw error;
    }
  };
};

const linkParams = z
  .object({ link: z.string() })
  .or(z.object({ token: z.string() }).transform(({ token }) => ({ link: token })));

/** Returns the link of a public page. Undefined for other routes. */
const linkOf = ({ params }: FastifyRequest): string | undefined => linkParams.safeParse(params).data?.link;

/** Limits requests. Must be called after `guardRoutes`, which identifies the callers. */
export const limitRequests = (api: Api, limits: RateLimits): void => {
  const byCaller = {
    keyGenerator: ({ caller }: FastifyRequest) => `${caller?.organization ?? ''} ${caller?.id ?? ''}`,
  };
  const counters = {
    read: api.createRateLimit({ ...optionsOf(limits.read), ...byCaller }),
    command: api.createRateLimit({ ...optionsOf(limits.command), ...byCaller }),
    page: api.createRateLimit(optionsOf(limits.page)),
    link: api.createRateLimit({
      ...optionsOf(limits.link),
      keyGenerator: (request: FastifyRequest) => sha256(linkOf(request) ?? ''),
    }),
  };
  const countRequest = async (
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
    if (kind === 'page' && linkOf(request) !== undefined) {
      // The client's own limit first, so that one client alone does not use up the limit of a link.
      return countRequest(request, reply, 'page').then(() => countRequest(request, reply, 'link'));
    }
    if (kind !== undefined) return countRequest(request, reply, kind);
    done();
    return undefined;
  });
};

/** Returns the options of a counter. */
export const optionsOf = ({ max, windowMs }: Limit) => ({ max, timeWindow: windowMs });
