/** DELETE /v1/connections/{id}: disconnects an account. */
import { z } from 'zod';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { disconnect, revocationResults } from '../../../connections/disconnect.ts';
import { requireConnection } from '../../../connections/require-connection.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const disconnectedSchema = z
  .object({
    id: connectionIdSchema,
    status: z.literal('disconnected').describe('The account is no longer used'),
    revocation: z
      .enum(revocationResults)
      .describe(
        'Result of the revocation at the provider. `nothing`: it was disconnected before. `pending`: we retry until the provider responds. `failed` and `unsupported`: the person must remove the app at the provider',
      ),
  })
  .meta({ id: 'Disconnected', description: 'A connection whose account was erased here' });

/** Registers the route. */
export const connectionItem = (api: Api, dependencies: ApiDependencies): void => {
  api.delete(
    '/v1/connections/:id',
    {
      schema: {
        operationId: 'disconnect',
        tags: ['Connections'],
        summary: 'Disconnect an account: erase it here and revoke it at the provider',
        params: z.object({ id: connectionIdSchema }),
        response: {
          200: jsonResponse('The account is disconnected, now or already before', disconnectedSchema),
          ...problemResponses('unauthenticated', 'forbidden', 'connection_not_found'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const connection = await requireConnection(dependencies.repositories.connections, organization, id);
      const revocation = await disconnect(dependencies, connection, actorOf(request), request.log);
      return { id, status: 'disconnected', revocation } as const;
    },
  );
};
