/**
 * Serves the online meetings of Teams: https://learn.microsoft.com/graph/api/resources/onlinemeeting. They are no part of
 * Outlook: the limit of simultaneous requests to a mailbox does not concern them.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { MeetingAttendance, MeetingSession } from '../meeting-sessions.ts';
import { originOf } from '../oauth/id-token.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import { GraphError } from './errors.ts';
import {
  changeSchema,
  createOrGetSchema,
  creationSchema,
  graphInstant,
  renderOnlineMeeting,
  type StoredOnlineMeeting,
} from './online-meeting.ts';
import type { OnlineMeetings } from './online-meetings.ts';
import { objectIdOf } from './person.ts';
import { readPreferences } from './preferences.ts';
import { readBody } from './request-body.ts';

export interface OnlineMeetingRouteParts {
  readonly meetings: OnlineMeetings;
  readonly tenantId: string;
  readonly dialIn: MicrosoftSandboxSettings['dialIn'];
  /** Returns the organizer of the request. @throws {GraphError} 401, or 403 without a scope or a license. */
  readonly organizerOf: (request: FastifyRequest, scopes: readonly string[]) => string;
}

interface MeetingPath {
  Params: { meetingId: string };
}
interface ReportPath {
  Params: { meetingId: string; reportId: string };
}

const writing = ['OnlineMeetings.ReadWrite'];
const reading = ['OnlineMeetings.Read', ...writing];
const artifacts = ['OnlineMeetingArtifact.Read.All'];

const path = '/v1.0/me/onlineMeetings';
const meetingPath = `${path}/:meetingId`;

const filterSchema = z.strictObject({ $filter: z.string() });
const byLink = /^JoinWebUrl eq '(.+)'$/i;
const byJoinId = /^joinMeetingIdSettings\/joinMeetingId eq '(\d+)'$/i;

const pageSchema = z.object({
  $top: z.coerce.number().int().min(1).max(100).default(50),
  $skip: z.coerce.number().int().min(0).default(0),
  $expand: z.literal('attendanceRecords').optional(),
});

/** Returns a page with a link to the next one. */
const pageOf = <Item>(request: FastifyRequest, items: readonly Item[]) => {
  const { $top, $skip } = readBody(pageSchema, request.query);
  const next = new URL(request.url, originOf(request));
  next.searchParams.set('$skip', String($skip + $top));
  return {
    value: items.slice($skip, $skip + $top),
    ...($skip + $top < items.length ? { '@odata.nextLink': next.href } : {}),
  };
};

const renderReport = ({ id, startMs, endMs, attendances }: MeetingSession) => ({
  id,
  totalParticipantCount: attendances.length,
  meetingStartDateTime: graphInstant(startMs),
  meetingEndDateTime: graphInstant(endMs ?? startMs),
  attendanceRecords: [],
});

/** A person who has not signed in has no address. */
const recordOf =
  (organizer: string) =>
  ({ id, name, email, stays }: MeetingAttendance) => {
    const intervals = stays.map(({ joinedMs, leftMs = joinedMs }) => ({
      joinDateTime: graphInstant(joinedMs),
      leaveDateTime: graphInstant(leftMs),
      durationInSeconds: Math.round((leftMs - joinedMs) / 1000),
    }));
    return {
      id,
      emailAddress: email ?? null,
      totalAttendanceInSeconds: intervals.reduce(
        (total, { durationInSeconds }) => total + durationInSeconds,
        0,
      ),
      role: email === organizer ? 'Organizer' : 'Presenter',
      identity: { id: email === undefined ? null : objectIdOf(email), displayName: name, tenantId: null },
      attendanceIntervals: intervals,
    };
  };

/** Registers the routes. */
export const onlineMeetingRoutes = (
  app: FastifyInstance,
  { meetings, tenantId, dialIn, organizerOf }: OnlineMeetingRouteParts,
) => {
  const render = (request: FastifyRequest, meeting: StoredOnlineMeeting) => ({
    ...renderOnlineMeeting(meeting, tenantId, readPreferences(request.headers.prefer).laterValues),
    // https://learn.microsoft.com/graph/api/resources/audioconferencing
    audioConferencing: dialIn
      ? { tollNumber: dialIn.tollNumber, tollNumbers: [dialIn.tollNumber], conferenceId: dialIn.conferenceId }
      : null,
  });

  app.post(
    `${path}/createOrGet`,
    { config: { operation: 'onlineMeetings.createOrGet' } },
    (request, reply) => {
      const organizer = organizerOf(request, writing);
      const { meeting, isNew } = meetings.createOrGet(organizer, readBody(createOrGetSchema, request.body));
      return reply.code(isNew ? 201 : 200).send(render(request, meeting));
    },
  );

  app.post(path, { config: { operation: 'onlineMeetings.create' } }, (request, reply) => {
    const organizer = organizerOf(request, writing);
    return reply
      .code(201)
      .send(render(request, meetings.create(organizer, readBody(creationSchema, request.body))));
  });

  app.get(path, { config: { operation: 'onlineMeetings.list' } }, (request) => {
    const organizer = organizerOf(request, reading);
    const query = filterSchema.safeParse(request.query);
    if (!query.success) throw new GraphError(400, 'InvalidArgument', 'Filter expression expected.');
    const { $filter } = query.data;
    const [, link] = byLink.exec($filter) ?? [];
    const [, joinId] = byJoinId.exec($filter) ?? [];
    if (link === undefined && joinId === undefined) {
      throw new GraphError(400, 'InvalidArgument', `Invalid filter clause: ${$filter}`);
    }
    const found =
      link === undefined
        ? meetings.findByJoinId(organizer, joinId ?? '')
        : meetings.findByLink(organizer, link);
    return { value: found ? [render(request, found)] : [] };
  });

  app.get<MeetingPath>(meetingPath, { config: { operation: 'onlineMeetings.get' } }, (request) =>
    render(request, meetings.get(organizerOf(request, reading), request.params.meetingId)),
  );

  app.patch<MeetingPath>(meetingPath, { config: { operation: 'onlineMeetings.update' } }, (request) => {
    const organizer = organizerOf(request, writing);
    const { meetingId } = request.params;
    return render(request, meetings.update(organizer, meetingId, readBody(changeSchema, request.body)));
  });

  app.delete<MeetingPath>(
    meetingPath,
    { config: { operation: 'onlineMeetings.delete' } },
    async (request, reply) => {
      meetings.remove(organizerOf(request, writing), request.params.meetingId);
      return reply.code(204).send();
    },
  );

  app.get<MeetingPath>(
    `${meetingPath}/attendanceReports`,
    { config: { operation: 'attendanceReports.list' } },
    (request) => {
      const organizer = organizerOf(request, artifacts);
      return pageOf(request, meetings.reports(organizer, request.params.meetingId).map(renderReport));
    },
  );

  app.get<ReportPath>(
    `${meetingPath}/attendanceReports/:reportId/attendanceRecords`,
    { config: { operation: 'attendanceRecords.list' } },
    (request) => {
      const organizer = organizerOf(request, artifacts);
      const { meetingId, reportId } = request.params;
      const report = meetings.reports(organizer, meetingId).find(({ id }) => id === reportId);
      if (!report) throw new GraphError(404, 'NotFound', 'The attendance report was not found.');
      return pageOf(request, report.attendances.map(recordOf(organizer)));
    },
  );
};
