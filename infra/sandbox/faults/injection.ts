/** Lets the faults of one vendor happen to its routes, and counts every call by what came of it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallCounter } from '../calls/counter.ts';
import type { Vendor } from '../vendors.ts';
import type { Fault } from './fault.ts';
import type { Switchboard } from './switchboard.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which of the vendor's operations the route is; see `vendors.ts`. */
    operation?: string;
  }
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How a vendor words its own trouble. */
export interface VendorTrouble {
  outage(status: number): Answer;
  rateLimit(retryAfterSeconds: number, status: 429 | 403): Answer;
  unauthorized(operation: string): Answer;
}

export interface FaultParts {
  readonly vendor: Vendor;
  readonly switchboard: Switchboard;
  readonly calls: CallCounter;
  readonly trouble: VendorTrouble;
}

const answerOf = (
  fault: Exclude<Fault, { kind: 'latency' | 'lost_answer' }>,
  operation: string,
  trouble: VendorTrouble,
) => {
  if (fault.kind === 'outage') return withTime(trouble.outage(fault.status), fault.retryAfterSeconds);
  if (fault.kind === 'rate_limit') return trouble.rateLimit(fault.retryAfterSeconds, fault.status);
  return trouble.unauthorized(operation);
};

const withTime = (answer: Answer, retryAfterSeconds: number | undefined): Answer =>
  retryAfterSeconds === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterSeconds) } };

/** Adds the hooks to an encapsulated instance, before its routes. */
export const injectFaults = (app: FastifyInstance, { vendor, switchboard, calls, trouble }: FaultParts) => {
  const delays = new WeakMap<FastifyRequest, number>();

  app.addHook('onRequest', async (request, reply) => {
    const operation = request.routeOptions.config.operation;
    if (operation === undefined) return undefined;
    const fault = switchboard.takeBefore(vendor, operation);
    if (!fault) return undefined;
    if (fault.kind === 'latency') {
      delays.set(request, fault.latencyMs);
      return undefined;
    }
    if (fault.kind === 'outage' && fault.reset) {
      calls.record(vendor, operation, 'connection_reset');
      reply.hijack();
      request.raw.socket.destroy();
      return undefined;
    }
    const answer = answerOf(fault, operation, trouble);
    return reply
      .code(answer.status)
      .headers(answer.headers ?? {})
      .send(answer.body);
  });

  // Only once the request has been read: a slow vendor does what it was asked, whether or not the caller still waits.
  app.addHook('preHandler', async (request) => {
    const delay = delays.get(request);
    if (delay !== undefined) await wait(delay, undefined, { ref: false });
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const operation = request.routeOptions.config.operation;
    if (operation === undefined) return payload;
    if (reply.statusCode < 400 && switchboard.takeAnswer(vendor, operation)) {
      calls.record(vendor, operation, 'lost_answer');
      request.raw.socket.destroy();
      return payload;
    }
    calls.record(vendor, operation, String(reply.statusCode));
    return payload;
  });
};
