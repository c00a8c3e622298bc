/** Reads and lists rooms, which have mailboxes of their own at Exchange. */
import { z } from 'zod';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount, RoomBusyTime, RoomCalendars, RoomListing } from '../ports.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { querySchedules, scheduleError } from './schedules.ts';

const listRooms = operationOf('microsoft', 'rooms.list');

/** https://learn.microsoft.com/graph/permissions-reference#placereadall */
const placesScope = 'Place.Read.All';

/** https://learn.microsoft.com/graph/api/place-list */
const roomsPerPage = 100;
/** More pages than any tenant has. */
const maxPages = 100;

const placesSchema = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      displayName: z.string().nullish(),
      emailAddress: z.string().nullish(),
      building: z.string().nullish(),
      capacity: z.int().nullish(),
    }),
  ),
  '@odata.nextLink': nextPageField,
});
type Place = z.infer<typeof placesSchema>['value'][number];

/** Creates the rooms. Every method throws `ProviderError`. */
export const createOutlookRooms = (client: GraphClient): RoomCalendars => ({
  /** Graph tells no ids of events in the schedule of another mailbox. */
  busyTimes: async (connection, email, window, call): Promise<readonly RoomBusyTime[]> => {
    const [schedule] = await querySchedules(client, connection, [email], window, call);
    if (schedule?.kind !== 'times') throw schedule?.error ?? scheduleError(undefined);
    return schedule.times;
  },

  listingScopes: [placesScope],

  list: async (connection, _scopes, call) => {
    const places = await listPlaces(client, connection, call);
    return places.flatMap(({ emailAddress, displayName, building, capacity }): readonly RoomListing[] =>
      emailAddress
        ? [
            {
              email: emailAddress.toLowerCase(),
              name: displayName ?? '',
              building: building ?? undefined,
              capacity: capacity ?? undefined,
            },
          ]
        : [],
    );
  },
});

/** Graph omits the link to the next page at times, so a full page is followed by another request. */
const listPlaces = async (
  client: GraphClient,
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly Place[]> => {
  const places = new Map<string, Place>();
  let path: string | undefined = `/places/microsoft.graph.room?$top=${roomsPerPage}`;
  for (let page = 0; page < maxPages; page += 1) {
    const before = places.size;
    const answer: z.output<typeof placesSchema> = await client.exchange(
      listRooms,
      connection,
      call,
      placesSchema,
      { method: 'get', path },
    );
    for (const place of answer.value) places.set(place.id, place);
    const next = answer['@odata.nextLink'];
    const isFull = answer.value.length >= roomsPerPage && places.size > before;
    if (next === undefined && !isFull) return [...places.values()];
    path =
      next === undefined
        ? `/places/microsoft.graph.room?$top=${roomsPerPage}&$skip=${places.size}`
        : pathOfLink(next);
  }
  throw graphError(listRooms, { code: 'too_many_rooms', message: `more than ${maxPages} pages of rooms` });
};
