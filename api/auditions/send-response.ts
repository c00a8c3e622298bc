/** Sends the response that `runOnce` returned: an audition, or the stored problem document of a refused slot. */
import type { FastifyReply } from 'fastify';
import { auditionViewSchema } from '../../db/auditions/view-schema.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiResponse } from '../idempotency/run-once.ts';
import { problemMediaType, problemSchema } from '../problems/problem-document.ts';

const replayedHeader = 'Idempotency-Replayed';

/** Retry-After of a 202. */
const pollAfterSeconds = 5;

/** Sends the response with its headers: `Location` for 201, `Retry-After` for 202, `Idempotency-Replayed`. */
export const sendAuditionResponse = async (
  { joinAddresses }: Pick<ApiDependencies, 'joinAddresses'>,
  reply: FastifyReply,
  response: ApiResponse & { readonly replayed?: boolean },
): Promise<FastifyReply> => {
  if (response.replayed) reply.header(replayedHeader, 'true');
  reply.code(response.status);
  if (response.status >= 400) {
    return reply.type(problemMediaType).send(problemSchema.parse(response.body));
  }
  const [audition] = await joinAddresses.forAnswer([auditionViewSchema.parse(response.body)]);
  if (!audition) throw new TypeError('the response has no audition');
  if (response.status === 201) reply.header('Location', `/v1/auditions/${audition.id}`);
  if (response.status === 202) reply.header('Retry-After', pollAfterSeconds);
  return reply.send(audition);
};
