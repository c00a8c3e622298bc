/**
 * Implements `RecordingProvider` for Teams: https://learn.microsoft.com/graph/api/onlinemeeting-list-recordings and
 * https://learn.microsoft.com/graph/api/onlinemeeting-list-transcripts. Graph lists a file when it is available, and does not
 * say how large it is. It serves only the meetings of events: docs/decisions/0058.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import type { ListedFile } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import { operationOf } from '../operations.ts';
import { openFile, type RefusedDownload } from '../outbound/file-download.ts';
import type { GuardedDownload } from '../outbound/guarded-download.ts';
import type { CallContext, HostAccount, ListedRecording, RecordingProvider } from '../ports.ts';
import { readAttendance } from './attendance-reports.ts';
import type { GraphClient } from './graph-client.ts';
import { answeredFailure, graphError } from './graph-errors.ts';
import { isWithoutEvent, onlineMeetingErrors } from './meeting-errors.ts';
import { onlineMeetingPath } from './meeting-ids.ts';
import { meetingOptionsSchema } from './meeting-options.ts';
import { type MeetingCall, readMeetingPages } from './meeting-pages.ts';
import {
  attendanceScope,
  type MicrosoftSettings,
  meetingScope,
  recordingScope,
  transcriptScope,
} from './settings.ts';

const listOperation = operationOf('microsoft', 'recordings.list');
const downloadOperation = operationOf('microsoft', 'recordings.download');
const removeOperation = operationOf('microsoft', 'recordings.remove');
const readSettingOperation = operationOf('microsoft', 'recordings.isAutomatic');
const setOperation = operationOf('microsoft', 'recordings.setAutomatic');

const artifactSchema = z.object({
  id: z.string().describe('The id of the recording or the transcript'),
  callId: z.string().nullish().describe('The opening of the meeting'),
  contentCorrelationId: z.string().nullish().describe('Links a recording with its transcript'),
  createdDateTime: z.string().nullish().describe('When it was begun; ISO 8601'),
  endDateTime: z.string().nullish().describe('When it was ended; ISO 8601'),
});
type GraphArtifact = z.infer<typeof artifactSchema>;

interface Kind {
  readonly path: 'recordings' | 'transcripts';
  readonly file: Pick<ListedFile, 'kind' | 'format'>;
}
const kinds: readonly Kind[] = [
  { path: 'recordings', file: { kind: 'video', format: 'mp4' } },
  { path: 'transcripts', file: { kind: 'transcript', format: 'vtt' } },
];

interface Artifact extends GraphArtifact {
  readonly kind: Kind;
}

/** Creates the provider. */
export const createTeamsRecordings = (
  client: GraphClient,
  { graphUrl }: Pick<MicrosoftSettings, 'graphUrl'>,
  download: GuardedDownload,
): RecordingProvider => {
  const readAutomatic = async ({ operation, connection, call }: MeetingCall, meetingId: string) => {
    const request = {
      method: 'get',
      path: onlineMeetingPath(meetingId),
      errors: onlineMeetingErrors,
    } as const;
    const { recordAutomatically } = await client.exchange(
      operation,
      connection,
      call,
      meetingOptionsSchema,
      request,
    );
    return recordAutomatically ?? false;
  };

  return {
    name: 'microsoft_teams',
    laterFiles: 'hidden',

    list: async (host, meetingId, call) => {
      const scope = scopeOf(client, listOperation, host, call);
      requireScopes(scope, recordingScope, transcriptScope);
      const openings = Map.groupBy(await artifactsOf(scope, meetingId), instanceOf);
      return [...openings].map(([instance, artifacts]) => asListed(instance, artifacts));
    },

    /**
     * Graph shows neither a deleted recording nor one that Teams processes. A meeting that records by itself, and that people were
     * in, has one: https://learn.microsoft.com/graph/api/resources/onlinemeeting (`recordAutomatically`).
     */
    absence: async (host, meetingId, call) => {
      const scope = scopeOf(client, listOperation, host, call);
      const { scopes } = scope.connection;
      if (scopes !== undefined && !scopes.includes(attendanceScope)) return 'not_listed';
      try {
        if (!(await readAutomatic(scope, meetingId))) return 'not_listed';
        const attendance = await readAttendance(scope, onlineMeetingPath(meetingId));
        return attendance && attendance.length > 0 ? 'still_processing' : 'not_listed';
      } catch (error) {
        // The meeting is gone, or the account may not read reports: its recording can exist nevertheless.
        if (error instanceof ProviderError && !isTransient(error.fault)) return 'not_listed';
        throw error;
      }
    },

    isAutomatic: async (host, meetingId, call) => {
      const scope = scopeOf(client, readSettingOperation, host, call);
      requireScopes(scope, meetingScope);
      return readAutomatic(scope, meetingId);
    },

    setAutomatic: async (host, meetingId, isAutomatic, call) => {
      const scope = scopeOf(client, setOperation, host, call);
      requireScopes(scope, meetingScope);
      const body = isAutomatic
        ? { allowRecording: true, recordAutomatically: true }
        : { recordAutomatically: false };
      await client.exchange(scope.operation, scope.connection, call, z.unknown(), {
        method: 'patch',
        path: onlineMeetingPath(meetingId),
        body,
        errors: onlineMeetingErrors,
      });
    },

    download: async (host, { meeting, file }, offset, call) => {
      const scope = scopeOf(client, downloadOperation, host, call);
      requireScopes(scope, recordingScope, transcriptScope);
      const found = (await artifactsOf(scope, meeting)).find(({ id }) => fileIdOf(id) === file);
      if (!found) throw fileGone();
      const { connection } = scope;
      const token = await connection.accessToken(call);
      const url = new URL(
        `${graphUrl}/v1.0${onlineMeetingPath(meeting)}/${found.kind.path}/${encodeURIComponent(found.id)}/content`,
      );
      if (found.kind.path === 'transcripts') url.searchParams.set('$format', 'text/vtt');
      return openFile(download, { url, token, offset }, call, {
        refused: (answer) => {
          // The next attempt gets another token.
          if (answer.status === 401) connection.reportRejectedToken(token);
          return withConnection(scope, refused(answer));
        },
        broken: (error) => transportError(downloadOperation, error, call),
      });
    },

    remove: (host, _copy, _action, call) => {
      const scope = scopeOf(client, removeOperation, host, call);
      const message = 'Graph deletes no recordings: a person must delete the copy in OneDrive';
      return Promise.reject(withConnection(scope, errorOf(scope.operation, 'copy_is_kept', message)));
    },
  };
};

