/** Serves the routes of Google Calendar v3. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import type { GoogleSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import {
  aclRuleSchema,
  calendarListQuerySchema,
  listCalendars,
  listEntryBodySchema,
  newListEntrySchema,
  putEntry,
} from './calendar-list.ts';
import type { Calendar, Calendars } from './calendars.ts';
import { type Channels, stopSchema, watchSchema } from './channels.ts';
import { GoogleError, googleErrors, invalid } from './errors.ts';
import { renderDeleted, renderEvent, type StoredEvent } from './event.ts';
import { eventQuerySchema, listEvents } from './event-listing.ts';
import { type EventWriting, eventBodySchema, type WriteOptions } from './event-writing.ts';
import { answerFreeBusyQuery, freeBusyRequestSchema } from './free-busy.ts';
import { selectFields } from './partial-response.ts';
import { isMember } from './person.ts';
import { roomRoutes } from './room-routes.ts';
import type { Rooms } from './rooms.ts';

export interface CalendarRouteParts {
  readonly settings: GoogleSandboxSettings;
  readonly calendars: Calendars;
  readonly channels: Channels;
  readonly writing: EventWriting;
  readonly rooms: Rooms;
  readonly accountOf: (request: FastifyRequest) => string;
  readonly clock: Clock;
}

interface CalendarPath {
  Params: { calendarId: string };
}
interface EventPath {
  Params: { calendarId: string; eventId: string };
}

/**
 * Parses a request.
 *
 * @throws {GoogleError} a 400 that names the first invalid field.
 */
