/** Serves the registrants of Zoom's meetings. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZoomCaller } from './caller.ts';
import type { Meetings } from './meetings.ts';
import {
  type Registrants,
  registrantBodySchema,
  registrantQuerySchema,
  statusBodySchema,
} from './registrants.ts';
import { readRequest } from './request.ts';

interface MeetingPath {
  Params: { meetingId: string };
}

/** Registers the routes. */
export const registrantRoutes = (
  app: FastifyInstance,
  {
    callerOf,
    meetings,
    registrants,
  }: {
    readonly callerOf: (request: FastifyRequest) => ZoomCaller;
    readonly meetings: Pick<Meetings, 'get'>;
    readonly registrants: Registrants;
  },
) => {
  const meetingOf = (request: FastifyRequest<MeetingPath>) => {
    const caller = callerOf(request);
    const meeting = meetings.get(request.params.meetingId);
    caller.checkHost(meeting.host);
    return meeting;
  };

  app.post<MeetingPath>(
    '/v2/meetings/:meetingId/registrants',
    { config: { operation: 'registrants.create' } },
    async (request, reply) => {
      const meeting = meetingOf(request);
      const registrant = registrants.add(meeting, readRequest(registrantBodySchema, request.body));
      return reply.code(201).send(registrants.renderAdded(meeting, registrant));
    },
  );

  app.get<MeetingPath>(
    '/v2/meetings/:meetingId/registrants',
    { config: { operation: 'registrants.list' } },
    (request) => registrants.list(meetingOf(request), readRequest(registrantQuerySchema, request.query)),
  );

  app.put<MeetingPath>(
    '/v2/meetings/:meetingId/registrants/status',
    { config: { operation: 'registrants.status' } },
    async (request, reply) => {
      registrants.setStatus(meetingOf(request), readRequest(statusBodySchema, request.body));
      return reply.code(204).send();
    },
  );
};
