/** GET /v1/connections/{id}/calendars: lists the calendars of a connected account. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireConnection } from '../../../connections/require-connection.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { providerRefusal } from '../../../problems/provider-faults.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const calendarSchema = z
  .object({
    calendarId: z.string().describe('The id for `calendar` of a participant'),
    name: z.string().describe('The name that the owner sees; can be empty'),
    isWritable: z.boolean().describe('Whether events can be written, as far as the provider tells'),
  })
  .meta({ id: 'Calendar', description: 'A calendar of a connected account' });

/** Maximum time to wait for the provider. */
const listTimeoutMs = 10_000;

/** Registers the route. */
export const connectionCalendars = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/connections/:id/calendars',
    {
      schema: {
        operationId: 'listCalendars',
        tags: ['Connections'],
        summary: 'List the calendars of a connected account',
        description: 'Only for Apple and other CalDAV servers, where the id of a calendar is a URL.',
        params: z.object({ id: connectionIdSchema }),
        response: {
          200: jsonResponse('The calendars that hold events', z.object({ items: z.array(calendarSchema) })),
          ...problemResponses(
            'invalid_body',
            'unauthenticated',
            'forbidden',
            'connection_not_found',
            'provider_not_offered',
            'unknown_connection',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const connection = await requireConnection(dependencies.repositories.connections, organization, id);
      const call = { correlationId: request.id, signal: AbortSignal.timeout(listTimeoutMs) };
      try {
        const items = await dependencies.listCalendars?.(connection, call);
        if (items) return { items: [...items] };
      } catch (error) {
        throw providerRefusal(error) ?? error;
      }
      throw new Refusal(
        'provider_not_offered',
        `The calendars of ${connection.provider} cannot be listed.`,
        'Use the calendar id `primary`, or an id that the provider shows to the owner.',
      );
    },
  );
};
