/**
 * Implements `RecordingProvider` for Zoom's cloud recordings:
 * https://developers.zoom.us/docs/api/meetings/#tag/cloud-recording. A meeting that is opened several times has several
 * instances, each with its own UUID and its own recording.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import type { FileKind, ListedFile } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, minute } from '../../domain/time/units.ts';
import type { ErrorRow, ProviderOperation } from '../errors/error-table.ts';
import { httpRows } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import { isAddressNotAllowed } from '../outbound/address-rules.ts';
import { openFile, type RefusedDownload } from '../outbound/file-download.ts';
import type { GuardedDownload } from '../outbound/guarded-download.ts';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import type { CallContext, HostAccount, ListedRecording, RecordingProvider } from '../ports.ts';
import type { ZoomClient } from './client.ts';
import { fromZoom, zoomError } from './errors.ts';
import { createZoomExchange } from './exchange.ts';
import { appliedSchema } from './meeting-settings.ts';
import { recordingScopes } from './settings.ts';

const listOperation = operationOf('zoom', 'recordings.list');
const downloadOperation = operationOf('zoom', 'recordings.download');
const removeOperation = operationOf('zoom', 'recordings.remove');
const readSettingOperation = operationOf('zoom', 'recordings.isAutomatic');
const setOperation = operationOf('zoom', 'recordings.setAutomatic');
/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/PATCH/live_meetings/{meetingId}/events */
const stopOperation = operationOf('zoom', 'recordings.stop');

/**
 * The answers of the servers that the files come from. A token and an address that have expired are refused with 401, 403 or
 * 404; the next attempt asks for new ones, and does not find a file that is gone.
 */
const downloadErrors: readonly ErrorRow[] = [
  { status: 401, fault: 'retry' },
  { status: 403, fault: 'retry' },
  { status: 404, fault: 'retry' },
  { status: 410, fault: 'retry' },
  ...httpRows,
];

/** Seconds. A token must be valid when the download begins; the API allows up to seven days. */
const downloadTokenSeconds = 3_600;

const openSchema = z.object({
  status: z.string().nullish().describe('waiting, or started while people are in the meeting'),
});

const fileSchema = z.object({
  id: z.string().nullish().describe('Absent for some files, such as a timeline'),
  file_type: z
    .string()
    .nullish()
    .describe('MP4, M4A, TRANSCRIPT, CHAT, CC, TIMELINE, CSV, SUMMARY; empty while processing'),
  file_extension: z.string().nullish().describe('MP4, M4A, VTT, TXT, JSON'),
  file_size: z.number().nonnegative().nullish().describe('In bytes'),
  recording_type: z.string().nullish().describe('What the file shows: shared_screen_with_speaker_view'),
  status: z.string().nullish().describe('completed, or processing'),
  download_url: z.url().nullish().describe('Needs a token; redirects to the file'),
});
type ZoomFile = z.infer<typeof fileSchema>;

const recordingSchema = z.object({
  uuid: z.string().describe('The UUID of the instance'),
  start_time: z.string().nullish().describe('ISO 8601'),
  duration: z.number().nonnegative().nullish().describe('In minutes; known to be 0 in some answers'),
  recording_files: z.array(fileSchema).nullish(),
  download_access_token: z.string().nullish().describe('Opens the download addresses of this answer'),
});
type ZoomRecording = z.infer<typeof recordingSchema>;

const instancesSchema = z.object({
  meetings: z
    .array(z.object({ uuid: z.string() }))
    .nullish()
    .describe('The ended instances of the meeting'),
});

const userPageSchema = z.object({
  meetings: z.array(
    z.object({
      uuid: z.string().describe('The UUID of the instance'),
      id: z.union([z.number(), z.string()]).transform(String).describe('The id of the meeting'),
    }),
  ),
  next_page_token: z.string().nullish(),
});

/** Zoom lists at most a month. */
const longestListingMs = 29 * day;

/** The date in UTC: yyyy-MM-dd. */
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const trashSchema = z.object({
  meetings: z.array(z.object({ id: z.union([z.number(), z.string()]).transform(String) })),
  next_page_token: z.string().nullish(),
});

/**
 * Returns a UUID for a path. One that begins with a slash or contains two must be encoded twice:
 * https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid
 */
export const uuidInPath = (uuid: string): string => {
  const encoded = encodeURIComponent(uuid);
  return uuid.startsWith('/') || uuid.includes('//') ? encodeURIComponent(encoded) : encoded;
};

