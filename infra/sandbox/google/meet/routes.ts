/** Serves the Meet API: https://developers.google.com/workspace/meet/api/reference/rest/v2 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SessionRecordings } from '../../media/session-recordings.ts';
import type { MeetingAttendance, MeetingSession, MeetingSessions } from '../../meeting-sessions.ts';
import type { GoogleSandboxSettings } from '../../settings.ts';
import type { Clock } from '../../time.ts';
import { artifactRoutes } from './artifact-routes.ts';
import { invalidArgument, MeetError, meetErrors } from './errors.ts';
import { pageOf } from './page.ts';
import { patchedConfig, renderSpace, type StoredSpace, spaceBodySchema } from './space.ts';
import type { Spaces } from './spaces.ts';

export interface MeetRouteParts {
  readonly settings: Pick<GoogleSandboxSettings, 'meetWithoutArtifacts'>;
  readonly spaces: Spaces;
  readonly sessions: MeetingSessions;
  readonly clock: Clock;
  /** Returns the account of the request. @throws {MeetError} 401, or 403 without the scope. */
  readonly accountOf: (request: FastifyRequest) => string;
  readonly recordings: SessionRecordings;
  /** Returns the account of a request of the Drive API. @throws {GoogleError} */
  readonly driveAccountOf: (request: FastifyRequest) => string;
}

interface SpacePath {
  Params: { space: string };
}
interface RecordPath {
  Params: { record: string };
}
interface ParticipantPath {
  Params: { record: string; participant: string };
}

/** Conference records are deleted 30 days after the conference. */
const recordLifeMs = 30 * 86_400_000;

const timeOf = (epochMs: number): string => new Date(epochMs).toISOString();

const filterOf = (filter: string | undefined) => {
  if (filter === undefined) return undefined;
  const [, field, value] = /^space\.(name|meeting_code) = "([^"]+)"$/.exec(filter) ?? [];
  if (field === undefined || value === undefined) throw invalidArgument(`Invalid filter: ${filter}`);
  return { field, value };
};

const userOf = (email: string): string =>
  `users/${BigInt(`0x${createHash('sha256').update(email).digest('hex').slice(0, 15)}`)}`;

const renderRecord = (session: MeetingSession, space: StoredSpace) => ({
  name: `conferenceRecords/${session.id}`,
  space: `spaces/${space.id}`,
  startTime: timeOf(session.startMs),
  ...(session.endMs === undefined
    ? {}
    : { endTime: timeOf(session.endMs), expireTime: timeOf(session.endMs + recordLifeMs) }),
});

/** A person is shown by name only: Meet tells no addresses. */
const renderParticipant = (record: string, { id, name, email, stays }: MeetingAttendance) => {
  const isGone = stays.every(({ leftMs }) => leftMs !== undefined);
  return {
    name: `conferenceRecords/${record}/participants/${id}`,
    earliestStartTime: timeOf(Math.min(...stays.map(({ joinedMs }) => joinedMs))),
    ...(isGone ? { latestEndTime: timeOf(Math.max(...stays.map(({ leftMs = 0 }) => leftMs))) } : {}),
    ...(email === undefined
      ? { anonymousUser: { displayName: name } }
      : { signedinUser: { user: userOf(email), displayName: name } }),
  };
};

