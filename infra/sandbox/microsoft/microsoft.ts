/** Simulates the sign-in of Microsoft's identity platform, and the user profile and the calendars of Graph. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBearerToken } from '../authorization.ts';
import { injectFaults, isOAuthOperation, type VendorFaultResponses } from '../faults/injection.ts';
import { createSessionRecordings } from '../media/session-recordings.ts';
import { createMeetingSessions } from '../meeting-sessions.ts';
import { createAuthorizationServer } from '../oauth/authorization-server.ts';
import { createIdTokens } from '../oauth/id-token.ts';
import type { RoomOptions, RoomResponse } from '../room.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { SnapshotPart } from '../store/snapshot.ts';
import type { Clock } from '../time.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { createWebhookSender } from '../webhooks/webhook-sender.ts';
import { microsoftCalendarRoutes } from './calendar-routes.ts';
import { type Calendar, createCalendars } from './calendars.ts';
import { limitConcurrency, limitRequests } from './concurrency.ts';
import { microsoftConsent } from './consent.ts';
import { GraphError, graphErrorBody, LoginError, loginErrorBody, loginErrors } from './errors.ts';
import { renderEvent, responses, type StoredEvent, showAsValues } from './event.ts';
import { createEventWriting } from './event-writing.ts';
import { meetingArtifactRoutes } from './meeting-artifact-routes.ts';
import { microsoftRoutes } from './oauth-routes.ts';
import { joinWebUrlOf, renderOnlineMeeting } from './online-meeting.ts';
import { onlineMeetingRoutes } from './online-meeting-routes.ts';
import { createOnlineMeetings } from './online-meetings.ts';
import { isPersonal } from './person.ts';
import { microsoftPlaceRoutes } from './place-routes.ts';
import { readPreferences } from './preferences.ts';
import { createRooms } from './rooms.ts';
import { microsoftSubscriptionRoutes } from './subscription-routes.ts';
import { createSubscriptions, lifecycleEvents } from './subscriptions.ts';

const createFaultResponses = (clock: Clock): VendorFaultResponses => ({
  outage: (status, operation) => ({
    status,
    body: isOAuthOperation(operation)
      ? loginErrorBody(loginErrors.tooBusy, clock())
      : graphErrorBody('ServiceUnavailable', 'The service is temporarily unavailable.', clock()),
  }),
  rateLimit: (retryAfterSeconds, _fault, operation) => ({
    status: 429,
    headers: { 'retry-after': String(retryAfterSeconds) },
    body: isOAuthOperation(operation)
      ? loginErrorBody(loginErrors.tooBusy, clock())
      : graphErrorBody('TooManyRequests', 'Too many requests.', clock()),
  }),
  unauthorized: (operation) =>
    operation === 'token'
      ? { status: 400, body: loginErrorBody(loginErrors.revoked, clock()) }
      : {
          status: 401,
          body: graphErrorBody('InvalidAuthenticationToken', 'Access token has expired.', clock()),
        },
});

const answerErrors = (app: FastifyInstance, clock: Clock) => {
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof LoginError) {
      return reply.code(error.details.status).send(loginErrorBody(error.details, clock()));
    }
    if (error instanceof GraphError) {
      return reply
        .code(error.status)
        .headers(error.headers)
        .send(graphErrorBody(error.code, error.message, clock()));
    }
    const refused = error instanceof Error && 'statusCode' in error && error.statusCode === 400;
    if (refused && isOAuthOperation(request.routeOptions.config.operation)) {
      return reply.code(400).send(loginErrorBody(loginErrors.malformed, clock()));
    }
    return reply
      .code(refused ? 400 : 500)
      .send(graphErrorBody(refused ? 'BadRequest' : 'InternalServerError', String(error), clock()));
  });
};

export const outlookEventSchema = z.strictObject({
  /** The owner of the mailbox. It is created if it does not exist. */
  account: z.string().min(1),
  /** Without it, the default calendar. */
  calendarId: z.string().min(1).optional(),
  /** A local time in `timeZone`, or with Z; or a date, for an event that lasts all day. */
  start: z.string(),
  end: z.string(),
  /** A Windows or IANA name. */
  timeZone: z.string().default('UTC'),
  /** The name of the zone that the event reports, such as `tzone://Microsoft/Custom`. */
  originalTimeZone: z.string().optional(),
  subject: z.string().default('Busy'),
  showAs: z.enum(showAsValues).default('busy'),
  sensitivity: z.enum(['normal', 'personal', 'private', 'confidential']).default('normal'),
  response: z.enum(responses).default('organizer'),
  /** Makes the event a series with so many occurrences, every so many days. */
  repeat: z.strictObject({ everyDays: z.int().min(1), times: z.int().min(1).max(500) }).optional(),
});
export const repetitionSchema = z.strictObject({
  account: z.string().min(1),
  eventId: z.string().min(1),
  everyDays: z.int().min(1),
  times: z.int().min(1).max(500),
});
export type OutlookRepetition = z.infer<typeof repetitionSchema>;

