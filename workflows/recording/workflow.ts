/**
 * Stores the recordings of one meeting. Lists them when the provider reports one, and otherwise at growing intervals until
 * a deadline. Stores each file that is ready, and asks an operator about what cannot be stored.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  FindRecordingsResult,
  FoundRecording,
  RecordingCall,
  StoreFileInput,
} from '../../activities/contract.ts';
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { FileToStore, MissingReason } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour, minute } from '../../domain/time/units.ts';
import { searchAttributes } from '../search-attributes.ts';
import { providerActivities, recordActivities, transferActivities } from './activities.ts';
import { describeRecording } from './current-details.ts';
import {
  type RecordingInput,
  type RecordingResolution,
  type RecordingResult,
  type RecordingView,
  recordingQuery,
  recordingReportedSignal,
  resolveRecordingSignal,
} from './messages.ts';
import { missingTexts } from './missing.ts';

/** A recording is never ready sooner, so a workflow that no report has started waits first. */
const firstPollMs = 15 * minute;
const longestPollMs = 4 * hour;
/** An attention item alerts again after this time. */
const attentionSlaMs = 4 * hour;

/** Runs until the recordings of the meeting are stored, or an operator skips them. */
export async function recording(input: RecordingInput): Promise<RecordingResult> {
  let isReported = false;
  let resolution: RecordingResolution | undefined;
  let questions = 0;
  let view: RecordingView = { status: 'expected', recordings: 0, storedFiles: 0 };
  setHandler(recordingReportedSignal, () => {
    isReported = true;
  });
  setHandler(resolveRecordingSignal, (resolved) => {
    if (resolved.id === view.attention?.id) resolution = resolved;
  });
  setHandler(recordingQuery, () => view);

  const answer = (): RecordingResolution | undefined => resolution;

  const publish = (change: Partial<RecordingView>): void => {
    view = { ...view, ...change };
    setCurrentDetails(describeRecording(view));
  };
  /** Returns whether a report has arrived. */
  const waitForReport = (timeoutMs: number, summary: string): Promise<boolean> =>
    condition(() => isReported, timeoutMs, { summary });

  /** Asks an operator. A report of the provider answers it too. Returns whether to go on. */
  const askOperator = async (reason: MissingReason, code: string | undefined): Promise<boolean> => {
    questions += 1;
    let item = createItem(input, { number: questions, reason, code });
    resolution = undefined;
    publish({ status: 'needs_attention', attention: item });
    upsertSearchAttributes([{ key: searchAttributes.attention, value: item.step }]);
    const call = callOf(input);
    const { workflowId } = workflowInfo();
    await recordActivities('Ask an operator').raiseRecordingAttention({
      ...call,
      item,
      workflowId,
      missing: reason,
    });
    for (let slaMs = attentionSlaMs; ; slaMs = Math.min(2 * slaMs, day)) {
      const isAnswered = await condition(() => resolution !== undefined || isReported, slaMs, {
        summary: 'SLA of the attention item: alert again',
      });
      if (isAnswered) break;
      item = { ...item, overdue: true, dueAt: toInstant(Date.now() + Math.min(2 * slaMs, day)) };
      publish({ attention: item });
      await recordActivities('Alert again').raiseRecordingAttention({ ...call, item, workflowId });
    }
    const isSkipped = !isReported && answer()?.action === 'skip';
    await recordActivities('Settle the attention item').settleRecordingAttention({
      ...call,
      id: item.id,
      isSkipped,
    });
    upsertSearchAttributes([{ key: searchAttributes.attention, value: null }]);
    publish({ status: isSkipped ? 'given_up' : 'expected', attention: undefined });
    return !isSkipped;
  };

  const isWaiting = !isReported && input.expectedSince === undefined;
  if (isWaiting) await waitForReport(firstPollMs, 'Until the provider is asked for the recording');
  let expectedSince = input.expectedSince ?? Date.now();
  let pollMs = firstPollMs;
  for (;;) {
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished())
      await continueAsNew<typeof recording>({ ...input, expectedSince });
    isReported = false;
    const round = await runRound(input, publish);
    if (round.kind === 'stored') {
      publish({ status: 'stored' });
      const isReportedAgain = () => isReported;
      if (await keepProviderCopy(input, round.found, { isReportedAgain, waitForReport })) continue;
      const { recordings, storedFiles } = view;
      return { outcome: 'stored', recordings, storedFiles };
    }
    if (round.kind === 'waiting') {
      const deadline = expectedSince + round.policy.findWithinHours * hour;
      const untilDeadline = deadline - Date.now();
      if (untilDeadline > 0) {
        await waitForReport(Math.min(pollMs, untilDeadline), 'Until the provider is asked again');
        pollMs = Math.min(2 * pollMs, longestPollMs);
        continue;
      }
    }
    const reason = round.kind === 'waiting' ? await reasonOf(input, round.found) : round.reason;
    const goesOn = await askOperator(reason, round.kind === 'failed' ? round.code : undefined);
    if (!goesOn) {
      const { recordings, storedFiles } = view;
      return { outcome: 'given_up', recordings, storedFiles };
    }
    expectedSince = Date.now();
    pollMs = firstPollMs;
  }
}

