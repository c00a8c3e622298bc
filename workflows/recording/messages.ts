/**
 * Input, signals and query of the recording workflow. Each meeting whose session was recorded has one such workflow, until
 * its recordings are stored. It starts again when the provider reports another recording of the meeting.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { RecordingCall } from '../../activities/contract.ts';
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AttentionId } from '../../domain/ids.ts';

export const recordingWorkflowType = 'recording';

export interface RecordingInput extends RecordingCall {
  /** Set when the workflow continues as new: when the recordings were expected from, epoch milliseconds. */
  readonly expectedSince?: number | undefined;
}

export interface RecordingReport {
  /** The id in the inbox. A repeated report costs one more listing. */
  readonly inboxId: string;
}
/** The provider has finished a recording of the meeting, or one of its files. */
export const recordingReportedSignal = defineSignal<[RecordingReport]>('recordingReported');

export interface RecordingResolution {
  readonly id: AttentionId;
  readonly action: 'retry' | 'skip';
  /** The operator. */
  readonly by: string;
}
/** An operator has decided about the attention item. An item that is not open any more is ignored. */
export const resolveRecordingSignal = defineSignal<[RecordingResolution]>('resolveRecording');

export interface RecordingView {
  /**
   * `expected`: the provider has not finished the recordings. `storing`: files are being stored. `stored`: all files are
   * stored, and the copy at the provider is kept for some days. `needs_attention`: an operator decides. `given_up`: the
   * operator has skipped the recordings.
   */
  readonly status: 'expected' | 'storing' | 'stored' | 'needs_attention' | 'given_up';
  readonly recordings: number;
  readonly storedFiles: number;
  /** Why the copy at the provider is not removed yet: a legal hold, or the provider does not answer. */
  readonly copy?: 'held' | 'delayed' | undefined;
  readonly attention?: AttentionItem | undefined;
}
export const recordingQuery = defineQuery<RecordingView>('recording');

export interface RecordingResult {
  readonly outcome: 'stored' | 'given_up';
  readonly recordings: number;
  readonly storedFiles: number;
}
