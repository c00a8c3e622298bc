/** What the routes that change a session block share: the version, idempotency, and the response with its entity tag. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SessionBlockId } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { idempotencyHeaders, runOnce } from '../../../idempotency/run-once.ts';
import type { ChangeTarget } from '../../../session-blocks/block-changes.ts';
import { requireCondition, versionHeaders } from '../../../session-blocks/versions.ts';

/** In the reference `If-Match` is required. A request without it has its own status, 428 (RFC 6585), and is not invalid. */
export const changeHeaders = idempotencyHeaders
  .extend(versionHeaders.shape)
  .meta({ required: ['if-match'] satisfies readonly (keyof typeof versionHeaders.shape)[] });

type ChangeRequest = FastifyRequest & {
  readonly params: { readonly id: SessionBlockId };
  readonly headers: z.output<typeof changeHeaders>;
};

const withVersion = z.object({ block: z.object({ version: z.int() }) });

/** Runs a change once for each Idempotency-Key, and sends the response with the entity tag of the changed block. */
export const runChange = async <Response extends object>(
  { repositories: { idempotentRequests } }: Pick<ApiDependencies, 'repositories'>,
  request: ChangeRequest,
  reply: FastifyReply,
  {
    route,
    schema,
    run,
  }: {
    /** The method and path. A key is scoped to it. */
    readonly route: string;
    readonly schema: z.ZodType<Response>;
    readonly run: (target: ChangeTarget) => Promise<Response>;
  },
): Promise<Response> => {
  const { organization } = callerOf(request);
  const key = request.headers['idempotency-key'];
  // Before an earlier response is sent again: that request had a condition, and this one is another.
  const ifMatch = requireCondition(request.headers['if-match']);
  const { body } = await runOnce(
    idempotentRequests,
    { organization, route, key, body: request.body ?? {} },
    async () => ({
      status: 200,
      body: await run({
        organization,
        id: request.params.id,
        ifMatch,
        actor: actorOf(request),
      }),
    }),
  );
  const { block } = withVersion.parse(body);
  reply.header('etag', `"${block.version}"`);
  return schema.parse(body);
};
