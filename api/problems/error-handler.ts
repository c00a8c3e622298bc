/** The one border at which an error becomes an answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';
import { UnknownKey } from '../../foundation/encryption/aes-gcm.ts';
import { credentialOf } from '../access/authentication.ts';
import { correlationHeader } from '../plugins/correlation.ts';
import { frameworkRefusal } from './framework-errors.ts';
import { isOutage, retryAfterSeconds, temporarilyUnavailable } from './outages.ts';
import { type ProblemPart, problemMediaType, problemOf } from './problem-document.ts';
import { providerRefusal } from './provider-faults.ts';
import { validationProblem } from './validation.ts';

const unexpected = (): Refusal =>
  new Refusal(
    'internal',
    'Something went wrong on our side. It has been logged.',
    'Try again; if it happens again, tell us the correlation id.',
  );

const realm = 'Bearer realm="castmatch"';

/** `WWW-Authenticate` of a 401 and a 403 (RFC 6750, section 3). Undefined for every other problem. */
const challengeFor = (code: RefusalCode, request: FastifyRequest): string | undefined => {
  if (code === 'forbidden') return `${realm}, error="insufficient_scope"`;
  if (code !== 'unauthenticated') return undefined;
  // Whoever sent nothing is told no error, only what to send.
  return credentialOf(request) === undefined ? realm : `${realm}, error="invalid_token"`;
};

const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  parts?: readonly ProblemPart[],
): void => {
  const problem = problemOf(refusal, request.id, parts);
  if (problem.status === 503) reply.header('Retry-After', retryAfterSeconds);
  const challenge = challengeFor(problem.code, request);
  if (challenge !== undefined) reply.header('WWW-Authenticate', challenge);
  // Serialized here: a problem must reach its reader even where a route's schemas do not know its status.
  void reply
    .code(problem.status)
    // Once more: an address that cannot be read is answered before any hook has run.
    .header(correlationHeader, request.id)
    .type(problemMediaType)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
};

/** What an error is to the caller. What nobody foresaw is logged, and told without details. */
export const refusalFor = (error: unknown, request: FastifyRequest): Refusal => {
  if (error instanceof Refusal) return error;
  const invalid = validationProblem(error);
  if (invalid) return invalid.refusal;
  if (isOutage(error)) {
    request.log.warn({ err: error }, 'a dependency does not answer');
    return temporarilyUnavailable();
  }
  // Nothing is wrong with the request, and it can be met again once the key is put back.
  if (error instanceof UnknownKey) {
    request.log.error({ err: error }, 'a master key is missing');
    return temporarilyUnavailable();
  }
  const refused = frameworkRefusal(error) ?? providerRefusal(error);
  if (refused) return refused;
  request.log.error({ err: error }, 'a request failed unexpectedly');
  return unexpected();
};

/** Answers every error with a problem document. */
export const handleError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
  sendProblem(request, reply, refusalFor(error, request), validationProblem(error)?.parts);
