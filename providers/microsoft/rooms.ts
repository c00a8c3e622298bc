/** Reads and lists rooms, which have mailboxes of their own at Exchange. */
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { hour, minute } from '../../domain/time/units.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount, RoomBusyTime, RoomCalendars, RoomListing } from '../ports.ts';
import { graphTimeOf, graphTimeSchema, instantOf } from './event-time.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';

const listRooms = operationOf('microsoft', 'rooms.list');
const freeBusy = operationOf('microsoft', 'calendar.freeBusy');

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
  '@odata.nextLink': z.string().optional(),
});
type Place = z.infer<typeof placesSchema>['value'][number];

/** https://learn.microsoft.com/graph/api/resources/scheduleinformation */
const schedulesSchema = z.object({
  value: z.array(
    z.object({
      error: z
        .object({ message: z.string().nullish(), responseCode: z.string().nullish() })
        .nullish()
        .describe('Why this schedule cannot be read'),
      availabilityView: z.string().nullish().describe('One digit for each interval'),
      scheduleItems: z
        .array(z.object({ status: z.string().nullish(), start: graphTimeSchema, end: graphTimeSchema }))
        .nullish()
        .describe('Absent when the account may only see when the room is busy'),
    }),
  ),
});
type Schedule = z.infer<typeof schedulesSchema>['value'][number];

/** The shortest interval: https://learn.microsoft.com/graph/api/calendar-getschedule#request-body */
const viewMinutes = 5;
const intervalMs = viewMinutes * minute;

/** Creates the rooms. Every method throws `ProviderError`. */
export const createOutlookRooms = (client: GraphClient): RoomCalendars => ({
  /** Graph tells no ids of events in the schedule of another mailbox. */
  busyTimes: async (connection, email, window, call): Promise<readonly RoomBusyTime[]> => {
    // A window shorter than the interval of the view would be refused.
    const start = Math.floor(toEpochMs(window.from) / hour) * hour;
    const end = Math.ceil(toEpochMs(window.until) / hour) * hour;
    const { value } = await client.exchange(freeBusy, connection, call, schedulesSchema, {
      method: 'post',
      path: '/me/calendar/getSchedule',
      body: {
        schedules: [email],
        startTime: graphTimeOf(toInstant(start)),
        endTime: graphTimeOf(toInstant(end)),
        availabilityViewInterval: viewMinutes,
      },
    });
    const [schedule] = value;
    if (!schedule || schedule.error) throw scheduleError(schedule?.error);
    return timesOf(schedule, start).filter((time) => time.end > window.from && time.start < window.until);
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

const scheduleError = (error: Schedule['error']) =>
  graphError(freeBusy, {
    code: error?.responseCode ?? 'schedule_missing',
    message: error?.message ?? 'the answer has no schedule of the room',
  });

const timesOf = ({ scheduleItems, availabilityView }: Schedule, start: number): readonly RoomBusyTime[] => {
  if (scheduleItems) {
    return scheduleItems.flatMap((item): readonly RoomBusyTime[] => {
      const busy = busyKindOf(item.status ?? '');
      const interval = intervalOf(item);
      return busy && interval ? [{ kind: 'time', ...interval, busy }] : [];
    });
  }
  if (availabilityView === null || availabilityView === undefined) throw scheduleError(undefined);
  return timesInView(availabilityView, start);
};

/** https://learn.microsoft.com/graph/api/resources/scheduleitem. The documentation spells the values in both cases. */
const busyKindOf = (status: string): RoomBusyTime['busy'] | undefined => {
  switch (status.toLowerCase()) {
    case 'free':
    case 'workingelsewhere':
      return undefined;
    case 'tentative':
      return 'tentative';
    default:
      return 'busy';
  }
};

const intervalOf = ({
  start,
  end,
}: NonNullable<Schedule['scheduleItems']>[number]): BusyInterval | undefined => {
  const [begins, ends] = [instantOf(start), instantOf(end)];
  return begins !== undefined && ends !== undefined && begins < ends
    ? { start: begins, end: ends }
    : undefined;
};

/** Free is 0, and 4 for someone who works elsewhere. Tentative is 1. */
const timesInView = (view: string, start: number): readonly RoomBusyTime[] =>
  Array.from(view).flatMap((digit, index): readonly RoomBusyTime[] => {
    if (digit === '0' || digit === '4') return [];
    const begins = start + index * intervalMs;
    return [
      {
        kind: 'merged',
        start: toInstant(begins),
        end: toInstant(begins + intervalMs),
        busy: digit === '1' ? 'tentative' : 'busy',
      },
    ];
  });
