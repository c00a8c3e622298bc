/** Simulates Google's OAuth and Calendar v3 on the paths that Google's client library calls. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBearerToken } from '../authorization.ts';
import { injectFaults, isOAuthOperation, type VendorFaultResponses } from '../faults/injection.ts';
import { createSessionRecordings } from '../media/session-recordings.ts';
import { createMeetingSessions } from '../meeting-sessions.ts';
import { createAuthorizationServer } from '../oauth/authorization-server.ts';
import { createIdTokens } from '../oauth/id-token.ts';
import type { RoomOptions, RoomResponse } from '../room.ts';
import type { GoogleSandboxSettings } from '../settings.ts';
import type { SnapshotPart } from '../store/snapshot.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { createWebhookSender } from '../webhooks/webhook-sender.ts';
import { calendarRoutes } from './calendar-routes.ts';
import { type Calendar, createCalendars } from './calendars.ts';
import { createChannels } from './channels.ts';
import { googleConsent } from './consent.ts';
import { errorEnvelope, GoogleError, GoogleOAuthError, googleErrors } from './errors.ts';
import { eventTypes, renderEvent, type StoredEvent } from './event.ts';
import { createEventWriting } from './event-writing.ts';
import { MeetError, meetErrorBody, meetErrors } from './meet/errors.ts';
import { meetRoutes } from './meet/routes.ts';
import { renderSpace } from './meet/space.ts';
import { createSpaces } from './meet/spaces.ts';
import { googleOAuthRoutes } from './oauth-routes.ts';
import { limitRequests } from './request-quota.ts';
import { createRooms } from './rooms.ts';
import { permitsOperation } from './scopes.ts';

const faultResponses: VendorFaultResponses = {
  outage: (status, operation) => ({
    status,
    body: isOAuthOperation(operation)
      ? { error: 'internal_failure', error_description: 'Backend Error' }
      : errorEnvelope({ ...googleErrors.backendError, code: status }),
  }),
  rateLimit: (retryAfterSeconds, { status, reason }, operation) => {
    if (isOAuthOperation(operation)) {
      const body = { error: 'rate_limit_exceeded', error_description: 'Rate Limit Exceeded' };
      return { status: 429, headers: { 'retry-after': String(retryAfterSeconds) }, body };
    }
    return reason === 'quotaExceeded'
      ? { status: 403, body: errorEnvelope(googleErrors.quotaExceeded) }
      : {
          status,
          headers: { 'retry-after': String(retryAfterSeconds) },
          body: errorEnvelope({ ...googleErrors[reason], code: status }),
        };
  },
  unauthorized: (operation) =>
    operation === 'token'
      ? {
          status: 400,
          body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
        }
      : { status: 401, body: errorEnvelope(googleErrors.authError) },
};

/**
 * Converts errors of the routes to Google's answers. An unexpected error becomes a 500 in Google's envelope.
 */
const answerErrors = (app: FastifyInstance) => {
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof GoogleOAuthError) {
      return reply.code(error.status).send({ error: error.error, error_description: error.message });
    }
    if (error instanceof MeetError) {
      return reply.code(error.details.code).send(meetErrorBody(error.details));
    }
    if (error instanceof GoogleError)
      return reply.code(error.details.code).send(errorEnvelope(error.details));
    const parseError =
      error instanceof Error && 'statusCode' in error && error.statusCode === 400 ? error.message : undefined;
    if (parseError !== undefined && isOAuthOperation(request.routeOptions.config.operation)) {
      return reply.code(400).send({ error: 'invalid_request', error_description: 'Bad Request' });
    }
    const details =
      parseError === undefined
        ? { code: 500, reason: 'backendError', message: String(error) }
        : { code: 400, reason: 'parseError', message: parseError };
    return reply.code(details.code).send(errorEnvelope(details));
  });
};

export const busyTimeSchema = z.strictObject({
  /** The owner of the calendar. The account is created if it does not exist. */
  account: z.string().min(1),
  calendarId: z.string().min(1).default('primary'),
  /** RFC 3339 with an offset, or a local time with `timeZone`; or a date, for an event that lasts all day. */
  start: z.string(),
  end: z.string(),
  timeZone: z.string().optional(),
  summary: z.string().default('Busy'),
  /** Whether the event blocks the time. */
  transparency: z.enum(['opaque', 'transparent']).default('opaque'),
  eventType: z.enum(eventTypes).default('default'),
  status: z.enum(['confirmed', 'tentative']).default('confirmed'),
  visibility: z.enum(['default', 'public', 'private']).optional(),
  /** The owner's answer, for an event to which another person has invited the owner. */
  answer: z.enum(['needsAction', 'declined', 'tentative', 'accepted']).optional(),
});
export type BusyTime = z.input<typeof busyTimeSchema>;

const eventTimeOf = (time: string, timeZone: string | undefined) =>
  /^\d{4}-\d\d-\d\d$/.test(time) ? { date: time } : { dateTime: time, timeZone };

