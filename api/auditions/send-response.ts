/** Sends what `answerOnce` brought: an audition, or the problem that was kept in its place. */
import type { FastifyReply } from 'fastify';
import type { ApiResponse } from '../idempotency/run-once.ts';
import { problemMediaType, problemSchema } from '../problems/problem-document.ts';
import { auditionSchema } from '../schemas/audition.ts';

const replayedHeader = 'Idempotency-Replayed';

/** A caller who is told 202 may look again after so many seconds. */
const lookAgainAfter = 5;

export const sendAuditionResponse = (
  reply: FastifyReply,
  answer: ApiResponse & { readonly replayed?: boolean },
): FastifyReply => {
  if (answer.replayed) reply.header(replayedHeader, 'true');
  reply.code(answer.status);
  if (answer.status >= 400) {
    return reply.type(problemMediaType).send(problemSchema.parse(answer.body));
  }
  const audition = auditionSchema.parse(answer.body);
  if (answer.status === 201) reply.header('Location', `/v1/auditions/${audition.id}`);
  if (answer.status === 202) reply.header('Retry-After', lookAgainAfter);
  return reply.send(audition);
};