type Round =
  | { readonly kind: 'stored'; readonly found: FindRecordingsResult }
  /** The provider has not finished the recordings, or has none yet. */
  | {
      readonly kind: 'waiting';
      readonly found: readonly FoundRecording[];
      readonly policy: FindRecordingsResult['policy'];
    }
  | FailedRound;

interface FailedRound {
  readonly kind: 'failed';
  readonly reason: MissingReason;
  readonly code: string;
}

type StoreOutcome = { readonly kind: 'stored_file' | 'empty'; readonly key: string } | FailedRound;

const callOf = ({
  organization,
  auditionId,
  correlationId,
  provider,
  meetingId,
}: RecordingInput): RecordingCall => ({ organization, auditionId, correlationId, provider, meetingId });

/** Lists the recordings, and stores what is ready. */
const runRound = async (
  input: RecordingInput,
  publish: (change: Partial<RecordingView>) => void,
): Promise<Round> => {
  const call = callOf(input);
  let found: FindRecordingsResult;
  try {
    found = await providerActivities(call, 'Look for recordings').findRecordings({
      ...call,
      checkTrash: false,
    });
  } catch (error) {
    return failedRound(unreadableReasonOf(error), error);
  }
  const { recordings, policy } = found;
  const countStored = () => recordings.reduce((sum, { storedFiles }) => sum + storedFiles, 0);
  publish({ recordings: recordings.length, storedFiles: countStored() });
  const toStore = recordings.flatMap(({ instance, toStore: files }) =>
    files.map((file) => ({ ...call, ...file, instance, key: fileKey(file) })),
  );
  if (toStore.length > 0) publish({ status: 'storing' });
  const outcomes = await storeFiles(toStore);
  const failure = outcomes.find((outcome) => outcome.kind === 'failed');
  if (failure) return failure;
  // A provider that does not list sizes has a file of 0 bytes.
  const emptyKeys = new Set(outcomes.flatMap((outcome) => (outcome.kind === 'empty' ? [outcome.key] : [])));
  const storedCount = ({ storedFiles, toStore: files }: FoundRecording): number =>
    storedFiles + files.filter((file) => !emptyKeys.has(fileKey(file))).length;
  publish({ storedFiles: recordings.reduce((sum, recording) => sum + storedCount(recording), 0) });
  const complete = recordings.filter(isComplete);
  for (const recording of complete) {
    const { id, state } = recording;
    if (state !== 'processing' || storedCount(recording) === 0) continue;
    await recordActivities(`Record that ${id} is stored`).completeRecording({ ...call, recording: id });
  }
  const hasFiles = recordings.some((recording) => storedCount(recording) > 0);
  const isDone = complete.length === recordings.length && (hasFiles || recordings.some(isDeleted));
  if (isDone) return { kind: 'stored', found };
  publish({ status: 'expected' });
  return { kind: 'waiting', found: recordings, policy };
};

const isComplete = ({ isProcessing }: FoundRecording): boolean => !isProcessing;
const isDeleted = ({ state }: FoundRecording): boolean => state === 'deleting' || state === 'deleted';

