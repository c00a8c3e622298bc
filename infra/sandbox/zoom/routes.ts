/** Zoom's token endpoint and the meeting routes of its v2 API. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { basicCredentials, bearerToken } from '../authorization.ts';
import type { Clock } from '../clock.ts';
import type { ZoomSettings } from '../settings.ts';
import type { Access } from './access.ts';
import { invalidToken, noUser, validationFailed, ZoomError, ZoomOAuthError } from './errors.ts';
import { meetingBodySchema, renderMeeting } from './meeting.ts';
import { listMeetings, meetingQuerySchema } from './meeting-listing.ts';
import type { Meetings } from './meetings.ts';

export interface ZoomRouteParts {
  readonly settings: ZoomSettings;
  readonly access: Access;
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

const tokenFields = z.object({ grant_type: z.string().optional(), account_id: z.string().optional() });

const tokenRoute = (app: FastifyInstance, { settings, access, changed }: ZoomRouteParts) => {
  // The parameters may stand in the query, as the documentation shows, or in a form.
  app.post('/oauth/token', { config: { operation: 'token' } }, (request) => {
    const fields = {
      ...tokenFields.safeParse(request.body ?? {}).data,
      ...tokenFields.safeParse(request.query).data,
    };
    const client = basicCredentials(request.headers.authorization);
    if (client?.user !== settings.clientId || client.password !== settings.clientSecret) {
      throw new ZoomOAuthError('invalid_client', 'Invalid client_id or client_secret');
    }
    if (fields.grant_type !== 'account_credentials') {
      throw new ZoomOAuthError('unsupported_grant_type', 'unsupported grant type');
    }
    if (fields.account_id !== settings.accountId) throw new ZoomOAuthError('invalid_request', 'Bad Request');
    const token = access.issue();
    changed();
    return token;
  });
};

export const zoomRoutes = (app: FastifyInstance, parts: ZoomRouteParts) => {
  const { settings, access, meetings, clock } = parts;
  tokenRoute(app, parts);

  const authorize = (request: FastifyRequest) => {
    if (!access.allows(bearerToken(request.headers.authorization))) throw new ZoomError(invalidToken);
  };
  /** Any mail address is a user of the account; `me` is its owner. */
  const hostOf = (userId: string): string => {
    if (userId === 'me') return settings.owner;
    if (!userId.includes('@')) throw noUser(userId);
    return userId;
  };

  app.post<UserPath>(
    '/v2/users/:userId/meetings',
    { config: { operation: 'meetings.create' } },
    async (request, reply) => {
      authorize(request);
      const meeting = meetings.create(hostOf(request.params.userId), read(meetingBodySchema, request.body));
      return reply.code(201).send(renderMeeting(meeting));
    },
  );

  app.get<UserPath>('/v2/users/:userId/meetings', { config: { operation: 'meetings.list' } }, (request) => {
    authorize(request);
    const host = hostOf(request.params.userId);
    const now = clock();
    const listed = meetings.of(host).filter((meeting) => meeting.created + settings.listDelayMs <= now);
    return listMeetings(listed, read(meetingQuerySchema, request.query), now, settings);
  });

  app.get<MeetingPath>('/v2/meetings/:meetingId', { config: { operation: 'meetings.get' } }, (request) => {
    authorize(request);
    return renderMeeting(meetings.get(request.params.meetingId));
  });

  app.patch<MeetingPath>(
    '/v2/meetings/:meetingId',
    { config: { operation: 'meetings.update' } },
    async (request, reply) => {
      authorize(request);
      meetings.update(request.params.meetingId, read(meetingBodySchema, request.body));
      return reply.code(204).send();
    },
  );

  app.delete<MeetingPath>(
    '/v2/meetings/:meetingId',
    { config: { operation: 'meetings.delete' } },
    async (request, reply) => {
      authorize(request);
      meetings.remove(request.params.meetingId);
      return reply.code(204).send();
    },
  );
};
