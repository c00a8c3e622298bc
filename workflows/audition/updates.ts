/** Applies updates: in the order of the history, once, and only while their facts can be recorded. */
import { CancellationScope, condition, currentUpdateInfo } from '@temporalio/workflow';
import { Refusal } from '../../domain/errors.ts';
import type { QueuedCommand } from './command-queue.ts';
import { earlierResultsHandled } from './earlier-results.ts';
import type { UpdateAnswer } from './messages.ts';
import { commandInterrupted, refusalAsFailure, wrongState } from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { isTrailAhead } from './step-failures.ts';

/** Answers once all recorded facts are in the database. */
export const answerAfterFlush = async (
  run: AuditionRun,
  { yieldHolds }: { yieldHolds?: boolean } = {},
): Promise<UpdateAnswer> => ({
  sequence: await run.journal.flush(yieldHolds ? { yieldHolds } : undefined),
});

/** How many ids of applied updates are remembered. Callers repeat a request within minutes. */
const maxRememberedUpdates = 200;

/**
 * While another run is ahead in the trail, nothing can be recorded: this run then takes the audition over. While a move
 * is being reverted, it is not known yet which slot a message is about.
 */
export const untilRecordable = async (run: AuditionRun): Promise<void> => {
  const isRecordable = () => !run.isSuperseded && !run.isReverting;
  if (!isRecordable()) await CancellationScope.nonCancellable(() => condition(isRecordable));
};

/**
 * Applies an update. An update that an earlier run has applied, before it continued as new, is only answered: within one
 * run, Temporal itself deduplicates updates by their id.
 * @param refuse throws when the state does not allow the update
 */
export const applyUpdateOnce = (
  run: AuditionRun,
  refuse: () => void,
  apply: () => Promise<UpdateAnswer>,
): Promise<UpdateAnswer> =>
  CancellationScope.nonCancellable(async () => {
    const id = currentUpdateInfo()?.id;
    const { answer } = await startApplying(run, () => {
      if (id !== undefined && run.appliedUpdates.includes(id)) return answerAfterFlush(run);
      refuse();
      return unlessTakenOver(run, apply);
    });
    const applied = await answer;
    if (id !== undefined && !run.appliedUpdates.includes(id))
      run.appliedUpdates = [...run.appliedUpdates, id].slice(-maxRememberedUpdates);
    return applied;
  });

/**
 * Starts to apply an update when its turn has come. Until then, the update counts as arriving. Returns the answer in an
 * object, because the answer can come days later.
 */
const startApplying = async (
  run: AuditionRun,
  apply: () => Promise<UpdateAnswer>,
): Promise<{ readonly answer: Promise<UpdateAnswer> }> => {
  run.arrivingUpdates += 1;
  try {
    await earlierResultsHandled();
    await untilRecordable(run);
    return { answer: apply() };
  } finally {
    run.arrivingUpdates -= 1;
  }
};

/** Refuses an update whose facts were lost, since the run turned out to be behind the trail. */
const unlessTakenOver = async <Answer>(run: AuditionRun, apply: () => Promise<Answer>): Promise<Answer> => {
  const { adoptions } = run.journal;
  try {
    const answer = await apply();
    if (run.journal.adoptions === adoptions) return answer;
  } catch (error) {
    if (!isTrailAhead(error)) throw error;
  }
  throw refusalAsFailure(commandInterrupted());
};

/** Refuses a command that arrived with what has ended the audition: nothing would take it from the queue. */
const refuseOnceEnded = ({ ending }: AuditionRun, { name }: QueuedCommand): void => {
  if (ending) throw refusalAsFailure(wrongState(name, 'closed'));
};

/**
 * Queues a long command and waits for its result. When the command has to wait for an operator, the caller gets an
 * answer in the meantime.
 */
export const submitCommand = async (run: AuditionRun, command: QueuedCommand): Promise<UpdateAnswer> => {
  refuseOnceEnded(run, command);
  let result: 'done' | 'pending';
  try {
    result = await run.commands.submit(
      command,
      () => run.ending !== undefined || run.change?.isWaiting === true,
    );
  } catch (error) {
    throw error instanceof Refusal ? refusalAsFailure(error) : error;
  }
  const isEndedByOther =
    run.ending && (run.ending.type !== 'decided' || (result === 'pending' && command.name !== 'decide'));
  if (isEndedByOther) throw refusalAsFailure(wrongState(command.name, 'closed'));
  const answer = await answerAfterFlush(run);
  return result === 'pending' ? { ...answer, isPending: true } : answer;
};
