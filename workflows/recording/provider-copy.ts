/** Removes the copies of stored recordings at the provider, as the policy of the organization asks for. */
import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { FindRecordingsResult, FoundRecording, RecordingCall } from '../../activities/contract.ts';
import type { RecordingId } from '../../domain/ids.ts';
import type { RecordingPolicy } from '../../domain/recordings/recording-policy.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { day, minute } from '../../domain/time/units.ts';
import { providerActivities } from './activities.ts';
import { failureCodesOf } from './failure-codes.ts';
import type { RecordingView } from './messages.ts';
import { apartPatch } from './patches.ts';

const firstPauseMs = 15 * minute;
const longestPauseMs = day;
/** A file that is not stored is usually a transcript that the provider has just finished. */
const otherFilesPauseMs = 15 * minute;

/** The first releases tried once, and left the copy where it was after a failure or a hold. */
const retriedPatch = 'retry-provider-copy';

export interface CopyEvents {
  readonly isReportedAgain: () => boolean;
  /**
   * Waits until a report has arrived, or the condition holds, and returns true, or until the time is over, and returns false.
   * Without a time, it waits as long as it takes.
   */
  readonly waitForReport: (
    timeoutMs: number | undefined,
    summary: string,
    orUntil: () => boolean,
  ) => Promise<boolean>;
  /**
   * Asks an operator about a copy that the provider refuses to remove, one question at a time. Returns whether to try again:
   * also when the condition holds.
   */
  readonly askOperator: (recording: FoundRecording, code: string, orUntil: () => boolean) => Promise<boolean>;
  /** The recordings whose copies an operator has given up, which is kept for the next listing. */
  readonly skippedCopies: Set<RecordingId>;
  readonly publish: (copy: RecordingView['copy']) => void;
}

type Removal = 'done' | 'held' | 'incomplete' | { readonly kind: 'down' | 'refused'; readonly code: string };

/**
 * Removes the copies when they are due, each apart from the others. An outage is waited for, and a legal hold, whose end is
 * reported. Only an operator can give up a copy that the provider refuses to remove.
 *
 * @returns true when the recordings must be listed again: the provider has other files, or something was reported
 */
export const removeCopies = async (
  call: RecordingCall,
  { recordings: all, policy: { providerCopy } }: FindRecordingsResult,
  events: CopyEvents,
): Promise<boolean> => {
  const { action } = providerCopy;
  const recordings = all.filter(({ id, isCopyRemoved }) => !isCopyRemoved && !events.skippedCopies.has(id));
  if (events.isReportedAgain()) return true;
  if (action === 'keep') return false;
  const now = Date.now();
  const delays = createDelays(events.publish);
  const isApart = recordings.length > 1 && patched(apartPatch);
  let mustListAgain = false;
  const isListingDue = () => mustListAgain;
  const remove = async (recording: FoundRecording): Promise<boolean> => {
    const leftMs = dueMs(recording, providerCopy, now) - Date.now();
    const isReported =
      leftMs > 0 &&
      (await events.waitForReport(leftMs, 'Until the copy at the provider is removed', isListingDue));
    if (
      isReported ||
      (await removeOne(call, recording, action, { ...events, isListingDue, delays, isApart }))
    )
      mustListAgain = true;
    return mustListAgain;
  };
  if (isApart) await Promise.all(recordings.map(remove));
  else for (const recording of recordings) if (await remove(recording)) return true;
  return mustListAgain || (events.isReportedAgain() && patched(apartPatch));
};

const dueMs = (
  { storedAt }: FoundRecording,
  { afterDays }: RecordingPolicy['providerCopy'],
  now: number,
): number => (storedAt ? toEpochMs(storedAt) : now) + afterDays * day;

type Delay = NonNullable<RecordingView['copy']>;
type Delays = (recording: RecordingId, delay: Delay | undefined) => void;

/** Publishes why copies are not removed yet. A hold lasts longer than an outage. */
const createDelays = (publish: CopyEvents['publish']): Delays => {
  const delays = new Map<RecordingId, Delay>();
  return (recording, delay) => {
    if (delay) delays.set(recording, delay);
    else if (!delays.delete(recording)) return;
    const present = [...delays.values()];
    publish(present.includes('held') ? 'held' : present[0]);
  };
};

interface RemovalEvents extends CopyEvents {
  /** Whether another recording of the meeting needs a listing. */
  readonly isListingDue: () => boolean;
  readonly delays: Delays;
  /** Whether the copies are removed apart from each other. */
  readonly isApart: boolean;
}

/** Returns whether the recordings must be listed again. */
const removeOne = async (
  call: RecordingCall,
  recording: FoundRecording,
  action: 'trash' | 'delete',
  {
    waitForReport,
    askOperator,
    skippedCopies,
    isReportedAgain,
    isListingDue,
    delays,
    isApart,
  }: RemovalEvents,
): Promise<boolean> => {
  const { id } = recording;
  for (let pauseMs = firstPauseMs; ; ) {
    const removal = await attempt(call, recording, action);
    if (removal === 'done' || !patched(retriedPatch)) {
      delays(id, undefined);
      return false;
    }
    if (removal === 'held') {
      delays(id, 'held');
      return waitForReport(undefined, 'Until the legal hold ends', isListingDue);
    }
    if (removal === 'incomplete') {
      await waitForReport(otherFilesPauseMs, 'Until the other files are stored', isListingDue);
      return true;
    }
    if (removal.kind === 'refused') {
      if (!(await askOperator(recording, removal.code, isListingDue))) {
        if (isApart) skippedCopies.add(id);
        return false;
      }
      if (isListingDue() || (isReportedAgain() && patched(apartPatch))) return true;
      continue;
    }
    delays(id, 'delayed');
    if (await waitForReport(pauseMs, 'Until the copy at the provider is removed again', isListingDue))
      return true;
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