export const outlookCopySchema = z.object({
  account: z.string().describe('The owner of the mailbox'),
  eventId: z.string().describe('The event of the default calendar that is copied'),
  calendarId: z.string().optional().describe('The calendar of the copy. Default: that of the event'),
  laterMinutes: z.int().default(0).describe('How much later the copy begins'),
  keepsTransactionId: z
    .boolean()
    .default(true)
    .describe('Whether the copy has the transaction id of the event. Microsoft does not document it'),
});
export type OutlookCopy = z.input<typeof outlookCopySchema>;
export const outlookAnswerSchema = z.strictObject({
  account: z.string().min(1),
  eventId: z.string().min(1),
  response: z.enum(responses),
});
export type OutlookAnswer = z.infer<typeof outlookAnswerSchema>;
export const lifecycleSchema = z.strictObject({
  account: z.string().min(1),
  event: z.enum(lifecycleEvents),
});
export type OutlookLifecycleEvent = z.infer<typeof lifecycleSchema>;
export type OutlookEvent = z.input<typeof outlookEventSchema>;

const isAccepted = (status: number): boolean => status >= 200 && status < 300;

const isDate = (time: string): boolean => /^\d{4}-\d\d-\d\d$/.test(time);

const placeScopes = ['Place.Read.All', 'Place.ReadWrite.All'];
const sharedScopes = ['Calendars.Read.Shared', 'Calendars.ReadWrite.Shared'];
const calendarScopes = ['Calendars.Read', 'Calendars.ReadWrite'];

const shownPreferences = readPreferences(undefined);

/** Returns the event for the state of the sandbox: with all extended properties, and also when it is deleted. */
const viewEvent = (event: StoredEvent) => ({
  ...renderEvent(
    event,
    shownPreferences,
    event.properties.map(({ id }) => id),
  ),
  immutableId: event.immutableId,
  origin: event.origin,
  deleted: event.deleted,
  body: event.details.body,
});

const viewCalendar = ({ id, owner, name, isDefault, events }: Calendar) => ({
  id,
  owner,
  name,
  isDefault,
  events: [...events.values()].map(viewEvent),
});

