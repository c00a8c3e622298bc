/** Converts every error into a problem document. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';
import { UnknownKey } from '../../foundation/encryption/aes-gcm.ts';
import { credentialOf } from '../access/authentication.ts';
import { correlationHeader } from '../plugins/correlation.ts';
import { frameworkRefusal } from './framework-errors.ts';
import { isOutage, retryAfterSeconds, temporarilyUnavailable } from './outages.ts';
import { type ProblemPart, partsOf, problemMediaType, problemOf } from './problem-document.ts';
import { providerRefusal } from './provider-faults.ts';
import { validationProblem } from './validation.ts';

const unexpected = (): Refusal =>
  new Refusal(
    'internal',
    'An internal error occurred and was logged.',
    'Try again. If it fails again, report the correlation ID.',
  );

const realm = 'Bearer realm="castmatch"';

/** Returns `WWW-Authenticate` for 401 and 403 (RFC 6750, section 3); undefined for every other problem. */
const challengeFor = (code: RefusalCode, request: FastifyRequest): string | undefined => {
  if (code === 'forbidden') return `${realm}, error="insufficient_scope"`;
  if (code !== 'unauthenticated') return undefined;
  // Without credentials the challenge contains no error, only the scheme.
  return credentialOf(request) === undefined ? realm : `${realm}, error="invalid_token"`;
};

const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  // A request without a body has its values in the query.
  parts: readonly ProblemPart[] = partsOf(refusal, request.method === 'GET' ? 'query' : 'body'),
): void => {
  const problem = problemOf(refusal, request.id, parts);
  if (problem.status === 503) reply.header('Retry-After', retryAfterSeconds);
  const challenge = challengeFor(problem.code, request);
  if (challenge !== undefined) reply.header('WWW-Authenticate', challenge);
  // Serialized here, because the route's schemas may not declare the status of the problem.
  void reply
    .code(problem.status)
    // Set again: for a malformed URL no hook has run yet.
    .header(correlationHeader, request.id)
    .type(problemMediaType)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
};

/** Returns the refusal that the caller sees. Unexpected errors are logged and reported without details. */
export const refusalFor = (error: unknown, request: FastifyRequest): Refusal => {
  if (error instanceof Refusal) return error;
  const invalid = validationProblem(error);
  if (invalid) return invalid.refusal;
  if (isOutage(error)) {
    request.log.warn({ err: error }, 'dependency unavailable');
    return temporarilyUnavailable();
  }
  // The request is valid and will succeed once an operator restores the key.
  if (error instanceof UnknownKey) {
    request.log.error({ err: error }, 'master key missing');
    return temporarilyUnavailable();
  }
  const refused = frameworkRefusal(error) ?? providerRefusal(error);
  if (refused) return refused;
  request.log.error({ err: error }, 'request failed unexpectedly');
  return unexpected();
};

/** Sends a problem document for an error. */
export const handleError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
  sendProblem(request, reply, refusalFor(error, request), validationProblem(error)?.parts);
