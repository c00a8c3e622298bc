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
import { freeSlots, haveSameStarts, type TimeRange } from '../../../domain/audition/free-slots.ts';
import {
  blockSlotSchema,
  type CalendarRef,
  requestedParticipantSchema,
  windowSlotSchema,
} from '../../../domain/audition/request.ts';
import { validateWindow } from '../../../domain/audition/request-validation.ts';
import type { BusyInterval, RoomCalendar } from '../../../domain/audition/slot.ts';
import { rankSlots } from '../../../domain/audition/slot-ranking.ts';
import { placeOf, slotResources } from '../../../domain/audition/slot-resources.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { isWritableCalendarProvider } from '../../../domain/providers/vendors.ts';
import { placesOfSessions } from '../../../domain/session-blocks/session-places.ts';
import { freeSessionSlots, slotsOfSessions } from '../../../domain/session-blocks/session-slots.ts';
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
      .max(20)
      .describe('The people who must be free'),
    conflicts: conflictSettingsSchema
      .omit({ policy: true, waitFor: true })
      .optional()
      .describe("Rules about conflicts. The organization's settings hold for what is omitted"),
    limit: z.int().min(1).max(100).default(10).describe('Maximum number of slots. Default: 10'),
  })
  .strict()
  .meta({ id: 'AvailabilityRequest', description: 'Where to search for free slots, and for whom' });
type AvailabilityRequest = z.infer<typeof availabilityRequest>;
/** The participants of the request, with the ids of their calendars. */
type Participants = Awaited<
  ReturnType<typeof resolveParticipantCalendars<AvailabilityRequest['participants'][number]>>
>;

const rankedSlots = z
  .object({
    slots: z
      .array(
        z.object({
          start: instantSchema.describe('The start, in UTC'),
          end: instantSchema.describe('The end, in UTC'),
          withinWorkingHours: z
            .boolean()
            .describe('Within the working hours of every participant, which are 09:00 to 19:00 by default'),
          quietConflicts: z.int().describe('Number of participants who have quiet hours at that time'),
          room: z.string().optional().describe('The room of the session, for a slot of a session block'),
        }),
      )
      .describe('The free slots, the best first. Empty when none is free'),
  })
  .meta({ id: 'FreeSlots', description: 'Slots that are free for all participants' });

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

/** Returns when the connected calendars of the participants are busy. */
const readCalendars = async (
  { findBusy }: ApiDependencies,
  organization: OrganizationId,
  connections: readonly CalendarsToRead[],
  window: Window,
  how: Parameters<ApiDependencies['findBusy']>[4],
  call: ProviderCall,
): Promise<readonly CalendarTimes[]> =>
  Promise.all(
    connections.map(async (read) => {
      const { pointer, connection, calendars } = read;
      const busy = await reading(pointer, () =>
        findBusy(organization, { connection, calendars }, window, call, how),
      );
      return { read, busy };
    }),
  );

/** When the calendars of a connection are busy. */
interface CalendarTimes {
  readonly read: CalendarsToRead;
  readonly busy: readonly BusyInterval[];
}

/**
 * Returns whether the events of the calendars can tell more than their busy times. Those of a feed that only counts as busy
 * cannot: both are read from the same text, and no event there counts as one of ours (`foreign-events.ts`).
 */
const canTellMore = ({ provider, calendars }: CalendarsToRead): boolean =>
  isWritableCalendarProvider(provider) || calendars.some(({ isBusyOnly }) => !isBusyOnly);

/** The calendars of one connection. */
interface CalendarsToRead {
  readonly provider: CalendarRef['provider'];
  readonly connection: CalendarRef['connection'];
  readonly calendars: readonly { readonly calendarId: string; readonly isBusyOnly: boolean }[];
  /** JSON pointer of the part of the request that first names the connection. */
  readonly pointer: string;
}

/** Returns the calendars to read, those of one connection together: they are read in one call. */
const byConnection = (participants: Participants): readonly CalendarsToRead[] => {
  const groups = new Map<string, CalendarsToRead>();
  const add = ({ provider, connection, calendarId }: CalendarRef, isBusyOnly: boolean, pointer: string) => {
    const { calendars = [], ...known } = groups.get(connection) ?? { provider, connection, pointer };
    const isKnown = calendars.some((calendar) => calendar.calendarId === calendarId);
    groups.set(connection, {
      ...known,
      calendars: isKnown ? calendars : [...calendars, { calendarId, isBusyOnly }],
    });
  };
  participants.forEach(({ calendar }, index) => {
    if (calendar) add(calendar, false, `/participants/${index}/calendar`);
  });
  participants.forEach(({ busyCalendars = [] }, index) => {
    for (const busy of busyCalendars) add(busy, true, `/participants/${index}/busyCalendars`);
  });
  return [...groups.values()];
};

