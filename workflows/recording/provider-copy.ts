/** Removes the copies of stored recordings at the provider, as the policy of the organization asks for. */
import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { FindRecordingsResult, FoundRecording, RecordingCall } from '../../activities/contract.ts';
import type { RecordingPolicy } from '../../domain/recordings/recording-policy.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { day, minute } from '../../domain/time/units.ts';
import { providerActivities } from './activities.ts';
import { failureCodesOf } from './failure-codes.ts';
import type { RecordingView } from './messages.ts';

const firstPauseMs = 15 * minute;
const longestPauseMs = day;
/** A file that is not stored is usually a transcript that the provider has just finished. */
const otherFilesPauseMs = 15 * minute;

/** The first releases tried once, and left the copy where it was after a failure or a hold. */
const retriedPatch = 'retry-provider-copy';

export interface CopyEvents {
  readonly isReportedAgain: () => boolean;
  /** Returns whether a report has arrived. Without a time, it waits until one does. */
  readonly waitForReport: (timeoutMs: number | undefined, summary: string) => Promise<boolean>;
  /** Asks an operator about a copy that the provider refuses to remove. Returns whether to try again. */
  readonly askOperator: (code: string) => Promise<boolean>;
  readonly publish: (copy: RecordingView['copy']) => void;
}

type Removal = 'done' | 'held' | 'incomplete' | { readonly kind: 'down' | 'refused'; readonly code: string };

/**
 * Removes the copies when they are due. An outage is waited for, and a legal hold, whose end is reported. Only an operator can
 * give up a copy that the provider refuses to remove.
 *
 * @returns true when the recordings must be listed again: the provider has other files, or something was reported
 */
export const removeCopies = async (
  call: RecordingCall,
  { recordings, policy: { providerCopy } }: FindRecordingsResult,
  events: CopyEvents,
): Promise<boolean> => {
  const { action } = providerCopy;
  if (events.isReportedAgain()) return true;
  if (action === 'keep') return false;
  const now = Date.now();
  for (const recording of recordings) {
    const leftMs = dueMs(recording, providerCopy, now) - Date.now();
    const isReported =
      leftMs > 0 && (await events.waitForReport(leftMs, 'Until the copy at the provider is removed'));
    if (isReported || (await removeOne(call, recording, action, events))) return true;
  }
  return false;
};

const dueMs = (
  { storedAt }: FoundRecording,
  { afterDays }: RecordingPolicy['providerCopy'],
  now: number,
): number => (storedAt ? toEpochMs(storedAt) : now) + afterDays * day;

/** Returns whether the recordings must be listed again. */
const removeOne = async (
  call: RecordingCall,
  recording: FoundRecording,
  action: 'trash' | 'delete',
  { waitForReport, askOperator, publish }: CopyEvents,
): Promise<boolean> => {
  for (let pauseMs = firstPauseMs; ; ) {
    const removal = await attempt(call, recording, action);
    if (removal === 'done' || !patched(retriedPatch)) return false;
    if (removal === 'held') {
      publish('held');
      return waitForReport(undefined, 'Until the legal hold ends');
    }
    if (removal === 'incomplete') {
      await waitForReport(otherFilesPauseMs, 'Until the other files are stored');
      return true;
    }
    if (removal.kind === 'refused') {
      if (!(await askOperator(removal.code))) return false;
      continue;
    }
    publish('delayed');
    if (await waitForReport(pauseMs, 'Until the copy at the provider is removed again')) return true;
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
};

const attempt = async (
  call: RecordingCall,
  { id, instance, storedFiles }: FoundRecording,
  action: 'trash' | 'delete',
): Promise<Removal> => {
  try {
    const activities = providerActivities(call, `Remove ${id} at the provider: ${action}`);
    const { result } = await activities.removeAtProvider({
      ...call,
      // Files that are stored later are removed by another operation.
      key: `recording/${id}:${action}:${storedFiles}`,
      recording: id,
      instance,
      action,
    });
    return result === 'held' || result === 'incomplete' ? result : 'done';
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { code = 'timeout', providerCode } = failureCodesOf(error);
    // Google and Microsoft keep their copies.
    if (providerCode === 'copy_is_kept') return 'done';
    return { kind: refusals.has(code) ? 'refused' : 'down', code };
  }
};

/** The faults that time does not cure. */
const refusals: ReadonlySet<string> = new Set([
  'reconnect',
  'misconfigured',
  'not_permitted',
  'rejected_input',
  'conflict',
]);
