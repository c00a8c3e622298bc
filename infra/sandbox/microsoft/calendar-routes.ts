/** Serves the calendars of Graph: https://learn.microsoft.com/graph/api/resources/calendar */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { originOf } from '../oauth/id-token.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import { type Calendar, type Calendars, type SharedCalendar, sharingRoles } from './calendars.ts';
import { changeQuerySchema, listViewChanges } from './change-query.ts';
import { GraphError } from './errors.ts';
import { renderEvent } from './event.ts';
import { type EventPage, listEvents, listInstances, listView } from './event-listing.ts';
import { type EventWriting, eventBodySchema } from './event-writing.ts';
import { type CollectionQuery, collectionQuerySchema, readExpand, selectFrom } from './odata.ts';
import { displayNameOf, offersTeams } from './person.ts';
import { readPreferences } from './preferences.ts';
import { readBody } from './request-body.ts';
import type { Rooms } from './rooms.ts';
import { answerSchedule, scheduleRequestSchema } from './schedule.ts';

export interface MicrosoftCalendarParts {
  readonly settings: MicrosoftSandboxSettings;
  readonly clock: Clock;
  readonly calendars: Calendars;
  readonly writing: EventWriting;
  readonly rooms: Rooms;
  /** Returns the account of the request. @throws {GraphError} 401, or 403 without the scope. */
  readonly accountOf: (request: FastifyRequest) => string;
  /** @throws {GraphError} 403 when the scope does not cover the calendars of other accounts. */
  readonly checkSharedScope: (request: FastifyRequest) => void;
}

type CalendarParams = { calendarId?: string };
type EventParams = CalendarParams & { eventId: string };

const render = ({ id, owner, name, isDefault }: Calendar, settings: MicrosoftSandboxSettings) => ({
  id,
  name,
  color: 'auto',
  isDefaultCalendar: isDefault,
  canShare: true,
  canViewPrivateItems: true,
  canEdit: true,
  owner: { name: displayNameOf(owner), address: owner },
  // https://learn.microsoft.com/graph/api/resources/calendar#properties
  ...(offersTeams(owner, settings)
    ? {
        allowedOnlineMeetingProviders: ['teamsForBusiness'],
        defaultOnlineMeetingProvider: 'teamsForBusiness',
      }
    : { allowedOnlineMeetingProviders: [], defaultOnlineMeetingProvider: 'unknown' }),
});

/** A main calendar has the name of its owner in the mailbox of another account. */
const renderShared = (
  { shared, calendar }: { readonly shared: SharedCalendar; readonly calendar: Calendar },
  settings: MicrosoftSandboxSettings,
) => ({
  ...render(calendar, settings),
  id: shared.id,
  name: calendar.isDefault ? displayNameOf(calendar.owner) : calendar.name,
  isDefaultCalendar: false,
  canShare: false,
  canViewPrivateItems: false,
  canEdit: shared.role === 'write',
});

/** Returns a page as Graph does. The link to the next page has the server's address and all options of the query. */
const collection = (request: FastifyRequest, { value, next }: EventPage) => {
  const link = new URL(request.url, originOf(request));
  if (next !== undefined) link.searchParams.set('$skip', String(next));
  return {
    '@odata.context': `${originOf(request)}/v1.0/$metadata#events`,
    value,
    ...(next === undefined ? {} : { '@odata.nextLink': link.href }),
  };
};

const preferencesOf = (request: FastifyRequest) => readPreferences(request.headers.prefer);
const queryOf = (request: FastifyRequest): CollectionQuery => readBody(collectionQuerySchema, request.query);

type CalendarRequest = FastifyRequest<{ Params: CalendarParams }>;

const accessDenied = () =>
  new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');

/** Returns the calendar whose events the request concerns. `freeBusyRead` permits to see no event of a calendar. */
const calendarIn = (
  request: CalendarRequest,
  { calendars, accountOf, checkSharedScope }: MicrosoftCalendarParts,
): Calendar => {
  const account = accountOf(request);
  const { calendarId } = request.params;
  const found = calendars.sharedWith(account).find(({ shared }) => shared.id === calendarId);
  if (found) {
    checkSharedScope(request);
    const { role } = found.shared;
    if (role === 'write' || (request.method === 'GET' && role === 'read')) return found.calendar;
    throw accessDenied();
  }
  return calendarId === undefined ? calendars.open(account) : calendars.get(account, calendarId);
};

