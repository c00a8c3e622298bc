/** The one border at which an error becomes an answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/errors.ts';
import { frameworkRefusal } from './framework.ts';
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

const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  parts?: readonly ProblemPart[],
): void => {
  const problem = problemOf(refusal, request.id, parts);
  if (problem.code === 'temporarily_unavailable') reply.header('Retry-After', retryAfterSeconds);
  if (problem.code === 'unauthenticated') reply.header('WWW-Authenticate', 'Bearer realm="castmatch"');
  // Serialized here: a problem must reach its reader even where a route's schemas do not know its status.
  void reply
    .code(problem.status)
    .type(problemMediaType)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
};

/** Answers every error with a problem document. What nobody foresaw is logged and answered without details. */
export const handleError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  if (error instanceof Refusal) return sendProblem(request, reply, error);
  const invalid = validationProblem(error);
  if (invalid) return sendProblem(request, reply, invalid.refusal, invalid.parts);
  if (isOutage(error)) {
    request.log.warn({ err: error }, 'a dependency does not answer');
    return sendProblem(request, reply, temporarilyUnavailable());
  }
  const refused = frameworkRefusal(error) ?? providerRefusal(error);
  if (refused) return sendProblem(request, reply, refused);
  request.log.error({ err: error }, 'a request failed unexpectedly');
  return sendProblem(request, reply, unexpected());
};
