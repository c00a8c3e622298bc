/** Stores the cloud recordings of meetings. Their files are generated when they are downloaded. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import { type Clock, wholeSeconds } from '../time.ts';
import { type StoredMeeting, storedMeetingSchema } from './meeting.ts';

const fileTypes = {
  MP4: { extension: 'MP4', recordingType: 'shared_screen_with_speaker_view' },
  M4A: { extension: 'M4A', recordingType: 'audio_only' },
  TRANSCRIPT: { extension: 'VTT', recordingType: 'audio_transcript' },
  CHAT: { extension: 'TXT', recordingType: 'chat_file' },
} as const;

const fileType = z.enum(['MP4', 'M4A', 'TRANSCRIPT', 'CHAT']);

/** What the control API makes a recording of: a recorded opening of a meeting, which has ended. */
export const recordingSpecSchema = z.strictObject({
  files: z
    .array(z.strictObject({ type: fileType, size: z.int().min(0) }))
    .min(1)
    .default([
      { type: 'MP4', size: 3_000_000 },
      { type: 'M4A', size: 400_000 },
      { type: 'TRANSCRIPT', size: 4_000 },
    ]),
  /** In minutes. */
  duration: z.int().min(0).default(20),
  /** How long Zoom processes the recording. */
  processingMs: z.int().min(0).default(0),
  /** The UUID of the opening. Zoom chooses it; tests want one with slashes. */
  uuid: z.string().min(1).max(100).optional(),
  /** Downloads break after this many bytes, as often as `cuts` says. */
  cutAfter: z.int().min(1).optional(),
  cuts: z.int().min(1).default(1),
  /** The speed of a download. Default: as fast as the network. */
  bytesPerSecond: z.int().min(1).optional(),
  /** Ignores the header Range, as some content networks do. */
  ignoresRanges: z.boolean().default(false),
  /** The ETag of the files. Default: they have none. */
  version: z.string().optional(),
});
export type RecordingSpec = z.input<typeof recordingSpecSchema>;

const addedFileSchema = z.strictObject({ type: fileType, size: z.int().min(0) });

export type RecordingFileSpec = z.input<typeof addedFileSchema>;

/** A file that Zoom has processed again: the same id, with other bytes. */
const replacementSchema = z.strictObject({
  file: z.string(),
  size: z.int().min(0),
  /** The ETag of the files of the recording from now on. */
  version: z.string().optional(),
});
export type RecordingReplacement = z.input<typeof replacementSchema>;

const storedFileSchema = z.object({
  id: z.string(),
  /** The seed of the bytes. Default: the id. */
  seed: z.string().optional(),
  type: fileType,
  size: z.int(),
});
type StoredFile = z.infer<typeof storedFileSchema>;

const storedRecordingSchema = z.object({
  uuid: z.string(),
  meeting: storedMeetingSchema,
  startMs: z.number(),
  duration: z.int(),
  readyAtMs: z.number(),
  place: z.enum(['kept', 'trash']),
  files: z.array(storedFileSchema),
  cutAfter: z.int().optional(),
  cutsLeft: z.int(),
  bytesPerSecond: z.int().optional(),
  ignoresRanges: z.boolean(),
  version: z.string().optional(),
});
export type StoredRecording = z.infer<typeof storedRecordingSchema>;

const heldSchema = z.object({ recordings: z.array(storedRecordingSchema) });

const minuteMs = 60_000;