/** Creates the simulated Google: its routes, its state and its controls. */
export const createGoogle = ({
  settings,
  clock,
  changeNotifier,
  calls,
  faultRegistry,
}: VendorDependencies<GoogleSandboxSettings>) => {
  const server = createAuthorizationServer(
    {
      vendor: 'google',
      accessTokenSeconds: settings.accessTokenSeconds,
      accessPrefix: 'ya29.sandbox-',
      refreshPrefix: '1//sandbox-',
      codePrefix: '4/0sandbox-',
      rotation: 'keeps',
      preauthorizedPrefix: settings.refreshTokenPrefix,
      preauthorizedScopes: settings.preauthorizedScopes,
    },
    clock,
  );
  const { grants } = server;
  const idTokens = createIdTokens();
  const changed = () => changeNotifier.notify();
  const calendars = createCalendars(settings, changeNotifier);
  const sender = createWebhookSender(
    { calls, faultRegistry },
    { vendor: 'google', operation: 'channel.notify' },
    { retryMs: settings.channelRetryMs },
  );
  const channels = createChannels(clock, sender, changed);
  calendars.onChange(channels.notifyChange);
  const rooms = createRooms(calendars, settings, clock);
  const writing = createEventWriting(calendars, settings, clock, rooms);
  const sessions = createMeetingSessions(clock, changeNotifier);
  const recordings = createSessionRecordings(clock, changeNotifier);
  const spaces = createSpaces(calendars, clock, changeNotifier);
  const meetAccountOf = (request: FastifyRequest): string => {
    const grant = grants.findByAccessToken(parseBearerToken(request.headers.authorization));
    if (!grant) throw new MeetError(meetErrors.unauthenticated);
    if (!permitsOperation(grant.scopes, request.routeOptions.config.operation)) {
      throw new MeetError(meetErrors.scopeInsufficient);
    }
    return grant.account;
  };
  const callerOf = (request: FastifyRequest): string | undefined =>
    grants.findByAccessToken(parseBearerToken(request.headers.authorization))?.account;
  const accountOf = (request: FastifyRequest): string => {
    const grant = grants.findByAccessToken(parseBearerToken(request.headers.authorization));
    if (!grant) throw new GoogleError(googleErrors.authError);
    if (!permitsOperation(grant.scopes, request.routeOptions.config.operation)) {
      throw new GoogleError(googleErrors.insufficientPermissions);
    }
    return grant.account;
  };
  const view = (calendar: Calendar) => {
    const { id, owner, summary, timeZone, events } = calendar;
    const render = (event: StoredEvent) => ({
      ...renderEvent(event, { calendarId: id, owner, timeZone }, clock()),
      origin: event.origin,
    });
    return { id, owner, summary, timeZone, events: [...events.values()].map(render) };
  };
  const snapshotParts: readonly SnapshotPart[] = [
    ...server.kept,
    { name: 'google.calendars', save: calendars.save, load: calendars.load },
    { name: 'google.rooms', save: rooms.save, load: rooms.load },
    { name: 'google.channels', save: channels.save, load: channels.load },
    { name: 'google.spaces', save: spaces.save, load: spaces.load },
    { name: 'google.meetingSessions', save: sessions.save, load: sessions.load },
    { name: 'google.recordings', save: recordings.save, load: recordings.load },
  ];

  return {
    kept: snapshotParts,
    server,
    register(app: FastifyInstance) {
      answerErrors(app);
      injectFaults(app, { vendor: 'google', faultRegistry, calls, faultResponses });
      googleConsent(app, { settings, server, calendars, changed });
      googleOAuthRoutes(app, { settings, server, idTokens, calendars, clock, changed });
      app.register(async (calendarApi) => {
        limitRequests(calendarApi, { settings, clock, accountOf: callerOf });
        calendarRoutes(calendarApi, { settings, calendars, channels, writing, rooms, accountOf, clock });
      });
      meetRoutes(app, {
        settings,
        spaces,
        sessions,
        recordings,
        clock,
        accountOf: meetAccountOf,
        driveAccountOf: accountOf,
      });
    },
    state: () => ({
      calendars: calendars.all().map(view),
      channels: channels.all(),
      rooms: rooms.all(),
      spaces: spaces.all().map((space) => ({
        owner: space.owner,
        ...renderSpace(space, { withSettings: true }),
      })),
      meetingSessions: sessions.all(),
      recordings: recordings.all(),
    }),
    sessions,
    recordings,
    /** Returns the meeting code of a conference, by its code or its link. Undefined when it does not exist. */
    expireConference: (code: string): void => spaces.expire(code),
    findMeeting: (meeting: string): string | undefined => spaces.find(meeting.split('/').at(-1) ?? '')?.code,
    /** Adds a room to the organization. */
    addRoom: (room: RoomOptions) => rooms.add(room),
    /** Answers for a room. Returns whether the room is a guest of the event. */
    answerRoom: (response: RoomResponse) => rooms.answer(response),
    /** Adds an appointment that the account's owner created manually. Free/busy reports it. */
    addBusy(time: BusyTime) {
      const { account, calendarId, start, end, timeZone, answer, ...details } = busyTimeSchema.parse(time);
      calendars.open(account);
      const calendar = calendars.get(account, calendarId);
      const event = writing.addForeign(calendar, {
        ...details,
        start: eventTimeOf(start, timeZone),
        end: eventTimeOf(end, timeZone),
        ...(details.eventType === 'workingLocation' ? { visibility: 'public' } : {}),
        ...(answer ? { attendees: [{ email: account, responseStatus: answer }] } : {}),
      });
      return { calendarId: calendar.id, eventId: event.id };
    },
    /** Invalidates all sync tokens: the next list of changes is answered with 410. */
    expireSyncTokens: () => calendars.expireSyncTokens(),
    /** Ends all notification channels, as their expiration does. */
    expireSubscriptions: () => channels.expireAll(),
    reset() {
      server.reset();
      calendars.reset();
      rooms.reset();
      channels.reset();
      spaces.reset();
      sessions.reset();
      recordings.reset();
    },
    close: () => sender.close(),
  };
};
export type Google = ReturnType<typeof createGoogle>;