/** Registers the routes. */
export const meetRoutes = (app: FastifyInstance, parts: MeetRouteParts) => {
  const { settings, spaces, sessions, clock, accountOf, recordings, driveAccountOf } = parts;

  const spaceOf = (name: string): StoredSpace => {
    const space = spaces.find(name);
    if (!space) throw new MeetError(meetErrors.notFound);
    return space;
  };
  const isKept = ({ endMs }: MeetingSession) => endMs === undefined || endMs + recordLifeMs > clock();
  /** Returns a record of a space of the account. */
  const recordOf = (account: string, id: string): MeetingSession => {
    const session = sessions.find(id);
    const space = session && spaces.find(session.meeting);
    if (!session || space?.owner !== account || !isKept(session)) throw new MeetError(meetErrors.notFound);
    return session;
  };

  artifactRoutes(app, { spaces, recordings, meetAccountOf: accountOf, driveAccountOf, recordOf });

  app.get<SpacePath>('/v2/spaces/:space', { config: { operation: 'spaces.get' } }, (request) => {
    const account = accountOf(request);
    const space = spaceOf(request.params.space);
    const active = sessions.of(space.code).find(({ endMs }) => endMs === undefined);
    const isOwner = space.owner === account;
    return renderSpace(space, { withSettings: isOwner, ...(isOwner ? { activeRecord: active?.id } : {}) });
  });

  app.patch<SpacePath & { Querystring: { updateMask?: string } }>(
    '/v2/spaces/:space',
    { config: { operation: 'spaces.patch' } },
    (request) => {
      const account = accountOf(request);
      const space = spaceOf(request.params.space);
      // "Can only be used as an alias […] to get the space."
      if (space.id !== request.params.space) throw invalidArgument('Invalid resource name of the space.');
      if (space.owner !== account) throw new MeetError(meetErrors.denied);
      const body = spaceBodySchema.safeParse(request.body ?? {});
      if (!body.success) {
        const [issue] = body.error.issues;
        throw invalidArgument(`Invalid JSON payload received. ${issue?.path.join('.')}: ${issue?.message}`);
      }
      if (body.data.config?.artifactConfig && settings.meetWithoutArtifacts.includes(account)) {
        throw new MeetError({
          code: 403,
          status: 'PERMISSION_DENIED',
          message: 'The account is not eligible for meeting artifacts.',
        });
      }
      const patched = { ...space, config: patchedConfig(space.config, body.data, request.query.updateMask) };
      spaces.put(patched);
      return renderSpace(patched, { withSettings: true });
    },
  );

  app.get<{ Querystring: { filter?: string } }>(
    '/v2/conferenceRecords',
    { config: { operation: 'conferenceRecords.list' } },
    (request) => {
      const account = accountOf(request);
      const filter = filterOf(request.query.filter);
      const own = spaces.all().filter(({ owner }) => owner === account);
      const asked = own.filter(
        ({ id, code }) =>
          !filter || (filter.field === 'name' ? `spaces/${id}` === filter.value : code === filter.value),
      );
      const items = asked
        .flatMap((space) =>
          sessions
            .of(space.code)
            .filter(isKept)
            .map((session) => ({ session, space })),
        )
        .toSorted((a, b) => b.session.startMs - a.session.startMs);
      const { page, next } = pageOf(request, { items, most: 100, unasked: 25 });
      return { conferenceRecords: page.map(({ session, space }) => renderRecord(session, space)), ...next };
    },
  );

  app.get<RecordPath>(
    '/v2/conferenceRecords/:record/participants',
    { config: { operation: 'participants.list' } },
    (request) => {
      const { id, attendances } = recordOf(accountOf(request), request.params.record);
      const { page, next } = pageOf(request, { items: attendances.toReversed(), most: 250, unasked: 100 });
      return {
        participants: page.map((attendance) => renderParticipant(id, attendance)),
        totalSize: attendances.length,
        ...next,
      };
    },
  );

  app.get<ParticipantPath>(
    '/v2/conferenceRecords/:record/participants/:participant/participantSessions',
    { config: { operation: 'participantSessions.list' } },
    (request) => {
      const { participant } = request.params;
      const { id, attendances } = recordOf(accountOf(request), request.params.record);
      const attendance = attendances.find((held) => held.id === participant);
      if (!attendance) throw new MeetError(meetErrors.notFound);
      const { page, next } = pageOf(request, {
        items: attendance.stays.toReversed(),
        most: 250,
        unasked: 100,
      });
      return {
        participantSessions: page.map((stay) => ({
          name: `conferenceRecords/${id}/participants/${participant}/participantSessions/${stay.id}`,
          startTime: timeOf(stay.joinedMs),
          ...(stay.leftMs === undefined ? {} : { endTime: timeOf(stay.leftMs) }),
        })),
        ...next,
      };
    },
  );
};
