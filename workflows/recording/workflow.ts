/**
 * Stores the recordings of one meeting. Lists them when the provider reports one, and otherwise at growing intervals until
 * a deadline. Stores each file that is ready, and asks an operator about what cannot be stored.
 */
import {
  ActivityFailure,
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
import { type FileToStore, isPlayable, type MissingReason } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour, minute } from '../../domain/time/units.ts';
import { searchAttributes } from '../search-attributes.ts';
import { providerActivities, recordActivities, transferActivities } from './activities.ts';
import { describeRecording } from './current-details.ts';
import { failureCodesOf } from './failure-codes.ts';
import {
  type RecordingInput,
  type RecordingResolution,
  type RecordingResult,
  type RecordingView,
  recordingQuery,
  recordingReportedSignal,
  resolveRecordingSignal,
} from './messages.ts';
import { copyTexts, type Explanation, missingTexts } from './missing.ts';
import { removeCopies } from './provider-copy.ts';

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
  const waitForReport = async (timeoutMs: number | undefined, summary: string): Promise<boolean> => {
    if (timeoutMs !== undefined) return condition(() => isReported, timeoutMs, { summary });
    await condition(() => isReported);
    return true;
  };

  /** Asks an operator. A report of the provider answers it too. Returns whether to go on. */
  const askOperator = async ({ texts, code, missing }: Question): Promise<boolean> => {
    questions += 1;
    let item = createItem(input, { number: questions, texts, code });
    resolution = undefined;
    publish({ status: 'needs_attention', attention: item });
    upsertSearchAttributes([{ key: searchAttributes.attention, value: item.step }]);
    const call = callOf(input);
    const { workflowId } = workflowInfo();
    await recordActivities('Ask an operator').raiseRecordingAttention({
      ...call,
      item,
      workflowId,
      ...(missing && { missing }),
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
      // What is stored keeps its retention.
      isSkipped: isSkipped && missing !== undefined,
    });
    upsertSearchAttributes([{ key: searchAttributes.attention, value: null }]);
    publish({ status: statusAfter(isSkipped, missing), attention: undefined });
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
      const mustListAgain = await removeCopies(callOf(input), round.found, {
        isReportedAgain: () => isReported,
        waitForReport,
        askOperator: (code) => askOperator({ texts: copyTexts, code }),
        publish: (copy) => publish({ copy }),
      });
      publish({ copy: undefined });
      if (mustListAgain) continue;
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
    const missing = round.kind === 'waiting' ? await reasonOf(input, round.found) : round.reason;
    const code = round.kind === 'failed' ? round.code : missing;
    const goesOn = await askOperator({ texts: missingTexts[missing], code, missing });
    if (!goesOn) {
      const { recordings, storedFiles } = view;
      return { outcome: 'given_up', recordings, storedFiles };
    }
    expectedSince = Date.now();
    pollMs = firstPollMs;
  }
}

/** A question to an operator. */
interface Question {
  readonly texts: Explanation;
  readonly code: string;
  /** Undefined: everything is stored, and the question is about the copy at the provider. */
  readonly missing?: MissingReason | undefined;
}

const statusAfter = (isSkipped: boolean, missing: MissingReason | undefined): RecordingView['status'] => {
  if (!missing) return 'stored';
  return isSkipped ? 'given_up' : 'expected';
};

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
  const after = recordings.map((recording) => afterStoring(recording, emptyKeys));
  publish({ storedFiles: after.reduce((sum, { storedFiles }) => sum + storedFiles, 0) });
  const complete = after.filter(isComplete);
  const stored = complete.filter((recording) => isStored(recording, complete));
  for (const { id, state } of stored) {
    if (state !== 'processing') continue;
    await recordActivities(`Record that ${id} is stored`).completeRecording({ ...call, recording: id });
  }
  const isDone = complete.length === after.length && isNothingMissing(complete, stored);
  if (isDone) return { kind: 'stored', found: { ...found, recordings: after } };
  publish({ status: 'expected' });
  return { kind: 'waiting', found: after, policy };
};

/** Returns the recording as it is after its files were stored. */
const afterStoring = (recording: FoundRecording, emptyKeys: ReadonlySet<string>): FoundRecording => {
  const { storedFiles, toStore, media } = recording;
  const added = toStore.filter((file) => !emptyKeys.has(fileKey(file)));
  const playable = added.filter(({ kind }) => kind !== undefined && isPlayable(kind)).length;
  return {
    ...recording,
    storedFiles: storedFiles + added.length,
    ...(media && { media: { ...media, stored: media.stored + playable } }),
  };
};

/**
 * Whether the recording is stored. A chat or a transcript alone is no recording: at least one file to watch or to listen to
 * must have bytes. When the provider lists none, another opening of the meeting must have one. Histories of earlier versions
 * do not have the number, and count any file.
 */
const isStored = (
  { state, storedFiles, media }: FoundRecording,
  complete: readonly FoundRecording[],
): boolean => {
  if (state === 'stored' || !media || storedFiles === 0) return storedFiles > 0;
  if (media.listed > 0) return media.stored > 0;
  return complete.some((other) => (other.media?.stored ?? 0) > 0);
};

/** In histories of earlier versions, one stored recording of the meeting is enough. */
const isNothingMissing = (
  complete: readonly FoundRecording[],
  stored: readonly FoundRecording[],
): boolean => {
  if (complete.every(({ media }) => !media)) return stored.length > 0 || complete.some(isDeleted);
  return (
    complete.length > 0 && complete.every((recording) => isDeleted(recording) || stored.includes(recording))
  );
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
  const { providerCode } = failureCodesOf(error);
  return (providerCode !== undefined && reasonsOfCodes[providerCode]) || 'unreadable';
};

/** Errors of workflow code fail the workflow task: a corrected release continues. */
const failedRound = (reason: MissingReason, error: unknown): FailedRound => {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  const { code = 'timeout' } = failureCodesOf(error);
  return { kind: 'failed', reason, code };
};

/** Decides why there is no recording after the deadline. */
const reasonOf = async (input: RecordingInput, found: readonly FoundRecording[]): Promise<MissingReason> => {
  if (found.some(({ isProcessing }) => isProcessing)) return 'still_processing';
  if (found.some(({ storedFiles }) => storedFiles > 0)) return 'not_playable';
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

/** @param question `number` makes the id unique in the run. */
const createItem = (
  input: RecordingInput,
  question: Pick<Question, 'texts' | 'code'> & { readonly number: number },
): AttentionItem => ({
  ...question.texts,
  id: `att_rec-${workflowInfo().runId.replaceAll('-', '').slice(0, 24)}-${question.number}`,
  step: 'recording',
  actions: ['retry', 'skip'],
  code: question.code,
  provider: input.provider,
  raisedAt: toInstant(Date.now()),
  dueAt: toInstant(Date.now() + attentionSlaMs),
  overdue: false,
});
