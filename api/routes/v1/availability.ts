/** /v1/availability: finds times at which all participants are free, the best first. Holds nothing. */
import { z } from 'zod';
import { blackoutTimes } from '../../../domain/audition/blackouts.ts';
import {
  type ConflictRules,
  calendarGap,
  gapToEvent,
  widen,
} from '../../../domain/audition/conflict-rules.ts';
import { conflictSettingsSchema, resolveConflictRules } from '../../../domain/audition/conflict-settings.ts';
import { freeSlots, type TimeRange } from '../../../domain/audition/free-slots.ts';
import {
  blockSlotSchema,
  type CalendarRef,
  requestedParticipantSchema,
  windowSlotSchema,
} from '../../../domain/audition/request.ts';
import { validateWindow } from '../../../domain/audition/request-validation.ts';
import { canonicalRoom } from '../../../domain/audition/rooms.ts';
import type { BusyInterval, RoomCalendar } from '../../../domain/audition/slot.ts';
import { rankSlots } from '../../../domain/audition/slot-ranking.ts';
import { placeOf, slotResources } from '../../../domain/audition/slot-resources.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { freeSessionSlots, slotsOfSession } from '../../../domain/session-blocks/session-slots.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { instantSchema } from '../../../domain/time/instant.ts';
import { checkZone } from '../../../domain/time/local-time.ts';
import { roomCalendarName } from '../../../providers/calendar-names.ts';
import { sessionsIn } from '../../../providers/icalendar/session-occurrences.ts';
import { callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import { checkRoom, requestedRoom } from '../../auditions/check-room.ts';
import { resolveParticipantCalendars } from '../../auditions/participant-calendars.ts';
import type { ApiDependencies, ProviderCall } from '../../dependencies.ts';
import { providerRefusal } from '../../problems/provider-faults.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';
import { readBlockSearch } from '../../session-blocks/slot-wish.ts';

const minute = 60_000;

const availabilityRequest = z
  .object({
    slot: z
      .union([windowSlotSchema, blockSlotSchema])
      .describe('A window, or a session block whose free slots are listed'),
    participants: z
      .array(
        requestedParticipantSchema
          .pick({
            id: true,
            zone: true,
            quietHours: true,
            workingHours: true,
            blackouts: true,
            calendar: true,
            busyCalendars: true,
          })
          .strict(),
      )
      .min(1)
      .max(20),
    conflicts: conflictSettingsSchema
      .omit({ policy: true, waitFor: true })
      .optional()
      .describe("Rules about conflicts. The organization's settings hold for what is omitted"),
    limit: z.int().min(1).max(100).default(10).describe('Maximum number of slots'),
  })
  .strict();
type AvailabilityRequest = z.infer<typeof availabilityRequest>;
/** The participants of the request, with the ids of their calendars. */
type Participants = Awaited<
  ReturnType<typeof resolveParticipantCalendars<AvailabilityRequest['participants'][number]>>
>;

const rankedSlots = z.object({
  slots: z.array(
    z.object({
      start: instantSchema,
      end: instantSchema,
      withinWorkingHours: z
        .boolean()
        .describe('Within the working hours of every participant, which are 09:00 to 19:00 by default'),
      quietConflicts: z.int().describe('Number of participants who have quiet hours at that time'),
      room: z.string().optional().describe('The room of the session, for a slot of a session block'),
    }),
  ),
});

interface Window {
  readonly from: BusyInterval['start'];
  readonly until: BusyInterval['end'];
}

/** Returns the times that auditions hold for the participants, their calendars and the room. */
const listHeld = async (
  { repositories: { holds }, nameCalendar }: ApiDependencies,
  organization: OrganizationId,
  participants: Participants,
  { room, roomCalendar }: Pick<Place, 'room' | 'roomCalendar'>,
  window: Window,
  rules: ConflictRules,
  call: ProviderCall,
) => {
  const named = participants.flatMap(({ calendar }) => (calendar ? [calendar] : []));
  const names = await Promise.all(named.map((calendar) => nameCalendar(organization, calendar, call)));
  const roomNames = roomCalendar ? [roomCalendarName(roomCalendar)] : [];
  const needs = {
    organization,
    resources: slotResources(participants, room, [...names.flat(), ...roomNames]),
    gaps: { buffer: rules.buffer, travel: rules.travel, place: placeOf(organization, room) },
  };
  return holds.listBusy(needs, window);
};

/** Returns what was read. @throws {Refusal} that names the calendar which cannot be read */
const reading = async (
  pointer: string,
  read: () => Promise<readonly BusyInterval[]>,
): Promise<readonly BusyInterval[]> => {
  try {
    return await read();
  } catch (error) {
    throw providerRefusal(error, [pointer]) ?? error;
  }
};

/** Returns when the connected calendars are busy. @param gap how far around the window they matter, in milliseconds */
const readCalendars = async (
  dependencies: ApiDependencies,
  organization: OrganizationId,
  participants: Participants,
  roomCalendar: RoomCalendar | undefined,
  window: Window,
  gap: number,
  rules: ConflictRules,
  call: ProviderCall,
): Promise<readonly BusyInterval[]> => {
  const { start: from, end: until } = widen({ start: window.from, end: window.until }, gap);
  const busy = await Promise.all([
    ...byConnection(participants).map(({ pointer, ...calendars }) =>
      reading(pointer, () =>
        dependencies.findBusy(organization, calendars, { from, until }, call, rules.tentative),
      ),
    ),
    ...(roomCalendar
      ? [
          reading('/slot/roomCalendar', () =>
            dependencies.findRoomBusy(organization, roomCalendar, { from, until }, call, rules.tentative),
          ),
        ]
      : []),
  ]);
  return busy.flat();
};

/** The calendars of one connection. */
interface CalendarsToRead {
  readonly connection: CalendarRef['connection'];
  readonly calendarIds: readonly string[];
  /** JSON pointer of the part of the request that first names the connection. */
  readonly pointer: string;
}

/** Returns the calendars to read, those of one connection together: they are read in one call. */
const byConnection = (participants: Participants): readonly CalendarsToRead[] => {
  const groups = new Map<string, CalendarsToRead>();
  const add = ({ connection, calendarId }: CalendarRef, pointer: string) => {
    const { calendarIds = [], ...known } = groups.get(connection) ?? { connection, pointer };
    groups.set(connection, { ...known, calendarIds: [...new Set([...calendarIds, calendarId])] });
  };
  participants.forEach(({ calendar, busyCalendars = [] }, index) => {
    if (calendar) add(calendar, `/participants/${index}/calendar`);
    for (const busy of busyCalendars) add(busy, `/participants/${index}/busyCalendars`);
  });
  return [...groups.values()];
};

/** Where slots can be: in a room or by video, at any time of the window or only at these times. */
interface Place {
  readonly room: string | undefined;
  readonly roomCalendar?: RoomCalendar | undefined;
  readonly slots?: readonly TimeRange[];
}

interface Search {
  readonly window: Window;
  readonly durationMinutes: number;
  readonly places: readonly Place[];
  /** Whether participants without working hours have the default ones. */
  readonly hasDefaultHours: boolean;
}

const readSearch = async (
  { repositories: { sessionBlocks }, now }: ApiDependencies,
  organization: OrganizationId,
  slot: AvailabilityRequest['slot'],
): Promise<Search> => {
  if (!('block' in slot)) {
    // The address of the room as it is compared.
    const { earliest, latest, durationMinutes, room, roomCalendar } = validateWindow(slot, now());
    const window = { from: earliest, until: latest };
    return { window, durationMinutes, places: [{ room, roomCalendar }], hasDefaultHours: true };
  }
  const { block, wish } = await readBlockSearch(slot, { sessionBlocks, organization, now: now() });
  const sessions = sessionsIn(block, { start: toEpochMs(wish.earliest), end: toEpochMs(wish.latest) });
  const byRoom = Map.groupBy(sessions, ({ room }) => (room === undefined ? undefined : canonicalRoom(room)));
  const places = [...byRoom.values()].map((ofRoom) => ({
    room: ofRoom[0]?.room,
    slots: ofRoom.flatMap((session) => slotsOfSession(session, block.definition)),
  }));
  const until = sessions.reduce((last, { end }) => (end > last ? end : last), wish.earliest);
  return {
    window: { from: wish.earliest, until: until < wish.latest ? until : wish.latest },
    durationMinutes: wish.durationMinutes,
    places,
    hasDefaultHours: false,
  };
};

/** Returns the free slots of all places, the earliest first. */
const findFree = async (
  dependencies: ApiDependencies,
  organization: OrganizationId,
  participants: Participants,
  { window, durationMinutes, places }: Search,
  rules: ConflictRules,
  call: ProviderCall,
) => {
  const widest = Math.max(...places.map(({ room }) => calendarGap(rules, room)));
  // Only a search in a window names a room with a calendar, and it has one place.
  const roomCalendar = places.find((place) => place.roomCalendar)?.roomCalendar;
  const [calendars, ...held] = await Promise.all([
    readCalendars(dependencies, organization, participants, roomCalendar, window, widest, rules, call),
    ...places.map((place) => listHeld(dependencies, organization, participants, place, window, rules, call)),
  ]);
  const blackouts = blackoutTimes(rules, participants);
  return places
    .flatMap(({ room, slots }, index) => {
      const busy = [
        ...(held[index] ?? []),
        ...calendars.map((interval) => widen(interval, gapToEvent(rules, room, interval))),
        ...blackouts,
      ];
      const free = slots
        ? freeSessionSlots(slots, busy, window).map((slot) => (room === undefined ? slot : { ...slot, room }))
        : freeSlots(busy, window, durationMinutes * minute);
      return free;
    })
    .sort((one, other) => one.start.localeCompare(other.start));
};

/** Maximum time to wait for all calendars together. */
const calendarTimeoutMs = 10_000;

/** Registers the route. */
export const availabilityRoutes = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/availability',
    {
      schema: {
        operationId: 'findAvailability',
        tags: ['Availability'],
        summary: 'Find free slots',
        description: 'Ranked by working hours, then by quiet hours, then by time.',
        body: availabilityRequest,
        response: {
          200: jsonResponse('Free slots, the best first', rankedSlots),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'slot_in_the_past',
            'nothing_free',
            'unknown_zone',
            'local_time_in_gap',
            'local_time_ambiguous',
            'slot_ends_before_start',
            'slot_too_long',
            'slot_too_far_ahead',
            'unknown_connection',
            'calendar_not_chosen',
            'unknown_session_block',
            'duration_too_short',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { slot, participants: requested, limit, conflicts } = request.body;
      requested.forEach(({ zone }, index) => checkZone(zone, [`/participants/${index}/zone`]));
      const search = await readSearch(dependencies, organization, slot);
      const settings = await dependencies.repositories.organizations.get(organization);
      const rules = resolveConflictRules(conflicts, settings?.conflicts);
      const { connections } = dependencies.repositories;
      const participants = await resolveParticipantCalendars(requested, { connections, organization });
      await checkRoom(connections, organization, requestedRoom(slot));
      const call = { correlationId: request.id, signal: AbortSignal.timeout(calendarTimeoutMs) };
      const free = await findFree(dependencies, organization, participants, search, rules, call);
      const { hasDefaultHours } = search;
      return { slots: [...rankSlots(free, participants, limit, { hasDefaultHours })] };
    },
  );
};
