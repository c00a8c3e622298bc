/** GET /v1/administrative-acts: what was done to an organization's connections, endpoints and keys, and by whom. */
import { z } from 'zod';
import { instantSchema } from '../../../domain/time/instant.ts';
import { callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { pageOf, pageQuery } from '../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

const actSchema = z
  .object({
    id: z.string(),
    by: z.string().describe('The label of the key, the subject of the token, or who else it was'),
    role: z.string(),
    act: z.string().describe('What was done, such as connection.disconnected'),
    target: z.string().describe('The id of what it was done to'),
    detail: z.record(z.string(), z.unknown()),
    correlationId: z.string(),
    at: instantSchema,
  })
  .meta({ id: 'AdministrativeAct' });

export const administrativeActRoutes = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/administrative-acts',
    {
      schema: {
        operationId: 'listAdministrativeActs',
        tags: ['Administration'],
        summary: 'List what was done by those with power',
        querystring: pageQuery,
        response: {
          200: jsonResponse('A page of administrative acts, the newest first', pageOf(actSchema)),
          ...problemResponses('invalid_body', 'unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => repositories.administrativeActs.list(callerOf(request).organization, request.query),
  );
};
