/** DELETE /v1/connections/{id}: takes an account away. */
import { z } from 'zod';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { disconnect, revocationResults } from '../../../connections/disconnect.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import { connectionNotFound } from './collection.ts';

const disconnectedSchema = z
  .object({
    id: connectionIdSchema,
    status: z.literal('disconnected'),
    revocation: z
      .enum(revocationResults)
      .describe(
        'What became of it at the provider: `nothing` where it was disconnected before; while `pending` we go on asking; after `failed` and `unsupported` the person takes the app away there',
      ),
  })
  .meta({ id: 'Disconnected' });

export const connectionItem = (api: Api, dependencies: ApiDependencies): void => {
  api.delete(
    '/v1/connections/:id',
    {
      schema: {
        operationId: 'disconnect',
        tags: ['Connections'],
        summary: 'Disconnect an account: revoked at the provider, erased here',
        params: z.object({ id: connectionIdSchema }),
        response: {
          200: jsonResponse('It is disconnected, now or since before', disconnectedSchema),
          ...problemResponses('invalid_body', 'unauthenticated', 'forbidden', 'connection_not_found'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const connection = await dependencies.repositories.connections.get(organization, id);
      if (!connection) throw connectionNotFound(id);
      const revocation = await disconnect(dependencies, connection, actorOf(request), request.log);
      return { id, status: 'disconnected', revocation } as const;
    },
  );
};
