/** Serves Zoom's token endpoint and the meeting routes of its v2 API. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials } from '../authorization.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { AccountTokens } from './account-tokens.ts';
import type { ZoomCaller } from './caller.ts';
import { noMeeting, ZoomError, ZoomOAuthError } from './errors.ts';
import { meetingBodySchema, renderMeeting } from './meeting.ts';
import { listMeetings, meetingQuerySchema } from './meeting-listing.ts';
import type { Meetings } from './meetings.ts';
import { readRequest } from './request.ts';
import { type UserFields, userFieldsSchema, userIdOf } from './user-oauth.ts';
import type { ZoomUsers } from './users.ts';

export interface ZoomRouteParts {
  readonly settings: ZoomSandboxSettings;
  readonly access: AccountTokens;
  /** Issues tokens of the user-managed app. */
  readonly userGrant: (fields: UserFields) => object;
  readonly callerOf: (request: FastifyRequest) => ZoomCaller;
  readonly meetings: Meetings;
  readonly users: ZoomUsers;
  /** Closes the meeting, and sends the webhook. */
  readonly endMeeting: (id: string) => void;
  readonly clock: Clock;
  readonly changed: () => void;
}

interface UserPath {
  Params: { userId: string };
}
interface MeetingPath {
  Params: { meetingId: string };
}

const tokenFields = userFieldsSchema.extend({ account_id: z.string().optional() });

const tokenRoute = (app: FastifyInstance, { settings, access, userGrant, changed }: ZoomRouteParts) => {
  const accountGrant = (fields: z.infer<typeof tokenFields>) => {
    if (fields.grant_type !== 'account_credentials') {
      throw new ZoomOAuthError('unsupported_grant_type', 'unsupported grant type');
    }
    if (fields.account_id !== settings.accountId) throw new ZoomOAuthError('invalid_request', 'Bad Request');
    return access.issue();
  };

  // The parameters can be in the query, as the documentation shows, or in a form.
  app.post('/oauth/token', { config: { operation: 'token' } }, (request) => {
    const fields = {
      ...tokenFields.safeParse(request.body ?? {}).data,
      ...tokenFields.safeParse(request.query).data,
    };
    const client = parseBasicCredentials(request.headers.authorization);
    const isClient = (id: string, secret: string) => client?.user === id && client.password === secret;
    const isUserApp = isClient(settings.userClientId, settings.userClientSecret);
    if (!isUserApp && !isClient(settings.clientId, settings.clientSecret)) {
      throw new ZoomOAuthError('invalid_client', 'Invalid client_id or client_secret');
    }
    const token = isUserApp ? userGrant(fields) : accountGrant(fields);
    changed();
    return token;
  });
};

/** Registers the routes of Zoom. */
export const zoomRoutes = (app: FastifyInstance, parts: ZoomRouteParts) => {
  const { settings, callerOf, meetings, users, endMeeting, clock } = parts;
  tokenRoute(app, parts);

  const userTypes = { licensed: 2, basic: 1, lapsed: 1, deactivated: 1 } as const;
  const renderUser = (account: string) => {
    const { email, kind } = users.get(account);
    return {
      id: userIdOf(email),
      account_id: settings.accountId,
      email,
      display_name: email.split('@')[0],
      type: userTypes[kind],
    };
  };

  app.get('/v2/users/me', { config: { operation: 'users.me' } }, (request) =>
    renderUser(callerOf(request).account),
  );

  app.get<UserPath>('/v2/users/:userId', { config: { operation: 'users.get' } }, (request) =>
    renderUser(callerOf(request).user(request.params.userId)),
  );

  app.post<UserPath>(
    '/v2/users/:userId/meetings',
    { config: { operation: 'meetings.create' } },
    async (request, reply) => {
      const host = callerOf(request).user(request.params.userId);
      const meeting = meetings.create(host, readRequest(meetingBodySchema, request.body));
      return reply.code(201).send(renderMeeting(meeting));
    },
  );

  app.get<UserPath>('/v2/users/:userId/meetings', { config: { operation: 'meetings.list' } }, (request) => {
    const host = callerOf(request).user(request.params.userId);
    const now = clock();
    const listed = meetings.of(host).filter((meeting) => meeting.created + settings.listDelayMs <= now);
    return listMeetings(listed, readRequest(meetingQuerySchema, request.query), now, settings);
  });

  app.get<MeetingPath>('/v2/meetings/:meetingId', { config: { operation: 'meetings.get' } }, (request) => {
    const caller = callerOf(request);
    const meeting = meetings.get(request.params.meetingId);
    caller.checkHost(meeting.host);
    return renderMeeting(meeting);
  });

  app.patch<MeetingPath>(
    '/v2/meetings/:meetingId',
    { config: { operation: 'meetings.update' } },
    async (request, reply) => {
      const { meetingId } = request.params;
      const caller = callerOf(request);
      caller.checkHost(meetings.get(meetingId).host);
      meetings.update(meetingId, readRequest(meetingBodySchema, request.body));
      return reply.code(204).send();
    },
  );

  // https://developers.zoom.us/docs/api/meetings/#tag/meetings/PATCH/live_meetings/{meetingId}/events
  app.patch<MeetingPath>(
    '/v2/live_meetings/:meetingId/events',
    { config: { operation: 'meetings.controls' } },
    async (request, reply) => {
      const { meetingId } = request.params;
      const caller = callerOf(request);
      const { host, isStarted, isRecording } = meetings.get(meetingId);
      caller.checkHost(host);
      readRequest(z.object({ method: z.literal('recording.stop') }), request.body);
      if (!isStarted) throw noMeeting(meetingId);
      // The documentation names no answer for a meeting that is not recorded. It is refused here, which callers must survive.
      if (!isRecording)
        throw new ZoomError({ status: 400, code: 300, message: `Meeting ${meetingId} is not recorded.` });
      meetings.stopRecording(meetingId);
      return reply.code(204).send();
    },
  );

  app.put<MeetingPath>(
    '/v2/meetings/:meetingId/status',
    { config: { operation: 'meetings.status' } },
    async (request, reply) => {
      const { meetingId } = request.params;
      const caller = callerOf(request);
      const { host, isStarted } = meetings.get(meetingId);
      caller.checkHost(host);
      readRequest(z.object({ action: z.literal('end') }), request.body);
      // The documentation names no answer for a meeting that is not open. It is refused here, which callers must survive.
      if (!isStarted)
        throw new ZoomError({ status: 400, code: 300, message: `Meeting ${meetingId} is not started.` });
      endMeeting(meetingId);
      return reply.code(204).send();
    },
  );

  app.delete<MeetingPath>(
    '/v2/meetings/:meetingId',
    { config: { operation: 'meetings.delete' } },
    async (request, reply) => {
      const { meetingId } = request.params;
      const caller = callerOf(request);
      caller.checkHost(meetings.get(meetingId).host);
      meetings.checkRemovable(meetingId);
      meetings.remove(meetingId);
      return reply.code(204).send();
    },
  );
};
