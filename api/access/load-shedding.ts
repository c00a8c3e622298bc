/**
 * Refuses at once what could only be answered late: whoever is told so comes again, and whoever waits in vain comes
 * again as well, but has cost a connection and a query.
 */
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import { isMonitoring } from './exempt-routes.ts';

export interface LoadLimits {
  /** How late the event loop may be on average. One that is merely busy is late by milliseconds. */
  readonly maxEventLoopDelayMs: number;
  /** How long it is measured each time: so long that one slow task, or a machine that was elsewhere, is no overload. */
  readonly sampleMs: number;
  /** Of the memory that Node may use; beyond it, it does little else than look for more. */
  readonly maxHeapShare: number;
  /** About a second's work for the pool's ten connections, at ten milliseconds a query. */
  readonly maxWaitingForDatabase: number;
}

export const loadLimits: LoadLimits = {
  maxEventLoopDelayMs: 500,
  sampleMs: 5_000,
  maxHeapShare: 0.9,
  maxWaitingForDatabase: 1_000,
};

/** A service that is flooded must still say how it is, or it is taken away and its load goes to the next. */
const isExempt = (route = ''): boolean => isMonitoring(route);

const overloaded = (): Refusal =>
  new Refusal(
    'overloaded',
    'The service has more to do than it can right now.',
    'Send the same request again after the time in Retry-After; with the same Idempotency-Key nothing happens twice.',
  );

/**
 * Throws `Refusal` `overloaded`. Without end the event loop's delay is when nothing was measured at all: one task has
 * had it for that long, and has just let go of it.
 */
export const rejectOverloaded = (route: string | undefined, measured: number): void => {
  if (Number.isFinite(measured) && !isExempt(route)) throw overloaded();
};

/** To be called before the routes are guarded: who calls is found out only for those who are let in. */
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