const read = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(`Invalid value for: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
};

/** https://developers.google.com/workspace/calendar/api/v3/reference/events/insert#parameters */
const writeQuery = z.object({
  conferenceDataVersion: z.coerce.number().int().min(0).max(1).default(0),
  sendUpdates: z.enum(['all', 'externalOnly', 'none']).optional(),
});

const fieldsQuery = z.object({ fields: z.string().optional() });

const writeOptions = (request: FastifyRequest): WriteOptions => {
  const { conferenceDataVersion } = read(writeQuery, request.query);
  return { conferenceDataVersion, ifMatch: request.headers['if-match'] };
};

const newCalendar = z.object({
  summary: z.string().min(1),
  timeZone: z
    .string()
    .refine((zone) => IANAZone.create(zone).isValid, 'not an IANA time zone')
    .optional(),
});

/** Longer lists are reduced to the owner of the calendar. */
const withAttendees = (event: ReturnType<typeof renderEvent>, most: number | undefined) =>
  most !== undefined && event.attendees && event.attendees.length > most
    ? {
        ...event,
        attendees: event.attendees.filter((attendee) => 'self' in attendee),
        attendeesOmitted: true,
      }
    : event;

const eventsPath = '/calendar/v3/calendars/:calendarId/events';
const eventPath = `${eventsPath}/:eventId`;

const eventRoutes = (
  app: FastifyInstance,
  { settings, calendars, writing, rooms, accountOf, clock }: CalendarRouteParts,
) => {
  const render = (calendar: Calendar, event: StoredEvent) =>
    renderEvent(
      event,
      { calendarId: calendar.id, owner: calendar.owner, timeZone: calendar.timeZone },
      clock(),
    );
  /** Returns the calendar to write to. Only the room itself writes to its calendar. */
  const calendarOf = (request: FastifyRequest<CalendarPath>): Calendar => {
    const account = accountOf(request);
    const { calendarId } = request.params;
    const access = calendars.accessTo(account, calendarId);
    if (access?.role === 'owner' || access?.role === 'writer') return access.calendar;
    if (access) throw new GoogleError(googleErrors.writerRequired);
    if (rooms.find(calendarId) && isMember(account)) throw new GoogleError(googleErrors.writerRequired);
    return calendars.get(account, calendarId);
  };
  /** Returns the calendar to read. Busy times alone are no events. Members of the organization see the calendars of its rooms, as these are shared. */
  const readableOf = (request: FastifyRequest<CalendarPath>): Calendar => {
    const account = accountOf(request);
    const { calendarId } = request.params;
    const access = calendars.accessTo(account, calendarId);
    if (access?.role === 'freeBusyReader') throw new GoogleError(googleErrors.requiredAccessLevel);
    if (access) return access.calendar;
    const room = rooms.find(calendarId);
    if (!room || !isMember(account) || room.shares === 'none') {
      return calendars.get(account, calendarId);
    }
    if (room.shares === 'busy') throw new GoogleError(googleErrors.requiredAccessLevel);
    return calendars.open(room.email);
  };

  app.post<CalendarPath>(eventsPath, { config: { operation: 'events.insert' } }, (request) => {
    const calendar = calendarOf(request);
    return render(
      calendar,
      writing.insert(calendar, read(eventBodySchema, request.body), writeOptions(request)),
    );
  });

  app.get<CalendarPath>(eventsPath, { config: { operation: 'events.list' } }, (request) => {
    const calendar = readableOf(request);
    const query = read(eventQuerySchema, request.query);
    const { syncTokenMs, pageTokenMs, eventsPerPage } = settings;
    const { events, nextPageToken, nextSyncToken } = listEvents(calendar, query, {
      epoch: calendars.syncEpoch,
      revision: calendars.revision,
      sharedAt: calendars.sharedAt(calendar),
      now: clock(),
      syncTokenMs,
      pageTokenMs,
      eventsPerPage,
    });
    const answer = {
      kind: 'calendar#events',
      summary: calendar.summary,
      timeZone: calendar.timeZone,
      accessRole: 'owner',
      defaultReminders: [],
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
      ...(nextSyncToken === undefined ? {} : { nextSyncToken }),
      items: events.map((event) =>
        query.syncToken !== undefined && event.status === 'cancelled'
          ? renderDeleted(event)
          : withAttendees(render(calendar, event), query.maxAttendees),
      ),
    };
    return query.fields === undefined ? answer : selectFields(answer, query.fields);
  });

  app.get<EventPath>(eventPath, { config: { operation: 'events.get' } }, (request) => {
    const calendar = readableOf(request);
    const { fields } = read(fieldsQuery, request.query);
    const event = calendar.events.get(request.params.eventId);
    if (!event) throw new GoogleError(googleErrors.notFound);
    const answer = render(calendar, event);
    return fields === undefined ? answer : selectFields(answer, fields);
  });

  app.get<EventPath>(`${eventPath}/instances`, { config: { operation: 'events.instances' } }, (request) => {
    const calendar = readableOf(request);
    const { eventId } = request.params;
    if (!calendar.events.has(eventId)) throw new GoogleError(googleErrors.notFound);
    const instances = [...calendar.events.values()].filter(
      ({ instanceOf, status }) => instanceOf?.id === eventId && status !== 'cancelled',
    );
    return {
      kind: 'calendar#events',
      timeZone: calendar.timeZone,
      items: instances.map((event) => render(calendar, event)),
    };
  });

  /** The event keeps its id: https://developers.google.com/workspace/calendar/api/v3/reference/events/move */
  app.post<EventPath>(`${eventPath}/move`, { config: { operation: 'events.move' } }, (request) => {
    const calendar = calendarOf(request);
    const { destination } = read(z.object({ destination: z.string() }), request.query);
    const target = calendars.get(accountOf(request), destination);
    return render(target, writing.move(calendar, request.params.eventId, target));
  });

  app.patch<EventPath>(eventPath, { config: { operation: 'events.patch' } }, (request) => {
    const calendar = calendarOf(request);
    const body = read(eventBodySchema, request.body);
    return render(calendar, writing.patch(calendar, request.params.eventId, body, writeOptions(request)));
  });

  app.put<EventPath>(eventPath, { config: { operation: 'events.update' } }, (request) => {
    const calendar = calendarOf(request);
    const body = read(eventBodySchema, request.body);
    return render(calendar, writing.update(calendar, request.params.eventId, body, writeOptions(request)));
  });

  app.delete<EventPath>(eventPath, { config: { operation: 'events.delete' } }, async (request, reply) => {
    writing.remove(calendarOf(request), request.params.eventId, writeOptions(request));
    return reply.code(204).send();
  });
};

/** Registers the routes of Google Calendar v3. */
export const calendarRoutes = (app: FastifyInstance, parts: CalendarRouteParts) => {
  const { settings, calendars, channels, rooms, accountOf } = parts;
  eventRoutes(app, parts);
  roomRoutes(app, parts);

  app.post<CalendarPath>(`${eventsPath}/watch`, { config: { operation: 'events.watch' } }, (request) => {
    const account = accountOf(request);
    const access = calendars.accessTo(account, request.params.calendarId);
    if (access?.role === 'freeBusyReader') throw new GoogleError(googleErrors.requiredAccessLevel);
    const calendar = access?.calendar ?? calendars.get(account, request.params.calendarId);
    return channels.watch(account, calendar, read(watchSchema, request.body));
  });

  app.post(
    '/calendar/v3/channels/stop',
    { config: { operation: 'channels.stop' } },
    async (request, reply) => {
      channels.stop(accountOf(request), read(stopSchema, request.body));
      return reply.code(204).send();
    },
  );

  app.post('/calendar/v3/freeBusy', { config: { operation: 'freebusy.query' } }, (request) => {
    const account = accountOf(request);
    const query = read(freeBusyRequestSchema, request.body);
    return answerFreeBusyQuery(query, account, calendars, settings, rooms);
  });

  const listPath = '/calendar/v3/users/me/calendarList';
  app.get(listPath, { config: { operation: 'calendarList.list' } }, (request) =>
    listCalendars(
      accountOf(request),
      read(calendarListQuerySchema, request.query),
      calendars,
      rooms,
      settings.timeZone,
    ),
  );

  app.post(listPath, { config: { operation: 'calendarList.insert' } }, (request) => {
    const account = accountOf(request);
    const { id, ...entry } = read(newListEntrySchema, request.body);
    return putEntry(account, id, { ...entry, deleted: false }, { calendars, isNew: true });
  });

  app.patch<CalendarPath>(
    `${listPath}/:calendarId`,
    { config: { operation: 'calendarList.patch' } },
    (request) =>
      putEntry(accountOf(request), request.params.calendarId, read(listEntryBodySchema, request.body), {
        calendars,
      }),
  );

  app.delete<CalendarPath>(
    `${listPath}/:calendarId`,
    { config: { operation: 'calendarList.delete' } },
    async (request, reply) => {
      putEntry(accountOf(request), request.params.calendarId, { deleted: true }, { calendars });
      return reply.code(204).send();
    },
  );

  app.post<CalendarPath>(
    '/calendar/v3/calendars/:calendarId/acl',
    { config: { operation: 'acl.insert' } },
    (request) => {
      const calendar = calendars.get(accountOf(request), request.params.calendarId);
      const { role, scope } = read(aclRuleSchema, request.body);
      calendars.share(calendar, scope.value, role);
      return { kind: 'calendar#aclRule', id: `user:${scope.value}`, role, scope };
    },
  );

  app.delete<CalendarPath>(
    '/calendar/v3/calendars/:calendarId',
    { config: { operation: 'calendars.delete' } },
    async (request, reply) => {
      const account = accountOf(request);
      const calendar = calendars.get(account, request.params.calendarId);
      if (calendar.id === account) throw invalid('Cannot delete the primary calendar.');
      calendars.remove(calendar);
      return reply.code(204).send();
    },
  );

  app.post('/calendar/v3/calendars', { config: { operation: 'calendars.insert' } }, (request) => {
    const owner = accountOf(request);
    const { summary, timeZone } = read(newCalendar, request.body);
    const id = `c_${randomBytes(16).toString('hex')}@group.calendar.google.com`;
    const calendar = calendars.add({ id, owner, summary, timeZone: timeZone ?? settings.timeZone });
    return { kind: 'calendar#calendar', id, summary, timeZone: calendar.timeZone };
  });
};