/** Creates the simulated Microsoft: its routes, its state and its controls. */
export const createMicrosoft = (parts: VendorDependencies<MicrosoftSandboxSettings>) => {
  const { settings, clock, changeNotifier, calls, faultRegistry } = parts;
  const server = createAuthorizationServer(
    {
      vendor: 'microsoft',
      accessTokenSeconds: settings.accessTokenSeconds,
      accessPrefix: 'EwB-sandbox-',
      refreshPrefix: 'M.C5-sandbox-',
      codePrefix: 'M.C5-code-',
      rotation: 'adds',
      preauthorizedPrefix: settings.refreshTokenPrefix,
      preauthorizedScopes: settings.preauthorizedScopes,
    },
    clock,
  );
  const idTokens = createIdTokens();
  const changed = () => changeNotifier.notify();
  const calendars = createCalendars(changeNotifier);
  const rooms = createRooms(calendars, settings, clock);
  const sessions = createMeetingSessions(clock, changeNotifier);
  const meetings = createOnlineMeetings({ settings, clock, changeNotifier, sessions });
  const writing = createEventWriting(calendars, settings, clock, rooms, meetings);
  const senderOf = (operation: string) =>
    createWebhookSender(
      { calls, faultRegistry },
      { vendor: 'microsoft', operation },
      // Graph repeats a notification after any answer but 2xx, and waits three seconds for it.
      { retryMs: settings.notificationRetryMs, answersWithinMs: 3_000, repeatsUnless: isAccepted },
    );
  const notifications = senderOf('subscription.notify');
  const lifecycle = senderOf('subscription.lifecycle');
  const subscriptions = createSubscriptions({ settings, clock, notifications, lifecycle, changed });
  calendars.onChange((calendar, event, change) => {
    // A change of an occurrence is reported as a change of its series.
    if (!event.series) subscriptions.notifyChange(calendar, event, change);
  });
  const recordings = createSessionRecordings(clock, changeNotifier);
  const grantOf = (request: FastifyRequest) =>
    server.grants.findByAccessToken(parseBearerToken(request.headers.authorization));
  const mailboxOf = (request: FastifyRequest) => grantOf(request)?.account;
  const hasScope = (request: FastifyRequest, needed: readonly string[]): boolean =>
    grantOf(request)?.scopes.some((scope) =>
      needed.includes(scope.replace('https://graph.microsoft.com/', '')),
    ) ?? false;
  /** @param needed scopes of which the consent has one. Empty: any consent suffices. */
  const accountWith = (request: FastifyRequest, needed: readonly string[]): string => {
    const grant = grantOf(request);
    if (!grant) {
      throw new GraphError(
        401,
        'InvalidAuthenticationToken',
        'Access token has expired or is not yet valid.',
      );
    }
    if (needed.length > 0 && !hasScope(request, needed)) {
      throw new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');
    }
    return grant.account;
  };
  const organizerOf = (request: FastifyRequest, needed: readonly string[]): string => {
    const account = accountWith(request, []);
    // https://learn.microsoft.com/graph/resolve-auth-errors: 401 for the token of a personal account.
    if (isPersonal(account)) throw new GraphError(401, 'UnknownError', '');
    // The same answer without the scope: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6288
    if (!hasScope(request, needed)) throw new GraphError(403, 'Forbidden', '');
    if (settings.unlicensedOrganizers.includes(account)) throw new GraphError(403, 'Forbidden', '');
    return account;
  };
  const accountOf = (request: FastifyRequest): string =>
    accountWith(request, request.method === 'GET' ? calendarScopes : calendarScopes.slice(1));
  const snapshotParts: readonly SnapshotPart[] = [
    ...server.kept,
    { name: 'microsoft.calendars', save: calendars.save, load: calendars.load },
    { name: 'microsoft.rooms', save: rooms.save, load: rooms.load },
    { name: 'microsoft.subscriptions', save: subscriptions.save, load: subscriptions.load },
    { name: 'microsoft.onlineMeetings', save: meetings.save, load: meetings.load },
    { name: 'microsoft.meetingSessions', save: sessions.save, load: sessions.load },
    { name: 'microsoft.recordings', save: recordings.save, load: recordings.load },
  ];
  return {
    server,
    kept: snapshotParts,
    register(app: FastifyInstance) {
      answerErrors(app, clock);
      injectFaults(app, {
        vendor: 'microsoft',
        faultRegistry,
        calls,
        faultResponses: createFaultResponses(clock),
      });
      microsoftConsent(app, { settings, server, changed });
      microsoftRoutes(app, { settings, server, idTokens, clock, changed });
      app.register(async (graph) => {
        limitRequests(graph, { mailboxOf, limit: settings.mailboxRequestsPerTenMinutes, clock });
        limitConcurrency(graph, mailboxOf, settings.mailboxConcurrency);
        microsoftCalendarRoutes(graph, {
          settings,
          clock,
          calendars,
          writing,
          rooms,
          accountOf,
          checkSharedScope: (request) =>
            void accountWith(request, request.method === 'GET' ? sharedScopes : sharedScopes.slice(1)),
        });
        microsoftPlaceRoutes(graph, {
          rooms,
          checkScope: (request) => void accountWith(request, placeScopes),
        });
        microsoftSubscriptionRoutes(graph, { subscriptions, accountOf });
      });
      onlineMeetingRoutes(app, {
        meetings,
        tenantId: settings.tenantId,
        dialIn: settings.dialIn,
        organizerOf,
      });
      meetingArtifactRoutes(app, { meetings, recordings, organizerOf });
    },
    state: () => ({
      grants: server.grants.all(),
      calendars: calendars.all().map(viewCalendar),
      subscriptions: subscriptions.all(),
      rooms: rooms.all(),
      onlineMeetings: meetings.all().map((meeting) => ({
        ...renderOnlineMeeting(meeting, settings.tenantId),
        account: meeting.account,
        deleted: meeting.deleted,
      })),
      meetingSessions: sessions.all(),
      recordings: recordings.all(),
    }),
    sessions,
    recordings,
    /** Returns the id of the online meeting, by its id or its link. Undefined when it does not exist. */
    findMeeting: (meeting: string): string | undefined =>
      meetings.all().find((held) => held.id === meeting || joinWebUrlOf(held, settings.tenantId) === meeting)
        ?.id,
    /** Makes a meeting a part of an event of its organizer. */
    attachEvent: (id: string) => meetings.attachEvent(id),
    /** Adds a room to the tenant, with its mailbox. */
    addRoom: (room: RoomOptions) => rooms.add(room),
    /** Answers for a room. Returns whether the room is a guest of the event. */
    answerRoom: (response: RoomResponse) => rooms.answer(response),
    /** Invalidates all links of change queries: the next one is answered with 410. */
    expireDeltaLinks: () => calendars.expireDeltaLinks(),
    /** Ends all subscriptions, as their expiration does. */
    expireSubscriptions: () => subscriptions.expireAll(),
    /** Sends a lifecycle event to the subscriptions of an account. Resolves with the last status of each. */
    sendLifecycleEvent: (event: OutlookLifecycleEvent) => {
      const { account, event: name } = lifecycleSchema.parse(event);
      return subscriptions.sendLifecycleEvent(account, name);
    },
    /** Creates the mailbox of an account, if it does not exist, and returns the id of its default calendar. */
    openMailbox: (account: string): string => calendars.open(account).id,
    /** Adds an event that the owner of the mailbox created in Outlook. */
    addEvent(event: OutlookEvent) {
      const { account, calendarId, start, end, timeZone, originalTimeZone, response, repeat, ...details } =
        outlookEventSchema.parse(event);
      const owned = calendars.open(account);
      const calendar = calendarId === undefined ? owned : calendars.get(account, calendarId);
      const isAllDay = isDate(start);
      const at = (time: string) => ({ dateTime: isAllDay ? `${time}T00:00:00` : time, timeZone });
      const added = writing.addForeign(
        calendar,
        { ...details, start: at(start), end: at(end), isAllDay },
        { response, zone: originalTimeZone ?? timeZone },
        repeat,
      );
      return { calendarId: calendar.id, eventId: added.immutableId };
    },
    /** Makes an event of the default calendar a series, as its owner does in Outlook. */
    repeatEvent(repetition: OutlookRepetition) {
      const { account, eventId, ...repeat } = repetitionSchema.parse(repetition);
      writing.repeat(calendars.open(account), eventId, repeat);
    },
    /** Copies an event of the default calendar, as its owner does in Outlook. */
    copyEvent(copy: OutlookCopy) {
      const { account, eventId, calendarId, ...changes } = outlookCopySchema.parse(copy);
      const from = calendars.open(account);
      const to = calendarId === undefined ? from : calendars.get(account, calendarId);
      return { eventId: writing.copy(from, to, eventId, changes).immutableId };
    },
    /** Answers an event of the default calendar, as its owner does in Outlook. */
    answerEvent(answer: OutlookAnswer) {
      const { account, eventId, response } = outlookAnswerSchema.parse(answer);
      writing.respond(calendars.open(account), eventId, response);
    },
    reset() {
      server.reset();
      calendars.reset();
      rooms.reset();
      subscriptions.reset();
      meetings.reset();
      sessions.reset();
      recordings.reset();
    },
    close() {
      notifications.close();
      lifecycle.close();
    },
  };
};
export type Microsoft = ReturnType<typeof createMicrosoft>;
