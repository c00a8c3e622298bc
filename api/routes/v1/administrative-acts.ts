/** GET /v1/administrative-acts: the audit log of changes to an organization's connections, endpoints and keys. */
import { z } from 'zod';
import { instantSchema } from '../../../domain/time/instant.ts';
import { callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { pageQuery, pageSchemaOf } from '../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

const actSchema = z
  .object({
    id: z.string(),
    by: z
      .string()
      .describe('The actor: the label of the key, the subject of the token, or the owner of the account'),
    role: z.string(),
    act: z.string().describe('The act, such as connection.disconnected'),
    target: z.string().describe('The ID of the connection, endpoint or key'),
    detail: z.record(z.string(), z.unknown()),
    correlationId: z.string(),
    at: instantSchema,
  })
  .meta({ id: 'AdministrativeAct' });

/** Registers the route. */
export const administrativeActRoutes = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/administrative-acts',
    {
      schema: {
        operationId: 'listAdministrativeActs',
        tags: ['Administration'],
        summary: 'List administrative acts',
        querystring: pageQuery,
        response: {
          200: jsonResponse('A page of administrative acts, the newest first', pageSchemaOf(actSchema)),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => repositories.administrativeActs.list(callerOf(request).organization, request.query),
  );
};
