/** Applies the faults of one vendor to its routes, and counts every call by its outcome. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallCounter } from '../calls/counter.ts';
import { operationNames, type Vendor } from '../vendors.ts';
import type { RateLimitFault, RequestFault } from './fault.ts';
import type { FaultRegistry } from './fault-registry.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The vendor's operation that the route implements; see `vendors.ts`. */
    operation?: string;
  }
}

interface FaultResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The error answers of a vendor. Those of token endpoints have OAuth's form (RFC 6749, section 5.2). */
export interface VendorFaultResponses {
  outage(status: number, operation: string): FaultResponse;
  rateLimit(
    retryAfterSeconds: number,
    fault: Pick<RateLimitFault, 'status' | 'reason'>,
    operation: string,
  ): FaultResponse;
  unauthorized(operation: string): FaultResponse;
}

export interface FaultParts {
  readonly vendor: Vendor;
  readonly faultRegistry: FaultRegistry;
  readonly calls: CallCounter;
  readonly faultResponses: VendorFaultResponses;
}

const answerOf = (
  fault: Exclude<RequestFault, { kind: 'latency' }>,
  operation: string,
  responses: VendorFaultResponses,
) => {
  if (fault.kind === 'outage')
    return withTime(responses.outage(fault.status, operation), fault.retryAfterSeconds);
  if (fault.kind === 'rate_limit') {
    const limited = responses.rateLimit(fault.retryAfterSeconds ?? 0, fault, operation);
    return fault.retryAfterSeconds === null ? withoutTime(limited) : limited;
  }
  return fault.kind === 'refusal' ? pageOf(fault.status) : responses.unauthorized(operation);
};

/** A gateway does not know the error documents of the vendor. */
const pageOf = (status: number): FaultResponse => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><body><h1>${status}</h1></body></html>`,
});

/** Whether the operation belongs to the authorization server, not to the API of the vendor. */
export const isOAuthOperation = (operation: string | undefined): boolean =>
  operation === 'token' || operation === 'revoke';

const withoutTime = ({ headers, ...answer }: FaultResponse): FaultResponse => {
  const { 'retry-after': _time, ...others } = headers ?? {};
  return { ...answer, headers: others };
};

const withTime = (answer: FaultResponse, retryAfterSeconds: number | undefined): FaultResponse =>
  retryAfterSeconds === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterSeconds) } };

/** Adds the fault hooks to an encapsulated Fastify instance. Call it before registering the routes. */
export const injectFaults = (
  app: FastifyInstance,
  { vendor, faultRegistry, calls, faultResponses }: FaultParts,
) => {
  const delays = new WeakMap<FastifyRequest, number>();

  app.addHook('onRoute', ({ config, url }) => {
    const operation = config?.operation;
    if (operation !== undefined && !operationNames(vendor).includes(operation))
      throw new RangeError(`${url} has the operation ${operation}, which vendors.ts does not list`);
  });

  app.addHook('onRequest', async (request, reply) => {
    const operation = request.routeOptions.config.operation;
    if (operation === undefined) return undefined;
    const fault = faultRegistry.consumeRequestFault(vendor, operation);
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
    const answer = answerOf(fault, operation, faultResponses);
    return reply
      .code(answer.status)
      .headers(answer.headers ?? {})
      .send(answer.body);
  });

  // The delay starts after the request is read. A slow vendor handles the request even if the caller disconnects.
  app.addHook('preHandler', async (request) => {
    const delay = delays.get(request);
    if (delay !== undefined) await wait(delay, undefined, { ref: false });
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const operation = request.routeOptions.config.operation;
    if (operation === undefined) return payload;
    const fault = reply.statusCode < 400 ? faultRegistry.consumeAnswerFault(vendor, operation) : undefined;
    calls.record(vendor, operation, fault?.kind ?? String(reply.statusCode));
    if (fault?.kind === 'lost_answer') request.raw.socket.destroy();
    return fault?.kind === 'garbled_answer' && typeof payload === 'string'
      ? payload.slice(0, payload.length / 2)
      : payload;
  });
};
