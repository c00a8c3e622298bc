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
  patched,
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
import type { RecordingId } from '../../domain/ids.ts';
import { type FileToStore, isPlayable, type MissingReason } from '../../domain/recordings/recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour, minute } from '../../domain/time/units.ts';
import { searchAttributes } from '../search-attributes.ts';
import { providerActivities, recordActivities, transferActivities } from './activities.ts';
import { describeRecording } from './current-details.ts';
import { canPass, failureCodesOf } from './failure-codes.ts';
import {
  type RecordingInput,
  type RecordingResolution,
  type RecordingResult,
  type RecordingView,
  recordingQuery,
  recordingReportedSignal,
  resolveRecordingSignal,
} from './messages.ts';
import { copyTexts, missingTexts } from './missing.ts';
import { apartPatch, outagePatch } from './patches.ts';
import { removeCopies } from './provider-copy.ts';
import { attentionSlaMs, createItem, type Question } from './question.ts';
import { searchBeside } from './search.ts';

/** A recording is never ready sooner, so a workflow that no report has started waits first. */
const firstPollMs = 15 * minute;
const longestPollMs = 4 * hour;
/** When the provider is asked for files that it has finished after the others, counted from the listing before. */
const laterLooksMs = [hour, 4 * hour, 12 * hour];
/** The time to find a recording while the policy is not known, because the first listing fails. It is that of the default policy. */
const defaultFindWithinHours = 48;

