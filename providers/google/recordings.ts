/**
 * Implements `RecordingProvider` for Meet: https://developers.google.com/workspace/meet/api/guides/artifacts. The Meet API
 * lists the recordings and transcripts of each conference. Their files are in the Drive of the owner of the calendar: a video
 * is downloaded (https://developers.google.com/workspace/drive/api/guides/manage-downloads), and a transcript, which is a
 * document of Google Docs, is exported as text.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import type { ListedFile } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import { openFile } from '../outbound/file-download.ts';
import type { GuardedDownload } from '../outbound/guarded-download.ts';
import type { CallContext, ConnectedAccount, HostAccount, RecordingProvider } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import {
  type ConferenceRecord,
  nextPageToken,
  readConferenceRecords,
  readRecordPages,
} from './conference-records.ts';
import { fromGoogle, googleAnswerError, googleError } from './errors.ts';
import type { CallScope } from './event-ids.ts';
import { meetFilesScope, meetRecordsScope, meetSettingsScope } from './settings.ts';
import { isRecordedAutomatically, mayCallMeet, setAutomaticRecording } from './spaces.ts';

const listOperation = operationOf('google', 'recordings.list');
const downloadOperation = operationOf('google', 'recordings.download');
const removeOperation = operationOf('google', 'recordings.remove');
const readSettingOperation = operationOf('google', 'recordings.isAutomatic');
const setOperation = operationOf('google', 'recordings.setAutomatic');

const artifact = z.object({
  name: z.string().describe('The resource name, with the ids of the record and of the file'),
  state: z.string().optional().describe('STARTED, ENDED, or FILE_GENERATED; a later value is not ready'),
});
const recordingSchema = artifact.extend({
  driveDestination: z
    .object({ file: z.string().optional().describe('The id in Drive') })
    .optional()
    .describe('Absent until the file is generated'),
});
const transcriptSchema = artifact.extend({
  docsDestination: z
    .object({ document: z.string().optional().describe('The id in Drive and Docs') })
    .optional()
    .describe('Absent until the document is generated'),
});
const recordingsSchema = z.object({ recordings: z.array(recordingSchema).default([]), nextPageToken });
const transcriptsSchema = z.object({ transcripts: z.array(transcriptSchema).default([]), nextPageToken });

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files */
const fileSchema = z.object({
  size: z.string().regex(/^\d+$/).transform(Number).optional().describe('In bytes; a 64-bit number as text'),
  trashed: z.boolean().optional().describe('Whether the file, or its folder, is in the trash'),
});
const fileFields = 'size,trashed';

/** The largest pages of the two lists. */
const artifactsPerPage = 100;
const transcriptType = 'text/plain';

interface Artifact {
  readonly name: string;
  readonly kind: 'video' | 'transcript';
  readonly isGenerated: boolean;
  /** The id of the file in Drive. Undefined until it is generated. */
  readonly file: string | undefined;
}

/** What Drive knows of a file. */
type Stored =
  | { readonly place: 'kept'; readonly size: number | undefined }
  | { readonly place: 'trash' | 'gone' };

