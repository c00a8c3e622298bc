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
import { freeSlots } from '../../../domain/audition/free-slots.ts';
import { participantSchema, windowSlotSchema } from '../../../domain/audition/request.ts';
import { validateWindow } from '../../../domain/audition/request-validation.ts';
import type { BusyInterval } from '../../../domain/audition/slot.ts';
import { rankSlots } from '../../../domain/audition/slot-ranking.ts';
import { placeOf, slotResources } from '../../../domain/audition/slot-resources.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { instantSchema } from '../../../domain/time/instant.ts';
import { checkZone } from '../../../domain/time/local-time.ts';
import { roomCalendarName } from '../../../providers/calendar-names.ts';
import { callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import { checkConnections } from '../../auditions/check-connections.ts';
import { checkRoom } from '../../auditions/check-room.ts';
import type { ApiDependencies, ProviderCall } from '../../dependencies.ts';
import { providerRefusal } from '../../problems/provider-faults.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

const minute = 60_000;

const availabilityRequest = z
  .object({
    slot: windowSlotSchema,
    participants: z
      .array(
        participantSchema
          .pick({
            id: true,
            zone: true,
            quietHours: true,
            workingHours: true,
            blackouts: true,
            calendar: true,
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

const rankedSlots = z.object({
  slots: z.array(
    z.object({
      start: instantSchema,
      end: instantSchema,
      withinWorkingHours: z
        .boolean()
        .describe('Within the working hours of every participant, which are 09:00 to 19:00 by default'),
      quietConflicts: z.int().describe('Number of participants who have quiet hours at that time'),
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
  { slot, participants }: AvailabilityRequest,
  window: Window,
  rules: ConflictRules,
  call: ProviderCall,
) => {
  const named = participants.flatMap(({ calendar }) => (calendar ? [calendar] : []));
  const names = await Promise.all(named.map((calendar) => nameCalendar(organization, calendar, call)));
  const roomNames = slot.roomCalendar ? [roomCalendarName(slot.roomCalendar)] : [];
  const needs = {
    organization,
    resources: slotResources(participants, slot.room, [...names.flat(), ...roomNames]),
    gaps: { buffer: rules.buffer, travel: rules.travel, place: placeOf(organization, slot.room) },
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

/** Returns the times that are not free: held by auditions, busy in a connected calendar, or in a blackout. */
const readBusyIntervals = async (
  dependencies: ApiDependencies,
  organization: OrganizationId,
  request: AvailabilityRequest,
  window: Window,
  rules: ConflictRules,
  call: ProviderCall,
): Promise<readonly BusyInterval[]> => {
  const { participants, slot } = request;
  const { roomCalendar } = slot;
  const gap = calendarGap(rules, slot.room);
  const { start: from, end: until } = widen({ start: window.from, end: window.until }, gap);
  const [held, ...busy] = await Promise.all([
    listHeld(dependencies, organization, request, window, rules, call),
    ...participants.flatMap(({ calendar }, index) =>
      calendar
        ? [
            reading(`/participants/${index}/calendar`, () =>
              dependencies.findBusy(organization, calendar, { from, until }, call, rules.tentative),
            ),
          ]
        : [],
    ),
    ...(roomCalendar
      ? [
          reading('/slot/roomCalendar', () =>
            dependencies.findRoomBusy(organization, roomCalendar, { from, until }, call, rules.tentative),
          ),
        ]
      : []),
  ]);
  return [
    ...held,
    ...busy.flat().map((interval) => widen(interval, gapToEvent(rules, slot.room, interval))),
    ...blackoutTimes(rules, participants),
  ];
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
            'invalid_body',
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
            'duration_too_short',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { slot, participants, limit, conflicts } = request.body;
      participants.forEach(({ zone }, index) => checkZone(zone, [`/participants/${index}/zone`]));
      const { earliest, latest, durationMinutes, roomCalendar } = validateWindow(slot, dependencies.now());
      const settings = await dependencies.repositories.organizations.get(organization);
      const rules = resolveConflictRules(conflicts, settings?.conflicts);
      await checkConnections(dependencies.repositories.connections, organization, participants);
      await checkRoom(dependencies.repositories.connections, organization, roomCalendar);
      const window = { from: earliest, until: latest };
      const call = { correlationId: request.id, signal: AbortSignal.timeout(calendarTimeoutMs) };
      // The address of the room as it is compared.
      const asked = { ...request.body, slot: { ...slot, roomCalendar } };
      const busy = await readBusyIntervals(dependencies, organization, asked, window, rules, call);
      const free = freeSlots(busy, window, durationMinutes * minute);
      return { slots: [...rankSlots(free, participants, limit)] };
    },
  );
};
