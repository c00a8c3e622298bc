/** What is known about the recordings of a meeting. Imports no schemas of ids, because workflows use it. */
import type { RecordingId } from '../ids.ts';

export const fileKinds = ['video', 'audio', 'transcript', 'chat', 'other'] as const;
export type FileKind = (typeof fileKinds)[number];

/** Whether a file of this kind shows or sounds what happened. A recording without such a file is none. */
export const isPlayable = (kind: FileKind): boolean => kind === 'video' || kind === 'audio';

/**
 * `processing`: the provider is not done with some of its files, or some are not stored yet; also when an operator has skipped
 * them. `stored`: all files are in
 * the storage. `deleting`: the files are being deleted, and are no longer shown.
 */
export const recordingStates = ['processing', 'stored', 'deleting', 'deleted'] as const;
export type RecordingState = (typeof recordingStates)[number];

/** `waiting`: not stored yet. `empty`: the provider has a file of 0 bytes, which is not stored. */
export const fileStates = ['waiting', 'stored', 'empty'] as const;
export type FileState = (typeof fileStates)[number];

/**
 * Why there is no recording. `never_made`: the provider has none. `not_listed`: the provider lists finished recordings only, and has
 * listed none: it can be unfinished. `in_trash`: it was moved to the trash at the provider.
 * `still_processing`: the provider was not done with it by the deadline. `empty`: all of its files have 0 bytes.
 * `not_playable`: it has files, such as a chat, and none to watch or to listen to that has bytes. `transfer_failed`: it exists, and its files could not be stored. `unreadable`: the provider could not be asked.
 * `scope_missing`: the consent of the account does not cover recordings. `not_served`: the provider serves no recordings of
 * such a meeting.
 */
export const missingReasons = [
  'never_made',
  'not_listed',
  'in_trash',
  'still_processing',
  'empty',
  'not_playable',
  'transfer_failed',
  'unreadable',
  'scope_missing',
  'not_served',
] as const;
export type MissingReason = (typeof missingReasons)[number];

/** What the provider knows about a recording that it does not list. */
export type RecordingAbsence = Extract<
  MissingReason,
  'never_made' | 'not_listed' | 'in_trash' | 'still_processing'
>;

/** A file of a recording that a provider has listed. */
export interface ListedFile {
  /** Ours, derived from that of the provider: letters, digits, `-` and `_`. */
  readonly id: string;
  readonly kind: FileKind;
  /** The ending of the file's name, in lower case: `mp4`. */
  readonly format: string;
  /** In bytes. Undefined: the provider does not say. */
  readonly size?: number | undefined;
  readonly isReady: boolean;
}

/** A file as a workflow sees it. */
export interface FileToStore {
  readonly recording: RecordingId;
  readonly file: string;
  readonly format: string;
  readonly size?: number | undefined;
  /** Absent in histories of earlier versions. */
  readonly kind?: FileKind | undefined;
}
