/**
 * Serves Zoom's cloud recordings: https://developers.zoom.us/docs/api/meetings/#tag/cloud-recording. A download address
 * needs a token and redirects to the server of the file, with a ticket in place of the token.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBearerToken } from '../authorization.ts';
import { sendFile } from '../media/send-file.ts';
import type { ZoomCaller } from './caller.ts';
import { noRecording, validationFailed } from './errors.ts';
import type { Meetings } from './meetings.ts';
import type { Recordings, StoredRecording } from './recordings.ts';
import { readRequest } from './request.ts';

interface RecordingRouteParts {
  readonly callerOf: (request: FastifyRequest) => ZoomCaller;
  readonly recordings: Recordings;
  readonly meetings: Pick<Meetings, 'get'>;
}

interface MeetingPath {
  Params: { meetingId: string };
}
interface FilePath {
  Params: { fileId: string };
}

const recordingQuery = z.object({
  include_fields: z.string().optional(),
  /** Seconds, at most seven days. */
  ttl: z.coerce.number().int().min(0).max(604_800).optional(),
});
const deletionQuery = z.object({ action: z.enum(['trash', 'delete']).default('trash') });
const trashQuery = z.object({
  trash: z.enum(['true', 'false']).default('false'),
  meeting_id: z.string().optional(),
  /** Without it, Zoom lists the recordings of the last day. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
});

const dayMs = 86_400_000;
const longestListingDays = 31;

/**
 * Returns the UUID or id of a path that the router has decoded once. A UUID that begins with a slash or contains two is
 * not found unless it was encoded twice.
 */
const keyOf = (decodedOnce: string): string => {
  const isPlain = decodedOnce.startsWith('/') || decodedOnce.includes('//');
  if (isPlain) throw noRecording();
  return decodedOnce.includes('%') ? decodeURIComponent(decodedOnce) : decodedOnce;
};

const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host}`;

/** Registers the routes. */
export const recordingRoutes = (
  app: FastifyInstance,
  { callerOf, recordings, meetings }: RecordingRouteParts,
): void => {
  const tickets = new Map<string, string>();

  const requireRecording = (decodedOnce: string): StoredRecording => {
    const found = recordings.find(keyOf(decodedOnce));
    if (!found) throw noRecording();
    return found;
  };

  app.get<MeetingPath>(
    '/v2/past_meetings/:meetingId/instances',
    { config: { operation: 'meetings.instances' } },
    (request) => {
      callerOf(request);
      // Unconfirmed: Zoom documents 3001 for this request, and not whether it concerns deleted meetings.
      meetings.get(request.params.meetingId);
      return {
        meetings: recordings
          .ofMeeting(request.params.meetingId)
          .map(({ uuid, startMs }) => ({ uuid, start_time: new Date(startMs).toISOString() })),
      };
    },
  );

  app.get<MeetingPath>(
    '/v2/meetings/:meetingId/recordings',
    { config: { operation: 'recordings.get' } },
    (request) => {
      callerOf(request);
      const { include_fields: fields, ttl } = readRequest(recordingQuery, request.query);
      const recording = requireRecording(request.params.meetingId);
      const isTokenWanted = fields?.split(',').includes('download_access_token');
      return {
        ...recordings.render(recording, originOf(request)),
        ...(isTokenWanted && { download_access_token: recordings.issueToken(recording.uuid, ttl) }),
      };
    },
  );

  app.delete<MeetingPath>(
    '/v2/meetings/:meetingId/recordings',
    { config: { operation: 'recordings.delete' } },
    async (request, reply) => {
      callerOf(request);
      const { action } = readRequest(deletionQuery, request.query);
      recordings.remove(requireRecording(request.params.meetingId).uuid, action);
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: { meetingId: string; recordingId: string } }>(
    '/v2/meetings/:meetingId/recordings/:recordingId',
    { config: { operation: 'recordings.deleteFile' } },
    async (request, reply) => {
      callerOf(request);
      const { action } = readRequest(deletionQuery, request.query);
      const { uuid, files } = requireRecording(request.params.meetingId);
      const { recordingId } = request.params;
      if (!files.some(({ id }) => id === recordingId)) throw noRecording();
      recordings.removeFile(uuid, recordingId, action);
      return reply.code(204).send();
    },
  );

  app.get<{ Params: { userId: string } }>(
    '/v2/users/:userId/recordings',
    { config: { operation: 'recordings.list' } },
    (request) => {
      const host = callerOf(request).user(request.params.userId);
      const { trash, meeting_id: meetingId, ...dates } = readRequest(trashQuery, request.query);
      const until = dates.to === undefined ? Date.now() : Date.parse(dates.to) + dayMs;
      const since = dates.from === undefined ? until - dayMs : Date.parse(dates.from);
      if (until - since > longestListingDays * dayMs)
        throw validationFailed([{ field: 'from', message: 'The range must be within a month.' }]);
      const isListed = ({ startMs }: StoredRecording) => startMs >= since && startMs < until;
      const found = trash === 'true' ? recordings.inTrash(host) : recordings.ofHost(host).filter(isListed);
      const wanted = found.filter(
        ({ meeting }) => meetingId === undefined || String(meeting.id) === meetingId,
      );
      return {
        page_size: 300,
        next_page_token: '',
        total_records: wanted.length,
        meetings: wanted.map((recording) => recordings.render(recording, originOf(request))),
      };
    },
  );

  app.get<FilePath>(
    '/rec/download/:fileId',
    { config: { operation: 'recordings.download' } },
    (request, reply) => {
      const found = recordings.findFile(request.params.fileId);
      if (!found) return reply.code(404).type('text/html').send('<p>This recording does not exist.</p>');
      const token = parseBearerToken(request.headers.authorization);
      if (!recordings.isValidToken(token, found.recording.uuid)) {
        // Zoom's web servers answer with a page.
        return reply.code(401).type('text/html').send('<p>Forbidden</p>');
      }
      const ticket = randomBytes(16).toString('base64url');
      tickets.set(ticket, found.file.id);
      return reply.redirect(`/rec/archive/${found.file.id}?ticket=${ticket}`, 302);
    },
  );

  app.get<FilePath>(
    '/rec/archive/:fileId',
    { config: { operation: 'recordings.archive' } },
    (request, reply) => {
      const { ticket } = z.object({ ticket: z.string() }).parse(request.query);
      const found = recordings.findFile(request.params.fileId);
      if (!found || tickets.get(ticket) !== found.file.id) return reply.code(403).send();
      const { uuid, cutAfter, bytesPerSecond, ignoresRanges, version } = found.recording;
      return sendFile(request, reply, {
        id: found.file.seed ?? found.file.id,
        size: found.file.size,
        contentType: 'application/octet-stream',
        cutAfter: cutAfter !== undefined && recordings.takeCut(uuid) ? cutAfter : undefined,
        bytesPerSecond,
        ignoresRanges,
        version,
      });
    },
  );
};