/** Creates the provider. @param apiUrl the origin of the Drive API */
export const createMeetRecordings = (
  client: GoogleClient,
  { apiUrl }: { readonly apiUrl: string },
  download: GuardedDownload,
): RecordingProvider => {
  const artifactsOf = async (scope: CallScope, record: string): Promise<readonly Artifact[]> => {
    const { operation, connection, call } = scope;
    const recordings = await readRecordPages(scope, async (page) => {
      const answer = await client.exchangeWithMeet(
        operation,
        connection,
        call,
        recordingsSchema,
        (meet, options) =>
          meet.conferenceRecords.recordings.list(
            { parent: record, pageSize: artifactsPerPage, ...page },
            options,
          ),
      );
      return { items: answer.recordings, next: answer.nextPageToken };
    });
    const transcripts = await readRecordPages(scope, async (page) => {
      const answer = await client.exchangeWithMeet(
        operation,
        connection,
        call,
        transcriptsSchema,
        (meet, options) =>
          meet.conferenceRecords.transcripts.list(
            { parent: record, pageSize: artifactsPerPage, ...page },
            options,
          ),
      );
      return { items: answer.transcripts, next: answer.nextPageToken };
    });
    return [
      ...recordings.map(({ name, state, driveDestination }) => ({
        name,
        kind: 'video' as const,
        isGenerated: state === generated,
        file: driveDestination?.file,
      })),
      ...transcripts.map(({ name, state, docsDestination }) => ({
        name,
        kind: 'transcript' as const,
        isGenerated: state === generated,
        file: docsDestination?.document,
      })),
    ];
  };

  const findStored = async ({ operation, connection, call }: CallScope, fileId: string): Promise<Stored> => {
    try {
      const { size, trashed } = await client.exchangeWithDrive(
        operation,
        connection,
        call,
        fileSchema,
        (drive, options) =>
          // The library accepts the types of several transports; this one answers with the resource.
          drive.files.get({ fileId, fields: fileFields, supportsAllDrives: true }, options),
      );
      return trashed ? { place: 'trash' } : { place: 'kept', size };
    } catch (error) {
      if (isNotFound(error)) return { place: 'gone' };
      throw error;
    }
  };

  /** Returns the file as the storage needs it. Undefined: its owner has removed it. */
  const asListed = async (scope: CallScope, found: Artifact): Promise<ListedFile | undefined> => {
    const { name, kind, isGenerated, file } = found;
    const format = kind === 'video' ? 'mp4' : 'txt';
    const listed = { id: fileIdOf(name), kind, format };
    if (!isGenerated || file === undefined) return { ...listed, isReady: false };
    const stored = await findStored(scope, file);
    if (stored.place !== 'kept') return undefined;
    // The size of a document is not that of its export.
    return { ...listed, isReady: true, ...(kind === 'video' ? { size: stored.size } : {}) };
  };

  return {
    name: 'google_meet',
    laterFiles: 'listed',

    list: async (host, meetingId, call) => {
      const scope = scopeOf(client, listOperation, host, call);
      requireScopes(scope, meetRecordsScope, meetFilesScope);
      const listed = [];
      for (const record of await readConferenceRecords(scope, meetingId)) {
        const files: ListedFile[] = [];
        for (const found of await artifactsOf(scope, record.name)) {
          const file = await asListed(scope, found);
          if (file) files.push(file);
        }
        if (files.length > 0) listed.push({ instance: record.name, ...timesOf(record), files });
      }
      return listed;
    },

    absence: async (host, meetingId, call) => {
      const scope = scopeOf(client, listOperation, host, call);
      requireScopes(scope, meetRecordsScope, meetFilesScope);
      for (const { name } of await readConferenceRecords(scope, meetingId)) {
        for (const { file } of await artifactsOf(scope, name)) {
          if (file !== undefined && (await findStored(scope, file)).place === 'trash') return 'in_trash';
        }
      }
      return 'never_made';
    },

    isAutomatic: async (host, meetingId, call) => {
      const scope = scopeOf(client, readSettingOperation, host, call);
      return mayCallMeet(scope, meetSettingsScope) ? isRecordedAutomatically(scope, meetingId) : undefined;
    },

    setAutomatic: async (host, meetingId, isAutomatic, call) => {
      const scope = scopeOf(client, setOperation, host, call);
      requireScopes(scope, meetSettingsScope);
      await setAutomaticRecording(scope, meetingId, isAutomatic);
    },

    download: async (host, { instance, file: wanted }, offset, call) => {
      const scope = scopeOf(client, downloadOperation, host, call);
      requireScopes(scope, meetRecordsScope, meetFilesScope);
      const artifacts = await artifactsOf(scope, instance);
      const found = artifacts.find(({ name }) => fileIdOf(name) === wanted);
      if (found?.file === undefined) throw fileGone();
      const { connection } = scope;
      const token = await connection.accessToken(call);
      const url = addressOf(apiUrl, found.kind, found.file);
      return openFile(download, { url, token, offset }, call, {
        refused: ({ status, retryAfter, body, isPage }) => {
          // The next attempt gets another token.
          if (status === 401) connection.reportRejectedToken(token);
          if (status === 401 || isPage)
            return failed(
              { kind: 'retry', effect: 'none' },
              'the access token is not accepted any more',
              connection,
            );
          return googleAnswerError(downloadOperation, { status, retryAfter, body });
        },
        broken: (error) => fromGoogle(downloadOperation, error, call),
      });
    },

    remove: (host, _instance, _action, call) => {
      const { connection } = scopeOf(client, removeOperation, host, call);
      const message =
        'the consent covers reading the files of Meet only: a person must delete the copy in Google Drive';
      const { fault, vendor } = googleError(removeOperation, { code: 'copy_is_kept', message });
      return Promise.reject(
        new ProviderError('google', removeOperation.name, fault, vendor, { connection: connection.id }),
      );
    },
  };
};

const generated = 'FILE_GENERATED';

const addressOf = (apiUrl: string, kind: Artifact['kind'], file: string): URL => {
  const url = new URL(`${apiUrl}/drive/v3/files/${encodeURIComponent(file)}`);
  if (kind === 'transcript') {
    url.pathname += '/export';
    url.searchParams.set('mimeType', transcriptType);
    return url;
  }
  url.searchParams.set('alt', 'media');
  url.searchParams.set('supportsAllDrives', 'true');
  return url;
};

/** @throws {ProviderError} when the host is no connected account. */
const scopeOf = (
  client: GoogleClient,
  operation: ProviderOperation,
  host: HostAccount,
  call: CallContext,
): CallScope => {
  if (host.kind === 'connected') return { client, operation, connection: host.connection, call };
  throw googleError(operation, {
    code: 'no_host',
    message: 'the recordings of Meet are read with the connected account whose calendar has the meeting',
  });
};

/** @throws {ProviderError} `recording_scope_missing`, without marking the connection: its calendars need no such scope. */
const requireScopes = ({ operation, connection }: CallScope, ...needed: readonly string[]): void => {
  const { scopes, id } = connection;
  const missing = scopes === undefined ? [] : needed.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return;
  const { fault, vendor } = googleError(operation, {
    code: 'recording_scope_missing',
    // Without the address: links are left out of messages.
    message: `the consent does not cover recordings (${missing.map(nameOf).join(', ')}): connect the account again and allow them`,
  });
  throw new ProviderError('google', operation.name, fault, vendor, { connection: id });
};

const nameOf = (scope: string): string | undefined => scope.split('/').at(-1);

const failed = (
  fault: ProviderError['fault'],
  message: string,
  connection?: ConnectedAccount,
): ProviderError =>
  new ProviderError(
    'google',
    downloadOperation.name,
    fault,
    { message },
    connection ? { connection: connection.id } : {},
  );

const fileGone = (): ProviderError => failed({ kind: 'not_found' }, 'the recording no longer has the file');

const isNotFound = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';

const timesOf = ({ startTime, endTime }: ConferenceRecord) => {
  const startMs = Date.parse(startTime ?? '');
  const endMs = Date.parse(endTime ?? '');
  return {
    ...(Number.isNaN(startMs) ? {} : { startedAt: toInstant(startMs) }),
    ...(endMs > startMs ? { duration: endMs - startMs } : {}),
  };
};

/** Returns our id of a file, which is part of the key in the storage. */
const fileIdOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 20);
