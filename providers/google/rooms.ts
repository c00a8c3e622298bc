/**
 * Reads and lists rooms, which have calendars of their own at Google:
 * https://developers.google.com/workspace/calendar/api/concepts/domain#domain_resources_and_rooms
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount, RoomBusyTime, RoomCalendars, RoomListing } from '../ports.ts';
import { queryBusyEvents } from './busy-events.ts';
import { listRoomEntries } from './calendar-list.ts';
import type { GoogleClient } from './client.ts';
import { queryFreeBusy } from './free-busy.ts';
import { jsonInteger } from './json-integer.ts';
import { readPages } from './pages.ts';
import { calendarListScope, directoryScope } from './settings.ts';

const listRooms = operationOf('google', 'rooms.list');

/** https://developers.google.com/workspace/admin/directory/reference/rest/v1/resources.calendars */
const directorySchema = z.object({
  nextPageToken: nextPageField,
  items: z
    .array(
      z.object({
        resourceEmail: z.string(),
        resourceName: z.string().default(''),
        generatedResourceName: z.string().optional().describe('With building, floor and capacity'),
        buildingId: z.string().optional(),
        capacity: jsonInteger.optional().catch(undefined),
        resourceCategory: z.string().optional().describe('CONFERENCE_ROOM, OTHER or CATEGORY_UNKNOWN'),
      }),
    )
    .default([]),
});

/** Creates the rooms. Every method throws `ProviderError`. */
export const createGoogleRooms = (client: GoogleClient): RoomCalendars => ({
  /**
   * Events tell our own from others. An account that may only see when the room is busy gets merged times.
   */
  busyTimes: async (connection, email, window, call): Promise<readonly RoomBusyTime[]> => {
    try {
      const events = await queryBusyEvents(client, connection, email, window, call);
      return events.map(({ start, end, busy, eventId }) => ({ kind: 'event', start, end, busy, eventId }));
    } catch (error) {
      if (!isHidden(error)) throw error;
    }
    const busy = await queryFreeBusy(client, connection, [email], window, call);
    return busy.map(({ start, end }) => ({ kind: 'merged', start, end, busy: 'busy' }));
  },

  listingScopes: [calendarListScope, directoryScope],

  /** Only an administrator may read the directory. Everybody else sees the rooms in their own list of calendars. */
  list: async (connection, scopes, call) => {
    if (scopes.includes(directoryScope)) {
      try {
        return await listDirectory(client, connection, call);
      } catch (error) {
        if (!isHidden(error) || !scopes.includes(calendarListScope)) throw error;
      }
    }
    return listCalendarList(client, connection, call);
  },
});

const isHidden = (error: unknown): boolean =>
  error instanceof ProviderError &&
  (error.fault.kind === 'not_permitted' || error.fault.kind === 'not_found');

/** Returns all rooms of the organization: https://developers.google.com/workspace/admin/directory/reference/rest/v1/resources.calendars/list */
const listDirectory = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly RoomListing[]> => {
  const items = await readPages(listRooms, (page) =>
    client.exchangeWithDirectory(listRooms, connection, call, directorySchema, (directory, options) =>
      directory.resources.calendars.list({ customer: 'my_customer', maxResults: 500, ...page }, options),
    ),
  );
  return items
    .filter(({ resourceCategory }) => resourceCategory !== 'OTHER')
    .map(({ resourceEmail, resourceName, generatedResourceName, buildingId, capacity }) => ({
      email: resourceEmail.toLowerCase(),
      name: resourceName || (generatedResourceName ?? ''),
      building: buildingId,
      capacity,
    }));
};

/** Returns the rooms that the person has added to the list of calendars. */
const listCalendarList = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly RoomListing[]> => {
  const rooms = await listRoomEntries(client, listRooms, connection, call);
  return rooms.map(({ id, name }) => ({ email: id.toLowerCase(), name }));
};
