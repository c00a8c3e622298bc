/**
 * Serves the recordings and the transcripts of Teams meetings: https://learn.microsoft.com/graph/api/resources/callrecording
 * and https://learn.microsoft.com/graph/api/resources/calltranscript. "This API doesn't support meetings created using the
 * create onlineMeeting API that are not associated with an event on the user's calendar"; the refusal is that of
 * https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8869
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendFile } from '../media/send-file.ts';
import type { SessionRecording, SessionRecordings } from '../media/session-recordings.ts';
import { originOf } from '../oauth/id-token.ts';
import { GraphError } from './errors.ts';
import { graphInstant } from './online-meeting.ts';
import type { OnlineMeetings } from './online-meetings.ts';
import { objectIdOf } from './person.ts';

export interface MeetingArtifactRouteParts {
  readonly meetings: OnlineMeetings;
  readonly recordings: SessionRecordings;
  /** Returns the organizer of the request. @throws {GraphError} 401, or 403 without a scope or a license. */
  readonly organizerOf: (request: FastifyRequest, scopes: readonly string[]) => string;
}

interface MeetingPath {
  Params: { meetingId: string };
}
interface ArtifactPath {
  Params: { meetingId: string; artifactId: string };
}

interface Kind {
  readonly type: SessionRecording['type'];
  readonly path: 'recordings' | 'transcripts';
  readonly scopes: readonly string[];
  readonly contentType: string;
  readonly contentUrl: 'recordingContentUrl' | 'transcriptContentUrl';
}

const kinds: readonly Kind[] = [
  {
    type: 'video',
    path: 'recordings',
    scopes: ['OnlineMeetingRecording.Read.All'],
    contentType: 'video/mp4',
    contentUrl: 'recordingContentUrl',
  },
  {
    type: 'transcript',
    path: 'transcripts',
    scopes: ['OnlineMeetingTranscript.Read.All'],
    contentType: 'text/vtt',
    contentUrl: 'transcriptContentUrl',
  },
];

const contentQuery = z.object({ $format: z.string().optional() });

/** Registers the routes. */
export const meetingArtifactRoutes = (app: FastifyInstance, parts: MeetingArtifactRouteParts): void => {
  for (const kind of kinds) routesOf(app, parts, kind);
};

const routesOf = (
  app: FastifyInstance,
  { meetings, recordings, organizerOf }: MeetingArtifactRouteParts,
  { type, path, scopes, contentType, contentUrl }: Kind,
): void => {
  const base = `/v1.0/me/onlineMeetings/:meetingId/${path}`;

  const meetingOf = (request: FastifyRequest<MeetingPath>) => {
    const meeting = meetings.get(organizerOf(request, scopes), request.params.meetingId);
    if (meeting.hasEvent) return meeting;
    throw new GraphError(
      400,
      'BadRequest',
      'No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting.',
    );
  };

  /** Graph lists a file when it is available. */
  const listed = (meeting: string) =>
    recordings
      .ofMeeting(meeting)
      .filter((file) => file.type === type && file.place === 'kept' && recordings.isReady(file));

  app.get<MeetingPath>(base, { config: { operation: `${path}.list` } }, (request) => {
    const { id: meetingId, account } = meetingOf(request);
    const files = listed(meetingId);
    return {
      '@odata.count': files.length,
      value: files.map((file) => ({
        id: file.id,
        callId: file.session,
        contentCorrelationId: file.session,
        meetingId,
        createdDateTime: graphInstant(file.startMs),
        endDateTime: graphInstant(file.endMs),
        [contentUrl]: `${originOf(request)}/v1.0/users/${objectIdOf(account)}/onlineMeetings/${meetingId}/${path}/${file.id}/content`,
        meetingOrganizer: { user: { id: objectIdOf(account), displayName: null } },
      })),
    };
  });

  const sendContent = (request: FastifyRequest<ArtifactPath>, reply: FastifyReply): FastifyReply => {
    const { id } = meetingOf(request);
    const file = listed(id).find((held) => held.id === request.params.artifactId);
    if (!file) throw new GraphError(404, 'NotFound', 'The recording was not found.');
    if (type === 'transcript') {
      const { $format: format } = contentQuery.parse(request.query);
      if (format !== undefined && format !== contentType)
        throw new GraphError(400, 'BadRequest', `The format ${format} is not supported.`);
    }
    return sendFile(request, reply, recordings.open(file, contentType));
  };
  app.get<ArtifactPath>(
    `${base}/:artifactId/content`,
    { config: { operation: `${path}.content` } },
    sendContent,
  );
};