const recordingsPath = (meeting: string): string =>
  `/meetings/${meeting}/recordings?include_fields=download_access_token&ttl=${downloadTokenSeconds}`;

/** Creates the provider. */
export const createZoomRecordings = (
  client: ZoomClient,
  { apiUrl }: { readonly apiUrl: string },
  download: GuardedDownload,
): RecordingProvider => {
  const exchange = createZoomExchange(client);
  const recordings = createZoomExchange(withOptionalScopes(client));

  /** Returns undefined for what Zoom does not know (404, with the codes 3001 and 3301). */
  const read = async <Schema extends z.ZodType>(
    host: HostAccount,
    path: string,
    schema: Schema,
    call: CallContext,
    operation = listOperation,
  ): Promise<z.output<Schema> | undefined> => {
    try {
      return await recordings.send(operation, host, { method: 'GET', path }, schema, call);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  /**
   * Returns the recordings of the meeting among those of the user in the last month, which is the longest time of a listing:
   * https://developers.zoom.us/docs/api/meetings/#tag/cloud-recording/GET/users/{userId}/recordings. None without the scope.
   */
  const listOfUser = async (
    host: HostAccount,
    meetingId: string,
    call: CallContext,
  ): Promise<readonly { readonly uuid: string }[]> => {
    if (missingScopes(host, recordingScopes.trash).length > 0) return [];
    const now = Date.now();
    const query = { from: dateOf(now - longestListingMs), to: dateOf(now + day) };
    const path = `/users/${encodeURIComponent(userOf(host))}/recordings`;
    const found: { readonly uuid: string }[] = [];
    for await (const page of recordings.readPages(
      listOperation,
      host,
      { path, query, what: 'recordings of the user' },
      userPageSchema,
      call,
    )) {
      found.push(...page.meetings.filter(({ id }) => id === meetingId));
    }
    return found;
  };

  /** Zoom lists an instance some time after its end. The last one is also found by the id of the meeting. */
  const list = async (
    host: HostAccount,
    meetingId: string,
    call: CallContext,
  ): Promise<readonly ZoomRecording[]> => {
    const id = encodeURIComponent(meetingId);
    const instances = await read(host, `/past_meetings/${id}/instances`, instancesSchema, call);
    const last = await read(host, recordingsPath(id), recordingSchema, call);
    const found = last ? [last] : [];
    // A meeting that was deleted has no instances. Its recordings stay with the user.
    for (const { uuid } of instances ? (instances.meetings ?? []) : await listOfUser(host, meetingId, call)) {
      if (uuid === last?.uuid) continue;
      const recording = await read(host, recordingsPath(uuidInPath(uuid)), recordingSchema, call);
      if (recording) found.push(recording);
    }
    return found;
  };

  /** Removes a recording, or one of its files. One that is gone counts as removed. */
  const removeAt = async (
    host: HostAccount,
    path: string,
    action: 'trash' | 'delete',
    call: CallContext,
  ): Promise<void> => {
    const request = { method: 'DELETE', path: `${path}?action=${action}` } as const;
    try {
      await recordings.send(removeOperation, host, request, z.unknown(), call);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  /**
   * Removes the files one by one: https://developers.zoom.us/docs/api/meetings/#tag/cloud-recording/DELETE/meetings/{meetingId}/recordings/{recordingId}.
   * Returns how many were removed: 0 without the scope, and files without an id cannot be. Stops before a file when a legal hold
   * keeps the copy.
   */
  const removeFiles = async (
    host: HostAccount,
    {
      path,
      files,
      action,
      isHeld,
    }: {
      readonly path: string;
      readonly files: readonly ZoomFile[];
      readonly action: 'trash' | 'delete';
      readonly isHeld: () => Promise<boolean>;
    },
    call: CallContext,
  ): Promise<number | 'held'> => {
    if (missingScopes(host, recordingScopes.removeFile).length > 0) return 0;
    let removed = 0;
    try {
      for (const { id } of files) {
        if (!id) continue;
        if (await isHeld()) return 'held';
        await removeAt(host, `${path}/${encodeURIComponent(id)}`, action, call);
        removed += 1;
      }
    } catch (error) {
      const isScope = error instanceof ProviderError && error.vendor.code === missingScopeCode;
      if (!isScope) throw error;
    }
    return removed;
  };

  /** The token is sent only to Zoom. A download address elsewhere is refused, before a request is made. */
  const requireZoom = (address: string): URL => {
    const url = new URL(address);
    if (maySendCredentials(new URL(apiUrl), url)) return url;
    throw foreignAddress(
      `the download address is at ${url.hostname}, which is not a server of the API's owner`,
    );
  };

  return {
    name: 'zoom',
    // It lists some unfinished files, but not a transcript, nor an opening that has just ended.
    laterFiles: 'reported',
    list: async (host, meetingId, call) => {
      requireScopes(host, listOperation, recordingScopes.list);
      return (await list(host, meetingId, call)).map(asListed);
    },

    absence: async (host, meetingId, call) => {
      requireScopes(host, listOperation, recordingScopes.trash);
      const path = `/users/${encodeURIComponent(userOf(host))}/recordings`;
      const query = { trash: 'true', trash_type: 'meeting_recordings', meeting_id: meetingId };
      const trash = { path, query, what: 'recordings in the trash' };
      try {
        for await (const page of recordings.readPages(listOperation, host, trash, trashSchema, call)) {
          if (page.meetings.some(({ id }) => id === meetingId)) return 'in_trash';
        }
        return 'never_made';
      } catch (error) {
        if (isNotFound(error)) return 'never_made';
        throw error;
      }
    },

    isAutomatic: async (host, meetingId, call) => {
      const request = { method: 'GET', path: `/meetings/${encodeURIComponent(meetingId)}` } as const;
      const answer = await exchange.send(readSettingOperation, host, request, appliedSchema, call);
      return answer.settings?.auto_recording === 'cloud';
    },

    setAutomatic: async (host, meetingId, isAutomatic, call) => {
      const body = { settings: { auto_recording: isAutomatic ? 'cloud' : 'none' } };
      const request = { method: 'PATCH', path: `/meetings/${encodeURIComponent(meetingId)}`, body } as const;
      await client.send(setOperation, host, request, call);
    },

    stop: async (host, meetingId, call) => {
      const path = `/meetings/${encodeURIComponent(meetingId)}`;
      const meeting = await read(host, path, openSchema, call, stopOperation);
      if (meeting?.status !== 'started') return;
      requireScopes(host, stopOperation, recordingScopes.stop);
      const events = `/live_meetings/${encodeURIComponent(meetingId)}/events`;
      const request = { method: 'PATCH', path: events, body: { method: 'recording.stop' } } as const;
      try {
        await withOptionalScopes(client).send(stopOperation, host, request, call);
      } catch (error) {
        // Everyone has left the meeting meanwhile.
        if (!isNotFound(error)) throw error;
      }
    },

    download: async (host, { instance, file }, offset, call) => {
      requireScopes(host, downloadOperation, recordingScopes.list);
      const path = recordingsPath(uuidInPath(instance));
      const recording = await read(host, path, recordingSchema, call, downloadOperation);
      const listed = recording?.recording_files?.find((candidate) => fileIdOf(candidate) === file);
      if (!listed?.download_url) throw fileGone();
      const token = recording?.download_access_token ?? undefined;
      return openFile(download, { url: requireZoom(listed.download_url), token, offset }, call, {
        refused,
        broken: (error) =>
          isAddressNotAllowed(error)
            ? foreignAddress('a redirect leads to an address that is not allowed')
            : fromZoom(downloadOperation, error, call),
      });
    },

    remove: async (host, { instance, files, isHeld }, action, call) => {
      requireScopes(host, removeOperation, recordingScopes.remove);
      const path = `/meetings/${uuidInPath(instance)}/recordings`;
      const recording = await read(host, recordingsPath(uuidInPath(instance)), recordingSchema, call);
      const present = recording?.recording_files ?? [];
      if (!recording || present.length === 0) return 'absent';
      const isNamed = (file: ZoomFile): boolean => files.includes(fileIdOf(file)) && asFile(file).isReady;
      const isAllNamed = present.every(isNamed);
      const removed = await removeFiles(host, { path, files: present.filter(isNamed), action, isHeld }, call);
      if (removed === 'held') return 'held';
      if (removed === present.length) return 'deleted';
      if (!isAllNamed) return 'partly';
      // What is left are files without an id, or the consent does not cover the removal of single files.
      if (await isHeld()) return 'held';
      await removeAt(host, path, action, call);
      return 'deleted';
    },
  };
};

/** Checks the consent of a connected account before a request: Zoom's refusal would mark the whole connection. */
const requireScopes = (host: HostAccount, operation: ProviderOperation, needed: readonly string[]): void => {
  const missing = missingScopes(host, needed);
  if (missing.length > 0) throw scopeMissing(host, operation, missing.join(', '));
};

/** Returns the scopes that the consent of a connected account lacks. Those of the service's own app are not known. */
const missingScopes = (host: HostAccount, needed: readonly string[]): readonly string[] => {
  const scopes = host.kind === 'connected' ? host.connection.scopes : undefined;
  return scopes === undefined ? [] : needed.filter((scope) => !scopes.includes(scope));
};

/** Returns the client for requests that need scopes of recordings. A missing one is not reported as a loss of the consent. */
const withOptionalScopes = (client: Pick<ZoomClient, 'send'>): Pick<ZoomClient, 'send'> => ({
  send: async (operation, host, request, call) => {
    try {
      return await client.send(operation, withoutScopeReport(host), request, call);
    } catch (error) {
      const failure = fromZoom(operation, error, call);
      const isScope = failure.vendor.code === '4711' || failure.vendor.code === '104';
      throw isScope ? scopeMissing(host, operation, failure.vendor.message) : failure;
    }
  },
});

/** Returns the host without its report of missing scopes: its meetings need none of those of recordings. */
const withoutScopeReport = (host: HostAccount): HostAccount =>
  host.kind === 'connected'
    ? { ...host, connection: { ...host.connection, reportMissingScopes: async () => {} } }
    : host;

const isNotFound = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';

const missingScopeCode = 'recording_scope_missing';

/** An app that lacks scopes is a setting of ours; a consent that lacks them is a decision of the owner. */
const scopeMissing = (host: HostAccount, operation: ProviderOperation, missing: string): ProviderError => {
  const isConnected = host.kind === 'connected';
  const advice = isConnected
    ? 'add the scopes to the user-managed app, and let the owner connect the account again and allow them'
    : 'add the scopes to the server-to-server app (docs/integrations/zoom.md)';
  return new ProviderError(
    'zoom',
    operation.name,
    { kind: isConnected ? 'not_permitted' : 'misconfigured' },
    {
      code: missingScopeCode,
      message: `recordings need other scopes: ${missing}. To continue, ${advice}`,
    },
    isConnected ? { connection: host.connection.id } : {},
  );
};

/** A connected account is `me` to its own token. */
const userOf = (host: HostAccount): string => (host.kind === 'service' ? host.user : 'me');

const foreignAddress = (message: string): ProviderError =>
  new ProviderError('zoom', downloadOperation.name, { kind: 'misconfigured' }, { message });

const fileGone = (): ProviderError =>
  new ProviderError(
    'zoom',
    downloadOperation.name,
    { kind: 'not_found' },
    { message: 'the recording no longer has the file' },
  );

/** Zoom answers a request without a valid token with its sign-in page. */
const refused = ({ status, retryAfter, isPage }: RefusedDownload): ProviderError =>
  zoomError(downloadErrors, downloadOperation, {
    status: isPage ? 401 : status,
    retryAfter,
    body: { message: isPage ? 'the answer is a page, not a file' : 'the file cannot be downloaded' },
  });

const asListed = ({ uuid, start_time, duration, recording_files }: ZoomRecording): ListedRecording => {
  const startedMs = Date.parse(start_time ?? '');
  return {
    instance: uuid,
    ...(Number.isNaN(startedMs) ? {} : { startedAt: toInstant(startedMs) }),
    ...(duration ? { duration: Math.round(duration * minute) } : {}),
    files: (recording_files ?? []).map(asFile),
  };
};

const asFile = (file: ZoomFile): ListedFile => {
  const type = file.file_type?.toUpperCase() ?? '';
  return {
    id: fileIdOf(file),
    kind: kinds[type] ?? 'other',
    format: /^[a-z0-9]{1,8}$/.exec((file.file_extension ?? type).toLowerCase())?.[0] ?? 'bin',
    size: file.file_size ?? undefined,
    // A file that is being processed can lack its type and its address.
    isReady: file.status !== 'processing' && type !== '' && typeof file.download_url === 'string',
  };
};

const kinds: Readonly<Record<string, FileKind>> = {
  MP4: 'video',
  M4A: 'audio',
  TRANSCRIPT: 'transcript',
  CC: 'transcript',
  CHAT: 'chat',
};

/** Returns our id of a file, which is part of the key in the storage. A file without an id has one of its type. */
const fileIdOf = ({ id, file_type, recording_type }: ZoomFile): string =>
  createHash('sha256')
    .update(id ?? `${file_type ?? ''}/${recording_type ?? ''}`)
    .digest('hex')
    .slice(0, 20);
