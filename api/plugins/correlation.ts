/** Assigns each request a correlation ID, which follows it through workflows, activities, provider calls and logs. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Api } from '../api.ts';

export const correlationHeader = 'x-correlation-id';

/** IDs that are safe in log lines, HTTP headers and workflow inputs. */
const usable = /^[A-Za-z0-9._-]{1,100}$/;

/** Returns the caller's correlation ID if it is usable, otherwise a new UUID. */
export const correlationIdOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string => {
  const given = headers[correlationHeader];
  return typeof given === 'string' && usable.test(given) ? given : randomUUID();
};

/** Adds the correlation ID to every response, including errors. */
export const returnCorrelationId = (api: Api): void => {
  api.addHook('onRequest', (request, reply, done) => {
    reply.header(correlationHeader, request.id);
    done();
  });
};
