/** Serves the rooms of the tenant: https://learn.microsoft.com/graph/api/place-list */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { originOf } from '../oauth/id-token.ts';
import { objectIdOf } from './person.ts';
import { readBody } from './request-body.ts';
import type { Rooms } from './rooms.ts';

const querySchema = z.strictObject({
  $top: z.coerce.number().int().min(1).max(100).default(100),
  $skip: z.coerce.number().int().min(0).default(0),
});

/** Registers the route. @param checkScope throws {GraphError} without the scope for places */
export const microsoftPlaceRoutes = (
  app: FastifyInstance,
  {
    rooms,
    checkScope,
  }: { readonly rooms: Pick<Rooms, 'all'>; readonly checkScope: (request: FastifyRequest) => void },
) => {
  app.get('/v1.0/places/microsoft.graph.room', { config: { operation: 'places.rooms' } }, (request) => {
    checkScope(request);
    const { $top, $skip } = readBody(querySchema, request.query);
    const all = rooms.all();
    const next = new URL(request.url, originOf(request));
    next.searchParams.set('$skip', String($skip + $top));
    return {
      '@odata.context': `${originOf(request)}/v1.0/$metadata#places/microsoft.graph.room`,
      value: all.slice($skip, $skip + $top).map(({ email, name, building, capacity }) => ({
        id: objectIdOf(email),
        displayName: name,
        emailAddress: email,
        bookingType: 'standard',
        building: building ?? null,
        capacity: capacity ?? null,
      })),
      ...($skip + $top < all.length ? { '@odata.nextLink': next.href } : {}),
    };
  });
};
