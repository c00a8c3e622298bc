/**
 * Serves the recordings and the transcripts of conferences, and their files in Google Drive:
 * https://developers.google.com/workspace/meet/api/guides/artifacts and
 * https://developers.google.com/workspace/drive/api/guides/manage-downloads
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendFile } from '../../media/send-file.ts';
import type { SessionRecording, SessionRecordings } from '../../media/session-recordings.ts';
import type { MeetingSession } from '../../meeting-sessions.ts';
import { GoogleError } from '../errors.ts';
import { pageOf } from './page.ts';
import type { Spaces } from './spaces.ts';

export interface ArtifactRouteParts {
  readonly spaces: Pick<Spaces, 'find'>;
  readonly recordings: SessionRecordings;
  /** Returns the account of a request of the Meet API, and of the Drive API. Throws their errors. */
  readonly meetAccountOf: (request: FastifyRequest) => string;
  readonly driveAccountOf: (request: FastifyRequest) => string;
  /** Returns a record of a space of the account. @throws {MeetError} 404 */
  readonly recordOf: (account: string, id: string) => MeetingSession;
}

interface RecordPath {
  Params: { record: string };
}
interface FilePath {
  Params: { fileId: string };
}

const fileQuery = z.object({ alt: z.string().optional(), fields: z.string().optional() });
const exportQuery = z.object({ mimeType: z.string().optional() });

/** The types of a document that Drive can export: https://developers.google.com/workspace/drive/api/guides/ref-export-formats */
const exportTypes: readonly string[] = ['text/plain', 'text/markdown', 'application/pdf'];
const documentType = 'application/vnd.google-apps.document';

const timeOf = (epochMs: number): string => new Date(epochMs).toISOString();

const noFile = (id: string): GoogleError =>
  new GoogleError({ code: 404, reason: 'notFound', message: `File not found: ${id}.` });

/** Registers the routes. */
export const artifactRoutes = (app: FastifyInstance, parts: ArtifactRouteParts): void => {
  const { spaces, recordings, meetAccountOf, driveAccountOf, recordOf } = parts;

  /** A file that its owner has deleted keeps its resource: "the unique name is still returned in Meet". */
  const render = (recording: SessionRecording) => {
    const kind = recording.type === 'video' ? 'recordings' : 'transcripts';
    const destination =
      recording.type === 'video'
        ? {
            driveDestination: {
              file: recording.id,
              exportUri: `https://drive.google.com/file/d/${recording.id}/view`,
            },
          }
        : {
            docsDestination: {
              document: recording.id,
              exportUri: `https://docs.google.com/document/d/${recording.id}/view`,
            },
          };
    const isReady = recordings.isReady(recording);
    return {
      name: `conferenceRecords/${recording.session}/${kind}/${recording.id}`,
      state: isReady ? 'FILE_GENERATED' : 'ENDED',
      startTime: timeOf(recording.startMs),
      endTime: timeOf(recording.endMs),
      ...(isReady ? destination : {}),
    };
  };

  const list = (request: FastifyRequest<RecordPath>, type: SessionRecording['type']) => {
    const { id } = recordOf(meetAccountOf(request), request.params.record);
    const items = recordings.ofSession(id).filter((recording) => recording.type === type);
    return pageOf(request, { items, most: 100, unasked: 10 });
  };

  app.get<RecordPath>(
    '/v2/conferenceRecords/:record/recordings',
    { config: { operation: 'recordings.list' } },
    (request) => {
      const { page, next } = list(request, 'video');
      return { recordings: page.map(render), ...next };
    },
  );
  app.get<RecordPath>(
    '/v2/conferenceRecords/:record/transcripts',
    { config: { operation: 'transcripts.list' } },
    (request) => {
      const { page, next } = list(request, 'transcript');
      return { transcripts: page.map(render), ...next };
    },
  );

  const fileOf = (request: FastifyRequest<FilePath>): SessionRecording => {
    const account = driveAccountOf(request);
    const { fileId } = request.params;
    const found = recordings.find(fileId);
    const isOwn = found !== undefined && spaces.find(found.meeting)?.owner === account;
    if (!isOwn || found.place === 'deleted' || !recordings.isReady(found)) throw noFile(fileId);
    return found;
  };

  app.get<FilePath>('/drive/v3/files/:fileId', { config: { operation: 'files.get' } }, (request, reply) => {
    const file = fileOf(request);
    const { alt, fields } = fileQuery.parse(request.query);
    if (alt === 'media') {
      if (file.type === 'transcript') {
        throw new GoogleError({
          code: 403,
          reason: 'fileNotDownloadable',
          message: 'Only files with binary content can be downloaded. Use Export with Docs Editors files.',
        });
      }
      return sendFile(request, reply, recordings.open(file, 'video/mp4'));
    }
    const resource: Readonly<Record<string, unknown>> = {
      kind: 'drive#file',
      id: file.id,
      name: 'Audition',
      mimeType: file.type === 'video' ? 'video/mp4' : documentType,
      trashed: file.place === 'trash',
      // A 64-bit number is a string in JSON.
      size: String(file.type === 'video' ? file.size : 1_024),
    };
    const shown = fields?.split(',') ?? ['kind', 'id', 'name', 'mimeType'];
    return Object.fromEntries(Object.entries(resource).filter(([name]) => shown.includes(name)));
  });

  app.get<FilePath>(
    '/drive/v3/files/:fileId/export',
    { config: { operation: 'files.export' } },
    (request, reply) => {
      const file = fileOf(request);
      const { mimeType } = exportQuery.parse(request.query);
      if (file.type === 'video') {
        throw new GoogleError({
          code: 403,
          reason: 'fileNotExportable',
          message: 'Export only supports Docs Editors files.',
        });
      }
      if (mimeType === undefined || !exportTypes.includes(mimeType)) {
        throw new GoogleError({
          code: 400,
          reason: 'badRequest',
          message: 'The requested conversion is not supported.',
        });
      }
      // An export is made for each request, and has no ranges.
      return sendFile(request, reply, { ...recordings.open(file, mimeType), ignoresRanges: true });
    },
  );
};
