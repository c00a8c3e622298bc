/** Ports: recordings at the providers of meetings. */
import type { RecordedMeetingName } from '../../domain/providers/vendors.ts';
import type { ListedFile, RecordingAbsence } from '../../domain/recordings/recording.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { CallContext } from './calls.ts';
import type { HostAccount } from './meetings.ts';

/** A recording of one opening of a meeting, as its provider lists it. */
export interface ListedRecording {
  /** The provider's id of the opening. */
  readonly instance: string;
  readonly startedAt?: Instant | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  readonly files: readonly ListedFile[];
}

/** A file of a recording: the ids of the provider for the meeting and its opening, and our id of the file. */
export interface RecordedFile {
  readonly meeting: string;
  readonly instance: string;
  readonly file: string;
}

/** The files of a recording at its provider that may be removed there. */
interface RecordingCopy {
  /** The provider's id of the opening. */
  readonly instance: string;
  /** Our ids. */
  readonly files: readonly string[];
  /** Whether a legal hold keeps the copy. Asked before each deletion, because a hold can be placed between two. */
  readonly isHeld: () => Promise<boolean>;
}

/** The bytes of a file from an offset on. */
export interface FileDownload {
  /** Where the bytes begin. 0 when the provider does not support ranges. */
  readonly offset: number;
  /** The size of the whole file. Undefined: the provider does not say. */
  readonly size?: number | undefined;
  /** Identifies the content of the file (a strong ETag). Undefined: the provider does not say. */
  readonly version?: string | undefined;
  /** Throws `ProviderError` when the connection breaks. The consumer sets the pace. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends a download whose body is not read. */
  discard(): Promise<void>;
}

/**
 * How this service learns of a file that the provider has not finished. `listed`: the provider lists it as unfinished. `reported`:
 * a webhook, which can be lost. `hidden`: only a later listing shows it.
 */
export type LaterFiles = 'listed' | 'reported' | 'hidden';

/** A provider whose recordings are stored. */
export interface RecordingProvider {
  readonly name: RecordedMeetingName;
  readonly laterFiles: LaterFiles;
  /** Returns the recordings of all openings of the meeting. Empty when there are none, or none any more. */
  list(host: HostAccount, meetingId: string, call: CallContext): Promise<readonly ListedRecording[]>;
  /** Returns why the provider lists no recording of the meeting. */
  absence(host: HostAccount, meetingId: string, call: CallContext): Promise<RecordingAbsence>;
  /**
   * Returns whether the recording starts with the session. Undefined when the account does not let this service read it:
   * this service cannot have set it then.
   */
  isAutomatic(host: HostAccount, meetingId: string, call: CallContext): Promise<boolean | undefined>;
  /** Sets whether the recording starts with the session. Idempotent, because the setting is absolute. */
  setAutomatic(host: HostAccount, meetingId: string, isAutomatic: boolean, call: CallContext): Promise<void>;
  /**
   * Stops the recording of a meeting that is open: the setting has no effect on a recording that is running. Idempotent: does
   * nothing when the meeting is not open. Absent when the provider lets only people stop a recording.
   *
   * @throws {ProviderError} `rejected_input` when the meeting is not recorded
   */
  stop?(host: HostAccount, meetingId: string, call: CallContext): Promise<void>;
  /**
   * Opens a file of a recording at an offset. Asks the provider for a new address and a new token each time, because both
   * expire. The deadline of the call must cover the whole transfer.
   *
   * @throws {ProviderError} `not_found` when the recording no longer has the file.
   */
  download(host: HostAccount, file: RecordedFile, offset: number, call: CallContext): Promise<FileDownload>;
  /**
   * Moves files of a recording to the trash, or deletes them. A file that is not named stays: it can have appeared since they
   * were stored. Idempotent: returns `absent` when the recording has no files, `partly` when it has others,
   * and `held` when a legal hold keeps those that are left.
   *
   * @throws {ProviderError} `not_permitted` with the code `copy_is_kept` when the provider lets only people delete recordings.
   */
  remove(
    host: HostAccount,
    copy: RecordingCopy,
    action: 'trash' | 'delete',
    call: CallContext,
  ): Promise<'deleted' | 'absent' | 'partly' | 'held'>;
}
