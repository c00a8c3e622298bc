/** Serves Zoom's token endpoint and the meeting routes of its v2 API. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials } from '../authorization.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { AccountTokens } from './account-tokens.ts';
import type { ZoomCaller } from './caller.ts';
import { validationFailed, ZoomOAuthError } from './errors.ts';
import { meetingBodySchema, renderMeeting } from './meeting.ts';
import { listMeetings, meetingQuerySchema } from './meeting-listing.ts';
import type { Meetings } from './meetings.ts';
import { type UserFields, userFieldsSchema, userIdOf } from './user-oauth.ts';

export interface ZoomRouteParts {
  readonly settings: ZoomSandboxSettings;
  readonly access: AccountTokens;
  /** Issues tokens of the user-managed app. */
  readonly userGrant: (fields: UserFields) => object;
  readonly callerOf: (request: FastifyRequest) => ZoomCaller;
  readonly meetings: Meetings;
  readonly clock: Clock;
  readonly changed: () => void;
}

interface UserPath {
  Params: { userId: string };
}
interface MeetingPath {
  Params: { meetingId: string };
}

const read = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw validationFailed(
    result.error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message })),
  );
};

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
  const { settings, callerOf, meetings, clock } = parts;
  tokenRoute(app, parts);

  app.get('/v2/users/me', { config: { operation: 'users.me' } }, (request) => {
    const { account } = callerOf(request);
    return {
      id: userIdOf(account),
      account_id: settings.accountId,
      email: account,
      display_name: account.split('@')[0],
      type: 2,
    };
  });

  app.post<UserPath>(
    '/v2/users/:userId/meetings',
    { config: { operation: 'meetings.create' } },
    async (request, reply) => {
      const host = callerOf(request).user(request.params.userId);
      const meeting = meetings.create(host, read(meetingBodySchema, request.body));
      return reply.code(201).send(renderMeeting(meeting));
    },
  );

  app.get<UserPath>('/v2/users/:userId/meetings', { config: { operation: 'meetings.list' } }, (request) => {
    const host = callerOf(request).user(request.params.userId);
    const now = clock();
    const listed = meetings.of(host).filter((meeting) => meeting.created + settings.listDelayMs <= now);
    return listMeetings(listed, read(meetingQuerySchema, request.query), now, settings);
  });

  app.get<MeetingPath>('/v2/meetings/:meetingId', { config: { operation: 'meetings.get' } }, (request) => {
    callerOf(request);
    return renderMeeting(meetings.get(request.params.meetingId));
  });

  app.patch<MeetingPath>(
    '/v2/meetings/:meetingId',
    { config: { operation: 'meetings.update' } },
    async (request, reply) => {
      callerOf(request);
      meetings.update(request.params.meetingId, read(meetingBodySchema, request.body));
      return reply.code(204).send();
    },
  );

  app.delete<MeetingPath>(
    '/v2/meetings/:meetingId',
    { config: { operation: 'meetings.delete' } },
    async (request, reply) => {
      callerOf(request);
      meetings.remove(request.params.meetingId);
      return reply.code(204).send();
    },
  );
};