/** Runs until the recordings of the meeting are stored, or an operator skips them. */
export async function recording(input: RecordingInput): Promise<RecordingResult> {
  let isReported = false;
  let resolution: RecordingResolution | undefined;
  let questions = 0;
  let isGivenUp = false;
  /** The recordings that an operator has skipped. */
  const givenUp = new Set<RecordingId>();
  /** What was stored when the provider was last asked. */
  let lastStored: FindRecordingsResult | undefined;
  let view: RecordingView = { status: 'expected', recordings: 0, storedFiles: 0 };
  let wasEverReported = false;
  setHandler(recordingReportedSignal, () => {
    isReported = true;
    wasEverReported = true;
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
  const waitForReport = async (
    timeoutMs: number | undefined,
    summary: string,
    orUntil: () => boolean = never,
  ): Promise<boolean> => {
    const isOver = () => isReported || orUntil();
    if (timeoutMs !== undefined) return condition(isOver, timeoutMs, { summary });
    await condition(isOver);
    return true;
  };

  /** Asks an operator. A report of the provider answers it too. Returns whether to go on. */
  const askOperator = async (question: Question): Promise<boolean> => {
    const { missing, orUntil = never } = question;
    questions += 1;
    let item = createItem(input, questions, question);
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
      const isAnswered = await condition(() => resolution !== undefined || isReported || orUntil(), slaMs, {
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
    publish({ status: isGivenUp ? 'given_up' : statusAfter(isSkipped, missing), attention: undefined });
    return !isSkipped;
  };

  let isAsking = false;
  /** Asks about one copy at a time. */
  const askAboutCopy = async (
    recording: FoundRecording,
    code: string,
    orUntil: () => boolean,
  ): Promise<boolean> => {
    if (isAsking) {
      await condition(() => !isAsking || isReported || orUntil());
      // Another question can be the next one.
      return isReported || orUntil() || askAboutCopy(recording, code, orUntil);
    }
    isAsking = true;
    try {
      return await askOperator({ texts: copyTexts, code, recordings: [recording], orUntil });
    } finally {
      isAsking = false;
    }
  };

  const skippedCopies = new Set<RecordingId>();
  /** Removes the copies at the provider that are due. Returns whether the recordings must be listed again. */
  const removeStored = async (stored: FindRecordingsResult): Promise<boolean> => {
    const mustListAgain = await removeCopies(callOf(input), stored, {
      isReportedAgain: () => isReported,
      waitForReport,
      askOperator: askAboutCopy,
      skippedCopies,
      publish: (copy) => publish({ copy }),
    });
    publish({ copy: undefined });
    return mustListAgain;
  };
  const result = (): RecordingResult => {
    const { recordings, storedFiles } = view;
    return { outcome: isGivenUp ? 'given_up' : 'stored', recordings, storedFiles };
  };

  const isWaiting = !isReported && input.expectedSince === undefined;
  if (isWaiting) await waitForReport(firstPollMs, 'Until the provider is asked for the recording');
  let expectedSince = input.expectedSince ?? Date.now();
  let pollMs = firstPollMs;
  let looks = 0;
  let isLook = false;
  /** What was listed when everything that the provider listed was stored. */
  let complete: FindRecordingsResult | undefined;
  for (;;) {
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished())
      await continueAsNew<typeof recording>({ ...input, expectedSince });
    isReported = false;
    const ran = await runRound(input, givenUp, publish);
    const isFailedLook = isLook && ran.kind !== 'stored' && !ran.stored;
    isLook = false;
    // A look for later files that fails leaves what is stored as it is.
    const round: Round = isFailedLook && complete ? { kind: 'stored', stored: complete } : ran;
    if (round.stored) lastStored = round.stored;
    if (round.kind === 'stored') {
      complete = round.stored;
      publish({ status: isGivenUp ? 'given_up' : 'stored' });
      const lookMs = mayHaveLaterFiles(complete, wasEverReported) ? laterLooksMs[looks] : undefined;
      if (lookMs !== undefined) {
        looks += 1;
        isLook = true;
        await waitForReport(lookMs, 'Until the provider is asked for files that it finishes later');
        continue;
      }
      if (await removeStored(complete)) continue;
      return result();
    }
    if (round.kind === 'waiting') {
      const { findWithinHours = defaultFindWithinHours } = round.policy ?? lastStored?.policy ?? {};
      const deadline = expectedSince + findWithinHours * hour;
      const untilDeadline = deadline - Date.now();
      if (untilDeadline > 0) {
        await waitForReport(Math.min(pollMs, untilDeadline), 'Until the provider is asked again');
        pollMs = Math.min(2 * pollMs, longestPollMs);
        continue;
      }
    }
    const missing = round.kind === 'waiting' ? await reasonOf(input, round.missing) : round.reason;
    const code = round.kind === 'failed' ? round.code : missing;
    const search = round.kind === 'waiting' ? searchBeside(callOf(input), round.stored) : undefined;
    const goesOn = await askOperator({
      texts: missingTexts[missing],
      code,
      missing,
      recordings: round.missing,
      orUntil: search?.hasFound,
    });
    search?.end();
    if (!goesOn) {
      isGivenUp = true;
      for (const { id } of round.missing) givenUp.add(id);
      // The copies of the other recordings are due nevertheless.
      if (isRemovalWanted(lastStored) && patched(apartPatch) && (await removeStored(lastStored))) continue;
      return result();
    }
    expectedSince = Date.now();
    pollMs = firstPollMs;
  }
}

const never = (): boolean => false;

/** Whether the provider can finish files without a sign: the webhooks of a meeting without any report are lost. */
const mayHaveLaterFiles = ({ laterFiles }: FindRecordingsResult, wasReported: boolean): boolean =>
  laterFiles === 'hidden' || (laterFiles === 'reported' && !wasReported);

const isRemovalWanted = (stored: FindRecordingsResult | undefined): stored is FindRecordingsResult =>
  stored !== undefined && stored.recordings.length > 0 && stored.policy.providerCopy.action !== 'keep';

const statusAfter = (isSkipped: boolean, missing: MissingReason | undefined): RecordingView['status'] => {
  if (!missing) return 'stored';
  return isSkipped ? 'given_up' : 'expected';
};

type Round = StoredRound | WaitingRound | FailedRound;

interface StoredRound {
  readonly kind: 'stored';
  readonly stored: FindRecordingsResult;
}

/** The provider has not finished the recordings, has none yet, or could not be asked. */
interface WaitingRound extends IncompleteRound {
  readonly kind: 'waiting';
  /** Undefined: the provider could not be asked. */
  readonly policy?: FindRecordingsResult['policy'] | undefined;
}

interface FailedRound extends Failure, IncompleteRound {}

interface IncompleteRound {
  /** The recordings that are stored or deleted. Undefined: the provider could not be asked. */
  readonly stored?: FindRecordingsResult | undefined;
  /** The recordings that are neither. */
  readonly missing: readonly FoundRecording[];
}

interface Failure {
  readonly kind: 'failed';
  readonly reason: MissingReason;
  readonly code: string;
}

type StoreOutcome = { readonly kind: 'stored_file' | 'empty'; readonly key: string } | FailedFile;

interface FailedFile extends Failure {
  readonly key: string;
  readonly recording: RecordingId;
}

const callOf = ({
  organization,
  auditionId,
  correlationId,
  provider,
  meetingId,
}: RecordingInput): RecordingCall => ({ organization, auditionId, correlationId, provider, meetingId });

/**
 * Lists the recordings, and stores what is ready.
 *
 * @param givenUp recordings that an operator has skipped. They are stored when the provider has them after all, and never
 *   waited for.
 */
const runRound = async (
  input: RecordingInput,
  givenUp: ReadonlySet<RecordingId>,
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
    const failure = failureOf(unreadableReasonOf(error), error);
    const isPassing = canPass(failure.code) && patched(outagePatch);
    if (!isPassing) return { ...failure, missing: [] };
    publish({ status: 'expected' });
    return { kind: 'waiting', missing: [] };
  }
  const { recordings, policy } = found;
  const countStored = () => recordings.reduce((sum, { storedFiles }) => sum + storedFiles, 0);
  publish({ recordings: recordings.length, storedFiles: countStored() });
  const toStore = recordings.flatMap(({ instance, toStore: files }) =>
    files.map((file) => ({ ...call, ...file, instance, key: fileKey(file) })),
  );
  if (toStore.length > 0) publish({ status: 'storing' });
  const outcomes = await storeFiles(toStore);
  const failures = outcomes.filter((outcome) => outcome.kind === 'failed');
  const failure = failures.find((failed) => !givenUp.has(failed.recording));
  if (failure && !patched(apartPatch))
    return { ...failure, missing: recordings.filter(({ state }) => state === 'processing') };
  // A provider that does not list sizes has a file of 0 bytes.
  const unstoredKeys = new Set(outcomes.flatMap(({ kind, key }) => (kind === 'stored_file' ? [] : [key])));
  const failedKeys = new Set(failures.map(({ key }) => key));
  const after = recordings.map((recording) => afterStoring(recording, unstoredKeys));
  publish({ storedFiles: after.reduce((sum, { storedFiles }) => sum + storedFiles, 0) });
  const complete = after.filter(
    ({ isProcessing, toStore: files }) =>
      !isProcessing && !files.some((file) => failedKeys.has(fileKey(file))),
  );
  const stored = complete.filter((recording) => isStored(recording, complete));
  for (const { id, state } of stored) {
    if (state !== 'processing') continue;
    await recordActivities(`Record that ${id} is stored`).completeRecording({ ...call, recording: id });
  }
  const kept = after.filter((recording) => isDeleted(recording) || stored.includes(recording));
  const awaited = after.filter((recording) => !givenUp.has(recording.id) || kept.includes(recording));
  const isDone =
    awaited.every((recording) => complete.includes(recording)) &&
    (isNothingMissing(awaited, stored) || (awaited.length === 0 && givenUp.size > 0));
  if (isDone) return { kind: 'stored', stored: { ...found, recordings: awaited } };
  const missing = awaited.filter((recording) => !kept.includes(recording));
  const incomplete = { stored: { ...found, recordings: kept }, missing };
  if (failure) return { ...failure, ...incomplete };
  publish({ status: 'expected' });
  return { kind: 'waiting', policy, ...incomplete };
};

/** Returns the recording as it is after its files were stored. */
const afterStoring = (recording: FoundRecording, unstoredKeys: ReadonlySet<string>): FoundRecording => {
  const { storedFiles, toStore, media } = recording;
  const added = toStore.filter((file) => !unstoredKeys.has(fileKey(file)));
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
        return { ...failureOf('transfer_failed', error), key: file.key, recording: file.recording };
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
const failureOf = (reason: MissingReason, error: unknown): Failure => {
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
    const { isInTrash, absence } = await providerActivities(call, 'Look into the trash').findRecordings({
      ...call,
      checkTrash: true,
    });
    // Histories of earlier versions have no `absence`.
    return absence ?? (isInTrash ? 'in_trash' : 'never_made');
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return unreadableReasonOf(error);
  }
};