/** Returns the recordings and the transcripts of the meeting. */
const artifactsOf = async (scope: MeetingCall, meeting: string): Promise<readonly Artifact[]> => {
  const all: Artifact[] = [];
  for (const kind of kinds) {
    const path = `${onlineMeetingPath(meeting)}/${kind.path}`;
    try {
      const found = await readMeetingPages(scope, path, artifactSchema);
      all.push(...found.map((artifact) => ({ ...artifact, kind })));
    } catch (error) {
      throw explained(scope, error);
    }
  }
  return all;
};

/** A recording and its transcript belong to one opening of the meeting. */
const instanceOf = ({ id, callId, contentCorrelationId }: Artifact): string =>
  callId ?? contentCorrelationId ?? id;

const asListed = (instance: string, artifacts: readonly Artifact[]): ListedRecording => {
  const began = artifacts.map(({ createdDateTime }) => Date.parse(createdDateTime ?? ''));
  const ended = artifacts.map(({ endDateTime }) => Date.parse(endDateTime ?? ''));
  const startMs = Math.min(...began.filter((time) => !Number.isNaN(time)));
  const endMs = Math.max(...ended.filter((time) => !Number.isNaN(time)));
  return {
    instance,
    ...(Number.isFinite(startMs) ? { startedAt: toInstant(startMs) } : {}),
    ...(Number.isFinite(startMs) && endMs > startMs ? { duration: Math.round(endMs - startMs) } : {}),
    files: artifacts.map(({ id, kind }) => ({ id: fileIdOf(id), ...kind.file, isReady: true })),
  };
};

/** @throws {ProviderError} when the host is no connected account. */
const scopeOf = (
  client: GraphClient,
  operation: ProviderOperation,
  host: HostAccount,
  call: CallContext,
): MeetingCall => {
  if (host.kind === 'connected') return { client, operation, connection: host.connection, call };
  throw errorOf(operation, 'no_host', 'the recordings of Teams are read with the account of their organizer');
};

/** @throws {ProviderError} `recording_scope_missing`, without marking the connection: its calendars need no such scope. */
const requireScopes = (scope: MeetingCall, ...needed: readonly string[]): void => {
  const { scopes } = scope.connection;
  const missing = scopes === undefined ? [] : needed.filter((one) => !scopes.includes(one));
  if (missing.length === 0) return;
  const code = 'recording_scope_missing';
  const message = `the consent does not cover recordings (${missing.join(', ')}): connect the account again and allow them`;
  const { fault } = errorOf(scope.operation, code, message);
  // Ours, so nothing is left out of it: the name of a scope is as long as a secret.
  throw new ProviderError(
    'microsoft',
    scope.operation.name,
    fault,
    { code, message },
    { connection: scope.connection.id },
  );
};

const errorOf = (operation: ProviderOperation, code: string, message: string): ProviderError =>
  graphError(operation, { code, message }, onlineMeetingErrors);

const withConnection = ({ connection: { id } }: MeetingCall, error: ProviderError): ProviderError =>
  new ProviderError(error.provider, error.operation, error.fault, error.vendor, { connection: id });

const withoutEventMessage =
  'Microsoft serves the recordings of meetings of events only, and this meeting is none: download the recording from OneDrive';

const explained = (scope: MeetingCall, error: unknown): unknown =>
  error instanceof ProviderError && isWithoutEvent(error)
    ? withConnection(scope, errorOf(scope.operation, 'meeting_without_event', withoutEventMessage))
    : error;

const refused = ({ status, retryAfter, body, isPage }: RefusedDownload): ProviderError => {
  if (status === 401 || isPage) {
    const message = 'the access token is not accepted any more';
    return new ProviderError(
      'microsoft',
      downloadOperation.name,
      { kind: 'retry', effect: 'none' },
      { status, message },
    );
  }
  return graphError(downloadOperation, answeredFailure({ status, retryAfter, body }), onlineMeetingErrors);
};

const fileGone = (): ProviderError =>
  new ProviderError(
    'microsoft',
    downloadOperation.name,
    { kind: 'not_found' },
    { message: 'the meeting no longer has the file' },
  );

/** Returns our id of a file, which is part of the key in the storage. */
const fileIdOf = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 20);
