/** The id that ties a request to everything it causes. Taken from the caller where it is usable, else made. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Api } from '../api.ts';

export const correlationHeader = 'x-correlation-id';

/** What may go into log lines, headers of other services and workflow inputs as it is. */
const usable = /^[A-Za-z0-9._-]{1,100}$/;

export const correlationIdOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string => {
  const given = headers[correlationHeader];
  return typeof given === 'string' && usable.test(given) ? given : randomUUID();
};

/** Every answer names it, errors too. */
export const returnCorrelationId = (api: Api): void => {
  api.addHook('onRequest', (request, reply, done) => {
    reply.header(correlationHeader, request.id);
    done();
  });
};