/** Where slots can be: in a room or by video, at any time of the window or only at these times. */
interface Place {
  readonly room?: string | undefined;
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
  const places = placesOfSessions(sessions, wish).map(({ sessions: ofRoom, ...place }) => ({
    ...place,
    slots: slotsOfSessions(ofRoom, block.definition),
  }));
  const until = sessions.reduce((last, { end }) => (end > last ? end : last), wish.earliest);
  return {
    window: { from: wish.earliest, until: until < wish.latest ? until : wish.latest },
    durationMinutes: wish.durationMinutes,
    places,
    hasDefaultHours: false,
  };
};

/**
 * Returns the best free slots of all places. A free/busy query also counts the events of our auditions, whose holds tell
 * already when they need the time. The events are read as well where they can change the result: when it would be another one
 * if those calendars were empty. The calendar of the room is read once: its times leave out our auditions.
 */
const findBest = async (
  dependencies: ApiDependencies,
  organization: OrganizationId,
  participants: Participants,
  { window, durationMinutes, places, hasDefaultHours }: Search,
  { rules, limit }: { readonly rules: ConflictRules; readonly limit: number },
  call: ProviderCall,
) => {
  const { tentative } = rules;
  const widest = Math.max(...places.map(({ room }) => calendarGap(rules, room)));
  // A search names one room with a calendar, whose sessions are one place. Other rooms of a block have none.
  const roomCalendar = places.find((place) => place.roomCalendar)?.roomCalendar;
  const { start: from, end: until } = widen({ start: window.from, end: window.until }, widest);
  const around = { from, until };
  const read = (connections: readonly CalendarsToRead[], precision: 'free_busy' | 'events') =>
    readCalendars(dependencies, organization, connections, around, { precision, tentative }, call);
  const readRoom = async () =>
    roomCalendar
      ? reading('/slot/roomCalendar', () =>
          dependencies.findRoomBusy(organization, roomCalendar, around, call, tentative),
        )
      : [];
  // Only events tell which are tentative.
  const precision = tentative === 'ignore' ? 'events' : 'free_busy';
  const [calendars, inRoom, ...held] = await Promise.all([
    read(byConnection(participants), precision),
    readRoom(),
    ...places.map((place) => listHeld(dependencies, organization, participants, place, window, rules, call)),
  ]);
  const blackouts = blackoutTimes(rules, participants);
  const bestWith = (times: readonly CalendarTimes[]) => {
    const events = times.flatMap(({ busy }) => busy);
    const free = places.flatMap(({ room, roomCalendar: ofRoom, slots }, index) => {
      const busy = [
        ...(held[index] ?? []),
        ...[...events, ...(ofRoom ? inRoom : [])].map((interval) =>
          widen(interval, gapToEvent(rules, room, interval)),
        ),
        ...blackouts,
      ];
      return slots
        ? freeSessionSlots(slots, busy, window).map((slot) => (room === undefined ? slot : { ...slot, room }))
        : freeSlots(busy, window, durationMinutes * minute);
    });
    const sorted = free.sort((one, other) => one.start.localeCompare(other.start));
    return rankSlots(sorted, participants, limit, { hasDefaultHours });
  };
  const best = bestWith(calendars);
  const [inexact, exact] = [
    calendars.filter((times) => canTellMore(times.read)),
    calendars.filter((times) => !canTellMore(times.read)),
  ];
  if (precision === 'events' || inexact.every(({ busy }) => busy.length === 0)) return best;
  if (haveSameStarts(best, bestWith(exact))) return best;
  try {
    const events = await read(
      inexact.map((times) => times.read),
      'events',
    );
    return bestWith([...exact, ...events]);
  } catch {
    // The account may see only when the calendar is busy, or the provider has just failed: the first reading holds.
    return best;
  }
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
      await checkRoom(connections, organization, { room: requestedRoom(slot), cast: () => participants });
      const call = { correlationId: request.id, signal: AbortSignal.timeout(calendarTimeoutMs) };
      const best = await findBest(dependencies, organization, participants, search, { rules, limit }, call);
      return { slots: [...best] };
    },
  );
};