/** Creates a store without recordings. */
export const createRecordings = (
  settings: ZoomSandboxSettings,
  clock: Clock,
  changeNotifier: ChangeNotifier,
) => {
  let recordings: StoredRecording[] = [];
  const tokens = new Map<string, { readonly uuid: string; readonly expiresMs: number }>();

  const isReady = ({ readyAtMs }: StoredRecording) => readyAtMs <= clock();
  const kept = () => recordings.filter(({ place }) => place === 'kept');

  const issueToken = (uuid: string, seconds = settings.downloadTokenSeconds): string => {
    const token = `sandbox-download-${randomBytes(24).toString('base64url')}`;
    tokens.set(token, {
      uuid,
      expiresMs: clock() + Math.min(seconds, settings.downloadTokenSeconds) * 1_000,
    });
    return token;
  };

  /** Renders a file. While it is processed, it has no type, no size and no address. */
  const renderFile = (recording: StoredRecording, { id, type, size }: StoredFile, origin: string) => ({
    id,
    meeting_id: recording.uuid,
    recording_start: wholeSeconds(recording.startMs),
    recording_end: wholeSeconds(recording.startMs + recording.duration * minuteMs),
    ...(isReady(recording)
      ? {
          file_type: type,
          file_extension: fileTypes[type].extension,
          file_size: size,
          download_url: `${origin}/rec/download/${id}`,
          status: 'completed',
          recording_type: fileTypes[type].recordingType,
        }
      : { file_type: '', status: 'processing' }),
  });

  return {
    /** Makes the recording of an opening of the meeting. Returns its UUID. */
    make(meeting: StoredMeeting, request: RecordingSpec): StoredRecording {
      const spec = recordingSpecSchema.parse(request);
      const recording: StoredRecording = {
        uuid: spec.uuid ?? randomBytes(16).toString('base64'),
        meeting,
        startMs: clock() - spec.duration * minuteMs,
        duration: spec.duration,
        readyAtMs: clock() + spec.processingMs,
        place: 'kept',
        files: spec.files.map((file) => ({ ...file, id: randomUUID() })),
        cutAfter: spec.cutAfter,
        cutsLeft: spec.cutAfter === undefined ? 0 : spec.cuts,
        bytesPerSecond: spec.bytesPerSecond,
        ignoresRanges: spec.ignoresRanges,
        version: spec.version,
      };
      recordings = [...recordings, recording];
      changeNotifier.notify();
      return recording;
    },
    /** Returns the recordings of a meeting that are not in the trash, the oldest first. */
    ofMeeting: (id: string) => kept().filter(({ meeting }) => String(meeting.id) === id),
    /** Returns the recording of an opening, or the last one of a meeting. */
    find: (key: string) => kept().findLast(({ uuid, meeting }) => uuid === key || String(meeting.id) === key),
    findFile: (id: string) => {
      const recording = kept().find(({ files }) => files.some((file) => file.id === id));
      const file = recording?.files.find((candidate) => candidate.id === id);
      return recording && file && { recording, file };
    },
    ofHost: (host: string) => kept().filter(({ meeting }) => meeting.host === host),
    inTrash: (host: string) =>
      recordings.filter(({ place, meeting }) => place === 'trash' && meeting.host === host),
    /** Moves the recording to the trash, or deletes it. */
    remove(uuid: string, action: 'trash' | 'delete') {
      recordings = recordings.flatMap((recording) => {
        if (recording.uuid !== uuid) return [recording];
        return action === 'trash' ? [{ ...recording, place: 'trash' as const }] : [];
      });
      changeNotifier.notify();
    },
    /** Moves a file to the trash, or deletes it. A recording whose last file is gone is gone. */
    removeFile(uuid: string, file: string, action: 'trash' | 'delete') {
      recordings = recordings.flatMap((recording) => {
        if (recording.uuid !== uuid) return [recording];
        const files = recording.files.filter(({ id }) => id !== file);
        if (files.length > 0) return [{ ...recording, files }];
        return action === 'trash' ? [{ ...recording, place: 'trash' as const }] : [];
      });
      changeNotifier.notify();
    },
    /** Adds a file to a recording, as Zoom does when a transcript is ready. */
    addFile(uuid: string, file: RecordingFileSpec) {
      const added = { ...addedFileSchema.parse(file), id: randomUUID() };
      recordings = recordings.map((recording) =>
        recording.uuid === uuid ? { ...recording, files: [...recording.files, added] } : recording,
      );
      changeNotifier.notify();
      return added;
    },
    /** Replaces the bytes of a file. Returns the file as the tests describe its bytes: by their seed and size. */
    replaceFile(uuid: string, replacement: RecordingReplacement) {
      const { file: id, size, version } = replacementSchema.parse(replacement);
      const seed = randomUUID();
      recordings = recordings.map((recording) =>
        recording.uuid === uuid
          ? {
              ...recording,
              version,
              files: recording.files.map((file) => (file.id === id ? { ...file, size, seed } : file)),
            }
          : recording,
      );
      changeNotifier.notify();
      return { id: seed, size };
    },
    /** Returns whether the next download of the recording breaks, and counts it. */
    takeCut(uuid: string): boolean {
      const recording = recordings.find((candidate) => candidate.uuid === uuid);
      if (!recording || recording.cutsLeft === 0) return false;
      recordings = recordings.map((one) =>
        one.uuid === uuid ? { ...one, cutsLeft: one.cutsLeft - 1 } : one,
      );
      return true;
    },
    issueToken,
    isValidToken: (token: string | undefined, uuid: string): boolean => {
      const known = tokens.get(token ?? '');
      return known !== undefined && known.uuid === uuid && known.expiresMs > clock();
    },
    /** Makes all download tokens invalid. */
    expireTokens: () => tokens.clear(),
    /** Renders the recording as `GET /meetings/{id}/recordings` does. */
    render: (recording: StoredRecording, origin: string) => ({
      uuid: recording.uuid,
      id: recording.meeting.id,
      account_id: settings.accountId,
      topic: recording.meeting.topic,
      type: recording.meeting.type,
      start_time: wholeSeconds(recording.startMs),
      timezone: recording.meeting.timezone,
      duration: recording.duration,
      total_size: isReady(recording) ? recording.files.reduce((sum, { size }) => sum + size, 0) : 0,
      recording_count: recording.files.length,
      share_url: `${origin}/rec/share/${encodeURIComponent(recording.uuid)}`,
      recording_files: recording.files.map((file) => renderFile(recording, file, origin)),
    }),
    all: () => recordings,
    save: () => ({ recordings }),
    load: (value: unknown) => {
      recordings = heldSchema.parse(value).recordings;
    },
    reset() {
      recordings = [];
      tokens.clear();
      changeNotifier.notify();
    },
  };
};
export type Recordings = ReturnType<typeof createRecordings>;