const fileKey = ({ recording: id, file }: FileToStore): string => `recording/${id}:${file}`;

/**
 * Stores the files; the queue limits how many at a time. When one fails for good, the others are stored nevertheless, and
 * an operator is asked. When the workflow is cancelled, what is incomplete is deleted: a file that is stored stays.
 */
const storeFiles = (files: readonly StoreFileInput[]): Promise<readonly StoreOutcome[]> =>
  Promise.all(
    files.map(async (file): Promise<StoreOutcome> => {
      try {
        const { size } = await transferActivities(file, file).storeFile(file);
        return { kind: size === 0 ? 'empty' : 'stored_file', key: file.key };
      } catch (error) {
        if (isCancellation(error)) {
          await CancellationScope.nonCancellable(() => transferActivities(file, file).discardFile(file));
          throw error;
        }
        return failedRound('transfer_failed', error);
      }
    }),
  );

/** The codes of our own with which the providers refuse recordings. */
const reasonsOfCodes: Readonly<Record<string, MissingReason>> = {
  recording_scope_missing: 'scope_missing',
  meeting_without_event: 'not_served',
};

const unreadableReasonOf = (error: unknown): MissingReason => {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const details: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  const code =
    typeof details === 'object' && details !== null && 'code' in details ? details.code : undefined;
  return (typeof code === 'string' && reasonsOfCodes[code]) || 'unreadable';
};

/** Errors of workflow code fail the workflow task: a corrected release continues. */
const failedRound = (reason: MissingReason, error: unknown): FailedRound => {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  const code = error.cause instanceof ApplicationFailure ? error.cause.type : undefined;
  return { kind: 'failed', reason, code: code ?? 'timeout' };
};

/** Decides why there is no recording after the deadline. */
const reasonOf = async (input: RecordingInput, found: readonly FoundRecording[]): Promise<MissingReason> => {
  if (found.some(({ isProcessing }) => isProcessing)) return 'still_processing';
  if (found.length > 0) return 'empty';
  try {
    const call = callOf(input);
    const { isInTrash } = await providerActivities(call, 'Look into the trash').findRecordings({
      ...call,
      checkTrash: true,
    });
    return isInTrash ? 'in_trash' : 'never_made';
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return unreadableReasonOf(error);
  }
};

/**
 * Does with the copy at the provider what the organization wants. Returns true when another recording was reported in the
 * meantime. A copy that cannot be removed stays, and the failed activity reports it.
 */
const keepProviderCopy = async (
  input: RecordingInput,
  { recordings, policy: { providerCopy } }: FindRecordingsResult,
  {
    isReportedAgain,
    waitForReport,
  }: {
    readonly isReportedAgain: () => boolean;
    readonly waitForReport: (timeoutMs: number, summary: string) => Promise<boolean>;
  },
): Promise<boolean> => {
  const { action, afterDays } = providerCopy;
  if (isReportedAgain()) return true;
  if (action === 'keep') return false;
  if (afterDays > 0 && (await waitForReport(afterDays * day, 'Until the copy at the provider is removed')))
    return true;
  const call = callOf(input);
  for (const { id, instance } of recordings) {
    try {
      await providerActivities(call, `Remove ${id} at the provider: ${action}`).removeAtProvider({
        ...call,
        key: `recording/${id}:${action}`,
        recording: id,
        instance,
        action,
      });
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    }
  }
  return false;
};

/** @param question `number` makes the id unique in the run. */
const createItem = (
  input: RecordingInput,
  question: {
    readonly number: number;
    readonly reason: MissingReason;
    readonly code: string | undefined;
  },
): AttentionItem => ({
  ...missingTexts[question.reason],
  id: `att_rec-${workflowInfo().runId.replaceAll('-', '').slice(0, 24)}-${question.number}`,
  step: 'recording',
  actions: ['retry', 'skip'],
  code: question.code ?? question.reason,
  provider: input.provider,
  raisedAt: toInstant(Date.now()),
  dueAt: toInstant(Date.now() + attentionSlaMs),
  overdue: false,
});