/** Every role permits to see the calendar itself. */
const describe = (request: CalendarRequest, parts: MicrosoftCalendarParts) => {
  const { calendarId } = request.params;
  const found = parts.calendars
    .sharedWith(parts.accountOf(request))
    .find(({ shared }) => shared.id === calendarId);
  if (!found) return render(calendarIn(request, parts), parts.settings);
  parts.checkSharedScope(request);
  return renderShared(found, parts.settings);
};

/** Answers a change query. Its links have no option but the token. */
const changesOf = (request: CalendarRequest, parts: MicrosoftCalendarParts) => {
  const { value, link } = listViewChanges(
    calendarIn(request, parts),
    readBody(changeQuerySchema, request.query),
    preferencesOf(request),
    { calendars: parts.calendars, settings: parts.settings, now: parts.clock() },
  );
  const address = new URL(request.url, originOf(request));
  return {
    '@odata.context': `${originOf(request)}/v1.0/$metadata#Collection(event)`,
    value,
    [link.name]: `${address.origin}${address.pathname}?${link.query}`,
  };
};

/** Registers the routes of one way to name a calendar. */
const routesAt = (
  app: FastifyInstance,
  path: string,
  parts: MicrosoftCalendarParts,
  { hasChangeQueries }: { readonly hasChangeQueries: boolean },
) => {
  const { writing } = parts;
  const calendarOf = (request: CalendarRequest): Calendar => calendarIn(request, parts);
  const events = `${path}/events`;
  const event = `${events}/:eventId`;

  app.get<{ Params: CalendarParams }>(path, { config: { operation: 'calendars.get' } }, (request) =>
    selectFrom(describe(request, parts), queryOf(request).$select),
  );

  app.get<{ Params: CalendarParams }>(
    `${path}/calendarView`,
    { config: { operation: 'calendarView.list' } },
    (request) => collection(request, listView(calendarOf(request), queryOf(request), preferencesOf(request))),
  );

  if (hasChangeQueries) {
    app.get<{ Params: CalendarParams }>(
      `${path}/calendarView/delta`,
      { config: { operation: 'calendarView.delta' } },
      (request) => changesOf(request, parts),
    );
  }

  app.get<{ Params: EventParams }>(
    `${event}/instances`,
    { config: { operation: 'events.instances' } },
    (request) => {
      const calendar = calendarOf(request);
      const master = writing.get(calendar, request.params.eventId);
      return collection(request, listInstances(calendar, master, queryOf(request), preferencesOf(request)));
    },
  );

  app.get<{ Params: CalendarParams }>(events, { config: { operation: 'events.list' } }, (request) => {
    const createdBefore = parts.clock() - parts.settings.eventSearchDelayMs;
    return collection(
      request,
      listEvents(calendarOf(request), queryOf(request), preferencesOf(request), createdBefore),
    );
  });

  app.post<{ Params: CalendarParams }>(
    events,
    { config: { operation: 'events.create' } },
    async (request, reply) => {
      const created = writing.create(calendarOf(request), readBody(eventBodySchema, request.body));
      return reply.code(201).send(renderEvent(created, preferencesOf(request)));
    },
  );

  app.get<{ Params: EventParams }>(event, { config: { operation: 'events.get' } }, (request) => {
    const { $expand, $select } = queryOf(request);
    const stored = writing.get(calendarOf(request), request.params.eventId);
    return selectFrom(renderEvent(stored, preferencesOf(request), readExpand($expand)), $select);
  });

  app.patch<{ Params: EventParams }>(event, { config: { operation: 'events.update' } }, (request) => {
    const body = readBody(eventBodySchema, request.body);
    const { eventId } = request.params;
    const changed = writing.update(calendarOf(request), eventId, body, request.headers['if-match']);
    return renderEvent(changed, preferencesOf(request));
  });

  app.delete<{ Params: EventParams }>(
    event,
    { config: { operation: 'events.delete' } },
    async (request, reply) => {
      writing.remove(calendarOf(request), request.params.eventId, request.headers['if-match']);
      return reply.code(204).send();
    },
  );
};

