/**
 * Stores the recordings and the transcripts of sessions of Meet and Teams. Each is a file of its own, which is generated when
 * it is downloaded.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import type { MeetingSession } from '../meeting-sessions.ts';
import type { Clock } from '../time.ts';
import type { MediaFile } from './send-file.ts';

const fileType = z.enum(['video', 'transcript']);

/** What the control API makes of a session that has ended. */
export const sessionRecordingSpecSchema = z.strictObject({
  files: z
    .array(z.strictObject({ type: fileType, size: z.int().min(0) }))
    .min(1)
    .default([
      { type: 'video', size: 3_000_000 },
      { type: 'transcript', size: 4_000 },
    ]),
  /** How long the vendor processes the files. */
  processingMs: z.int().min(0).default(0),
  /** Downloads break after this many bytes, as often as `cuts` says. */
  cutAfter: z.int().min(1).optional(),
  cuts: z.int().min(1).default(1),
  /** The speed of a download. Default: as fast as the network. */
  bytesPerSecond: z.int().min(1).optional(),
  /** Ignores the header Range. */
  ignoresRanges: z.boolean().default(false),
});
export type SessionRecordingSpec = z.input<typeof sessionRecordingSpecSchema>;

const storedSchema = z.object({
  id: z.string(),
  /** The id of the session, and that of its meeting. */
  session: z.string(),
  meeting: z.string(),
  type: fileType,
  size: z.int(),
  startMs: z.number(),
  endMs: z.number(),
  readyAtMs: z.number(),
  place: z.enum(['kept', 'trash', 'deleted']),
  cutAfter: z.int().optional(),
  cutsLeft: z.int(),
  bytesPerSecond: z.int().optional(),
  ignoresRanges: z.boolean(),
});
export type SessionRecording = z.infer<typeof storedSchema>;

/** Creates a store without recordings. */
export const createSessionRecordings = (clock: Clock, changeNotifier: ChangeNotifier) => {
  let recordings: readonly SessionRecording[] = [];
  const change = (id: string, changed: Partial<SessionRecording>): void => {
    recordings = recordings.map((recording) =>
      recording.id === id ? { ...recording, ...changed } : recording,
    );
    changeNotifier.notify();
  };
  return {
    /** Makes the files of a session. */
    make(session: MeetingSession, request: SessionRecordingSpec): readonly SessionRecording[] {
      const { files, processingMs, cutAfter, cuts, bytesPerSecond, ignoresRanges } =
        sessionRecordingSpecSchema.parse(request);
      const made = files.map(
        (file): SessionRecording => ({
          ...file,
          id: randomUUID(),
          session: session.id,
          meeting: session.meeting,
          startMs: session.startMs,
          endMs: session.endMs ?? clock(),
          readyAtMs: clock() + processingMs,
          place: 'kept',
          cutAfter,
          cutsLeft: cutAfter === undefined ? 0 : cuts,
          bytesPerSecond,
          ignoresRanges,
        }),
      );
      recordings = [...recordings, ...made];
      changeNotifier.notify();
      return made;
    },
    isReady: ({ readyAtMs }: SessionRecording): boolean => readyAtMs <= clock(),
    ofSession: (session: string) => recordings.filter((recording) => recording.session === session),
    ofMeeting: (meeting: string) => recordings.filter((recording) => recording.meeting === meeting),
    find: (id: string) => recordings.find((recording) => recording.id === id),
    /** Moves the file to the trash, or deletes it, as its owner does. */
    remove: (id: string, action: 'trash' | 'delete') =>
      change(id, { place: action === 'trash' ? 'trash' : 'deleted' }),
    /** Returns the file for a download, and counts the downloads that break. */
    open(recording: SessionRecording, contentType: string): MediaFile {
      const isCut = recording.cutsLeft > 0;
      if (isCut) change(recording.id, { cutsLeft: recording.cutsLeft - 1 });
      const { id, size, bytesPerSecond, ignoresRanges, cutAfter } = recording;
      return {
        id,
        size,
        contentType,
        cutAfter: isCut ? cutAfter : undefined,
        bytesPerSecond,
        ignoresRanges,
      };
    },
    all: () => recordings,
    save: () => recordings,
    load: (value: unknown) => {
      recordings = z.array(storedSchema).parse(value);
    },
    reset() {
      recordings = [];
      changeNotifier.notify();
    },
  };
};
export type SessionRecordings = ReturnType<typeof createSessionRecordings>;
