/** Recordings. Queues of the meeting provider, `media` and `castmatch`. */
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AttentionId, RecordingId } from '../../domain/ids.ts';
import type { RecordedMeetingName } from '../../domain/providers/vendors.ts';
import type {
  FileToStore,
  MissingReason,
  RecordingAbsence,
  RecordingState,
} from '../../domain/recordings/recording.ts';
import type { RecordingPolicy } from '../../domain/recordings/recording-policy.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { catalog } from '../../providers/catalog.ts';
import type { LaterFiles } from '../../providers/ports.ts';
import type { UndoResult } from './calendars.ts';
import type { Correlated } from './calls.ts';

/** Runs the transfers of recordings. */
export const mediaTaskQueue = catalog.storage.taskQueue.name;

/** The recordings of one meeting. */
export interface RecordingCall extends Correlated {
  readonly provider: RecordedMeetingName;
  readonly meetingId: string;
}

/** A recording at its provider, with what is known of it here. */
export interface FoundRecording {
  readonly id: RecordingId;
  /** The provider's id of the opening of the meeting. */
  readonly instance: string;
  readonly state: RecordingState;
  /** Whether the provider is not done with some of its files. */
  readonly isProcessing: boolean;
  /** Files that are ready at the provider and not stored here. */
  readonly toStore: readonly FileToStore[];
  /** How many files are stored here. */
  readonly storedFiles: number;
  /** How many files to watch or to listen to the provider lists, and how many of them are stored. Absent in earlier histories. */
  readonly media?: { readonly listed: number; readonly stored: number } | undefined;
  /** When the recording began. Absent when the provider does not say so, and in earlier histories. */
  readonly startedAt?: Instant | undefined;
  /** When all files were stored. Absent before, and in earlier histories. */
  readonly storedAt?: Instant | undefined;
  /** Whether this service has removed the copy at the provider. Absent otherwise, and in earlier histories. */
  readonly isCopyRemoved?: boolean | undefined;
}

export interface FindRecordingsResult {
  readonly recordings: readonly FoundRecording[];
  readonly policy: RecordingPolicy;
  /** How the provider announces files that it finishes later. Absent in earlier histories: they are not looked for. */
  readonly laterFiles?: LaterFiles | undefined;
  /** Whether recordings of the meeting are in the trash of the provider. Absent: the input did not ask. */
  readonly isInTrash?: boolean | undefined;
  /** Why the provider lists no recording. Absent: the input did not ask, and in earlier histories. */
  readonly absence?: RecordingAbsence | undefined;
}

export interface StoreFileInput extends RecordingCall, FileToStore {
  readonly key: string;
  readonly instance: string;
}

export interface StoredFileResult {
  readonly storageKey: string;
  /** In bytes. 0: the file is empty, and is not kept. */
  readonly size: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

export interface RecordingAttentionInput extends RecordingCall {
  readonly item: AttentionItem;
  /** The workflow that resolves the item. */
  readonly workflowId: string;
  /** Set when the provider has no recording that can be stored. It becomes a fact of the audition, once per item. */
  readonly missing?: MissingReason | undefined;
}

export interface RecordingActivities {
  /**
   * Lists the recordings of the meeting at its provider, and records what is found. Those that are stored or were deleted here
   * are returned also when the provider does not list them any more. Queue of the provider.
   */
  findRecordings(input: RecordingCall & { readonly checkTrash: boolean }): Promise<FindRecordingsResult>;
  /**
   * Streams a file from the provider into the storage. Continues where a killed attempt has stopped. The file appears in the
   * storage when it is complete. Queue `media`.
   */
  storeFile(input: StoreFileInput): Promise<StoredFileResult>;
  /** Deletes what `storeFile` has stored under the key, parts of an incomplete upload included. Queue `media`. */
  discardFile(input: StoreFileInput): Promise<UndoResult>;
  /** Records that all files of a recording are stored. It becomes a fact of the audition, once. */
  completeRecording(input: RecordingCall & { readonly recording: RecordingId }): Promise<void>;
  /**
   * Moves the files of the recording that are stored here to the trash of the provider, or deletes them there, unless it has
   * a legal hold. Queue of the provider. `held`: the workflow gets a report when the hold ends. `incomplete`: the provider has
   * other files, which must be stored first.
   */
  removeAtProvider(
    input: RecordingCall & {
      readonly key: string;
      readonly recording: RecordingId;
      readonly instance: string;
      readonly action: 'trash' | 'delete';
    },
  ): Promise<{ readonly result: 'removed' | 'absent' | 'held' | 'not_stored' | 'incomplete' }>;
  /** Shows an attention item to the operators, or shows it again as overdue. Idempotent by the id of the item. */
  raiseRecordingAttention(input: RecordingAttentionInput): Promise<void>;
  /** Removes an attention item. What was stored until a skip is deleted after the retention, or earlier by a request. Idempotent. */
  settleRecordingAttention(
    input: RecordingCall & {
      readonly id: AttentionId;
      /** Whether the operator has skipped the recordings. Absent in calls of earlier versions. */
      readonly isSkipped?: boolean | undefined;
    },
  ): Promise<void>;
}