const newCalendar = z.strictObject({ name: z.string().min(1) });
/** https://learn.microsoft.com/graph/api/calendar-post-calendarpermissions */
const newPermission = z.object({
  emailAddress: z.object({ name: z.string().optional(), address: z.string().min(1) }),
  role: z.enum(sharingRoles),
});
/** https://learn.microsoft.com/graph/api/calendarpermission-update */
const permissionChange = z.object({ role: z.enum(sharingRoles) });

/** Registers the routes of the calendars. */
export const microsoftCalendarRoutes = (app: FastifyInstance, parts: MicrosoftCalendarParts) => {
  const { calendars, settings, rooms, accountOf } = parts;
  // Change queries of the main calendar are documented without its name.
  routesAt(app, '/v1.0/me/calendar', parts, { hasChangeQueries: false });
  routesAt(app, '/v1.0/me/calendars/:calendarId', parts, { hasChangeQueries: true });

  app.get<{ Params: CalendarParams }>(
    '/v1.0/me/calendarView/delta',
    { config: { operation: 'calendarView.delta' } },
    (request) => changesOf(request, parts),
  );

  app.get('/v1.0/me/calendars', { config: { operation: 'calendars.list' } }, (request) => {
    const account = accountOf(request);
    calendars.open(account);
    const { $top, $skip, $select } = queryOf(request);
    const all = [
      ...calendars.of(account).map((calendar) => render(calendar, settings)),
      ...calendars.sharedWith(account).map((found) => renderShared(found, settings)),
    ];
    const link = new URL(request.url, originOf(request));
    link.searchParams.set('$skip', String($skip + $top));
    return {
      '@odata.context': `${originOf(request)}/v1.0/$metadata#users/calendars`,
      value: all.slice($skip, $skip + $top).map((calendar) => selectFrom(calendar, $select)),
      ...($skip + $top < all.length ? { '@odata.nextLink': link.href } : {}),
    };
  });

  app.delete<{ Params: { calendarId: string } }>(
    '/v1.0/me/calendars/:calendarId',
    { config: { operation: 'calendars.delete' } },
    async (request, reply) => {
      const calendar = calendars.get(accountOf(request), request.params.calendarId);
      if (calendar.isDefault) {
        throw new GraphError(
          400,
          'ErrorDeleteDistinguishedFolder',
          'Distinguished folders cannot be deleted.',
        );
      }
      calendars.remove(calendar);
      return reply.code(204).send();
    },
  );

  app.post<{ Params: CalendarParams }>(
    '/v1.0/me/calendars/:calendarId/calendarPermissions',
    { config: { operation: 'calendarPermissions.create' } },
    async (request, reply) => {
      const { emailAddress, role } = readBody(newPermission, request.body);
      calendars.share(calendarIn(request, parts), emailAddress.address, role);
      return reply.code(201).send({ id: emailAddress.address, emailAddress, role, isRemovable: true });
    },
  );

  app.patch<{ Params: CalendarParams & { permissionId: string } }>(
    '/v1.0/me/calendars/:calendarId/calendarPermissions/:permissionId',
    { config: { operation: 'calendarPermissions.update' } },
    (request) => {
      const { permissionId: address } = request.params;
      const { role } = readBody(permissionChange, request.body);
      calendars.share(calendarIn(request, parts), address, role);
      return { id: address, emailAddress: { address }, role, isRemovable: true };
    },
  );

  app.post('/v1.0/me/calendars', { config: { operation: 'calendars.create' } }, async (request, reply) => {
    const account = accountOf(request);
    calendars.open(account);
    return reply
      .code(201)
      .send(render(calendars.add(account, readBody(newCalendar, request.body).name), settings));
  });

  app.post('/v1.0/me/calendar/getSchedule', { config: { operation: 'calendar.getSchedule' } }, (request) => {
    const account = accountOf(request);
    calendars.open(account);
    const body = readBody(scheduleRequestSchema, request.body);
    return {
      value: answerSchedule(
        body,
        account,
        readPreferences(request.headers.prefer),
        calendars,
        settings,
        rooms,
      ),
    };
  });
};
