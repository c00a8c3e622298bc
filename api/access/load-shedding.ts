/**
 * Rejects requests immediately while the process is overloaded. A client that is rejected retries later. A client that
 * waits until it times out retries too, but has already cost a connection and a query.
 */
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import { isMonitoring } from './exempt-routes.ts';

export interface LoadLimits {
  /** Maximum average delay of the event loop. A busy but healthy event loop is late by milliseconds. */
  readonly maxEventLoopDelayMs: number;
  /** Length of one measurement. Long enough that one slow task or a short pause of the machine is no overload. */
  readonly sampleMs: number;
  /** Share of the heap limit of Node. Above it, Node spends most of its time on garbage collection. */
  readonly maxHeapShare: number;
  /** Maximum number of queued queries: one second of work for the pool's ten connections at 10 ms per query. */
  readonly maxWaitingForDatabase: number;
}

export const loadLimits: LoadLimits = {
  maxEventLoopDelayMs: 500,
  sampleMs: 5_000,
  maxHeapShare: 0.9,
  maxWaitingForDatabase: 1_000,
};

/** Health checks must work under load. Otherwise the process is restarted and its load moves to the next one. */
const isExempt = (route = ''): boolean => isMonitoring(route);

const overloaded = (): Refusal =>
  new Refusal(
    'overloaded',
    'The service is overloaded.',
    'Send the same request again after the time in Retry-After; with the same Idempotency-Key nothing happens twice.',
  );

/**
 * Rejects a request to a route that is not exempt. An infinite event loop delay is ignored: it means that one task
 * blocked the event loop for the whole measurement and has just ended.
 * @throws {Refusal} `overloaded`
 */
export const rejectOverloaded = (route: string | undefined, measured: number): void => {
  if (Number.isFinite(measured) && !isExempt(route)) throw overloaded();
};

/**
 * Registers load shedding. Must be called before the routes are guarded, so that a rejected request is not
 * authenticated.
 */
export const shedLoad = async (
  api: Api,
  waitingForDatabase: () => number,
  { maxEventLoopDelayMs, sampleMs, maxHeapShare, maxWaitingForDatabase }: LoadLimits,
): Promise<void> => {
  await api.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    sampleInterval: sampleMs,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * maxHeapShare,
    pressureHandler: async ({ routeOptions }, _reply, _type, measured) =>
      rejectOverloaded(routeOptions.url, measured ?? Number.POSITIVE_INFINITY),
  });
  api.addHook('onRequest', ({ routeOptions }, _reply, done) => {
    const isTooMuch = waitingForDatabase() > maxWaitingForDatabase && !isExempt(routeOptions.url);
    done(isTooMuch ? overloaded() : undefined);
  });
};
