/** GET /v1/connections/{id}/rooms: lists the rooms that a connected account can book. */
import { z } from 'zod';
import { isTransient, ProviderError, Refusal } from '../../../../domain/errors.ts';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { listingCall } from '../../../connections/account-calendars.ts';
import { requireConnection } from '../../../connections/require-connection.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { providerRefusal } from '../../../problems/provider-faults.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const roomSchema = z
  .object({
    email: z.string().describe('The address for `roomCalendar` of a slot'),
    name: z.string().describe('The name at the provider; can be empty'),
    building: z.string().optional().describe('The building, if the provider names one'),
    capacity: z.int().optional().describe('How many people fit in'),
  })
  .meta({ id: 'Room', description: 'A room of the organization of a connected account' });

const roomsSchema = z
  .object({ items: z.array(roomSchema).describe('The rooms') })
  .meta({ id: 'Rooms', description: 'The rooms that an account can book' });

/** Registers the route. */
export const connectionRooms = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/connections/:id/rooms',
    {
      schema: {
        operationId: 'listRooms',
        tags: ['Connections'],
        summary: 'List the rooms that a connected account can book',
        description:
          'For Google Workspace and Microsoft 365. Google lists all rooms for an administrator who has consented to `admin.directory.resource.calendar.readonly`, and for others the rooms in their own list of calendars (`calendar.calendarlist.readonly`). Microsoft lists all rooms of the tenant (`Place.Read.All`). A room that is not listed can be named in a slot as well.',
        params: z.object({ id: connectionIdSchema }),
        response: {
          200: jsonResponse('The rooms', roomsSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'connection_not_found',
            'provider_not_offered',
            'scope_missing',
            'unknown_connection',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const connection = await requireConnection(dependencies.repositories.connections, organization, id);
      const { provider } = connection;
      try {
        const listed = await dependencies.listRooms(connection, listingCall(request.id));
        switch (listed.kind) {
          case 'listed':
            return { items: [...listed.rooms] };
          case 'scope_missing':
            throw new Refusal(
              'scope_missing',
              `The account has not consented to its rooms being listed: ${listed.scopes.join(' or ')}.`,
              `Let its owner consent: GET /v1/connections/${provider}/authorize?connection=${id}&scope=${encodeURIComponent(listed.scopes[0] ?? '')}.`,
            );
          case 'not_offered':
            throw new Refusal(
              'provider_not_offered',
              `Rooms of ${provider} cannot be listed.`,
              'Name the room in `room` of the slot, without a calendar.',
            );
        }
      } catch (error) {
        throw notPermitted(error, provider) ?? providerRefusal(error) ?? error;
      }
    },
  );
};

/** The provider decides in the end: the consent of a tenant can be withdrawn, and an administrator cease to be one. */
const notPermitted = (error: unknown, provider: string): Refusal | undefined =>
  error instanceof ProviderError && !isTransient(error.fault) && error.fault.kind === 'not_permitted'
    ? new Refusal(
        'scope_missing',
        `${provider} does not let this account list rooms.`,
        'Ask the administrator of the account to permit it, or connect another account.',
      )
    : undefined;
