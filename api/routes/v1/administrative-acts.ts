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
    id: z.string().describe('The id of the act'),
    by: z
      .string()
      .describe('The actor: the label of the key, the subject of the token, or the owner of the account'),
    principal: z
      .string()
      .optional()
      .describe(
        'The actor by an id that is unique: that of the key, `sub:` and the subject of the token, `participant:` and the id of the owner, or `command:` and the command. Absent in acts of earlier versions',
      ),
    role: z.string().describe('The role of the actor'),
    act: z.string().describe('The act, such as connection.disconnected'),
    target: z.string().describe('The ID of the connection, endpoint or key'),
    detail: z.record(z.string(), z.unknown()).describe('More about the act. The fields depend on `act`'),
    correlationId: z.string().describe('The correlation id of the request'),
    at: instantSchema.describe('When, in UTC'),
  })
  .meta({ id: 'AdministrativeAct', description: 'An act of an administrator, an operator or an owner' });

const actPage = pageSchemaOf('AdministrativeActPage', actSchema);

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
          200: jsonResponse('A page of administrative acts, the newest first', actPage),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => repositories.administrativeActs.list(callerOf(request).organization, request.query),
  );
};
