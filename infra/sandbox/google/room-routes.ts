/** Serves the rooms of the organization: https://developers.google.com/workspace/admin/directory/reference/rest/v1/resources.calendars/list */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GoogleSandboxSettings } from '../settings.ts';
import { GoogleError, googleErrors, invalid } from './errors.ts';
import type { Rooms } from './rooms.ts';

const querySchema = z.object({
  maxResults: z.coerce.number().int().min(1).max(500).default(100),
  pageToken: z.string().regex(/^\d+$/).optional(),
});

/** Registers the route. */
export const roomRoutes = (
  app: FastifyInstance,
  {
    settings,
    rooms,
    accountOf,
  }: {
    readonly settings: Pick<GoogleSandboxSettings, 'administrators'>;
    readonly rooms: Pick<Rooms, 'all'>;
    readonly accountOf: (request: FastifyRequest) => string;
  },
) => {
  app.get<{ Params: { customer: string } }>(
    '/admin/directory/v1/customer/:customer/resources/calendars',
    { config: { operation: 'resources.calendars.list' } },
    (request) => {
      const account = accountOf(request);
      if (!settings.administrators.includes(account) || request.params.customer !== 'my_customer') {
        throw new GoogleError(googleErrors.notAdministrator);
      }
      const query = querySchema.safeParse(request.query);
      if (!query.success) throw invalid('Invalid Input: maxResults or pageToken');
      const from = Number(query.data.pageToken ?? 0);
      const until = from + query.data.maxResults;
      const all = rooms.all();
      return {
        kind: 'admin#directory#resources#calendars#calendarResourcesList',
        ...(until < all.length ? { nextPageToken: String(until) } : {}),
        items: all.slice(from, until).map(({ email, name, building, capacity }, index) => ({
          kind: 'admin#directory#resources#calendars#CalendarResource',
          resourceId: String(from + index + 1),
          resourceEmail: email,
          resourceName: name,
          generatedResourceName: [building, name, capacity && `(${capacity})`].filter(Boolean).join('-'),
          resourceCategory: 'CONFERENCE_ROOM',
          ...(building === undefined ? {} : { buildingId: building }),
          ...(capacity === undefined ? {} : { capacity }),
        })),
      };
    },
  );
};
