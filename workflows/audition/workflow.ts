/** Runs one audition from request to decision. Each step is a file in `steps/`; pure rules are in `domain/`. */

import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { AdoptedTrail } from '../../activities/contract.ts';
import { needsCompensation } from '../../domain/audition/ending.ts';
import type { FactSource } from '../../domain/audition/principal.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { Refusal } from '../../domain/errors.ts';
import { releaseOtherClaims } from './change.ts';
import { compensate } from './compensate.ts';
import { Aborted, internalFailure } from './ending.ts';
import { setHandlers } from './handlers.ts';
import { runMainLoop } from './main-loop.ts';
import type { AuditionInput, Takeover } from './messages.ts';
import { commandInterrupted, wrongState } from './refusals.ts';
import { type AuditionRun, createRun } from './run.ts';
import { isStepFailure, isTrailAhead } from './step-failures.ts';
import { askAboutDeclinedRoom } from './steps/calendar-changes.ts';
import { recordUnclaimedReports } from './steps/delivery.ts';
import { scheduleFirstSlot } from './steps/first-slot.ts';
import { expectRecordingAtEnd } from './steps/recording.ts';
import { reopen } from './steps/reopen.ts';
import { completeInterruptedStep } from './steps/resume.ts';
import { adoptTrail, askToResume, finishEnding, resumeEnding } from './takeover.ts';

/** Runs the audition until it is closed. Returns its final view. */
export async function audition(input: AuditionInput): Promise<AuditionView> {
  const run = createRun(input);
  setHandlers(run);
  let takeover: Takeover | undefined = input.takeover;
  for (;;) {
    const reason = takeover;
    const adopted = reason && (await CancellationScope.nonCancellable(() => adoptTrail(run)));
    await run.runUntilEnded(() =>
      untilEnding(run, () => (adopted ? takeOver(run, reason, adopted) : runAudition(run))),
    );
    await CancellationScope.nonCancellable(() => cleanUp(run));
    if (!run.isSuperseded) return run.journal.view;
    takeover = { cause: 'reset', correlationId: run.plan.correlationId };
  }
}

/** Schedules the audition and runs the main loop until the audition ends. */
const runAudition = async (run: AuditionRun): Promise<void> => {
  if (!run.isResumed) {
    run.saga.register({ id: 'holds', stage: 'hold', kind: 'release_holds' });
    await scheduleFirstSlot(run);
  }
  if (!run.ending) await runMainLoop(run);
};

/** Continues an audition whose earlier workflow has ended or was reset. */
const takeOver = async (
  run: AuditionRun,
  takeover: Takeover,
  { unfinished, reportOrders }: Pick<AdoptedTrail, 'unfinished' | 'reportOrders'>,
): Promise<void> => {
  // An earlier run has reopened the audition, and was reset.
  if (takeover.cause === 'reopen' && run.journal.view.state !== 'closed')
    return takeOver(
      run,
      { cause: 'reset', correlationId: takeover.command.correlationId },
      { unfinished, reportOrders },
    );
  if (takeover.cause === 'reopen') {
    if (unfinished) await finishEnding(run, unfinished);
    run.refusal = await reopen(run, takeover.command);
    if (run.refusal) return recordLateRefusal(run, run.refusal, takeover.command);
  } else {
    if (run.journal.view.state === 'closed') return resumeEnding(run, unfinished);
    await askToResume(run, takeover.cause, takeover.principal);
    if (!run.ending) await completeInterruptedStep(run);
    // In runs of earlier versions, the casting office was not asked again.
    if (!run.ending && reportOrders) askAboutDeclinedRoom(run);
  }
  if (!run.ending) await runMainLoop(run);
};

/** A caller who has already got the answer that an operator is asked finds the refusal in the trail. */
const recordLateRefusal = (
  run: AuditionRun,
  { code, message }: Refusal,
  { correlationId, principal }: FactSource,
): void => {
  if (run.firstResult?.kind === 'needs_attention')
    run.journal.record({ type: 'move_refused', code, reason: message }, { correlationId, principal });
};

/** Ends the audition when a step fails for good or an operator aborts. */
const untilEnding = async (run: AuditionRun, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Aborted) return run.end(error.ending);
    // An audition that is not reopened yet stays closed.
    const isClosed = run.journal.view.state === 'closed';
    if (isCancellation(error) || isTrailAhead(error) || !isStepFailure(error) || isClosed) throw error;
    run.end(internalFailure(error));
  }
};

/**
 * Writes the last facts. When nothing is undone, the claim of the slot stays, and those of a change that the ending has
 * interrupted are released.
 */
const flushLast = (run: AuditionRun, isUndone: boolean): Promise<number> =>
  !isUndone && run.claims.last > run.claims.held ? releaseOtherClaims(run) : run.journal.flush();

/** Refuses queued commands, compensates if necessary, and waits for background work, the trail and all handlers. */
const cleanUp = async (run: AuditionRun): Promise<void> => {
  const { ending, journal, background, saga } = run;
  run.commands.close(run.isSuperseded ? commandInterrupted() : wrongState('reschedule', 'closed'));
  if (!run.isSuperseded) journal.flushInBackground();
  if (!run.isSuperseded) expectRecordingAtEnd(run);
  const isUndone =
    run.isEndingResumed ||
    (ending && needsCompensation(ending, run.stateAtEnd, journal.view.slot, Date.now()));
  if (isUndone) {
    await saga.compensate((compensation) =>
      background.start((detach) => compensate(run, compensation, { onAsked: detach })),
    );
  }
  run.isCleanedUp = true;
  await background.waitForAll();
  if (run.isSuperseded) return;
  recordUnclaimedReports(run);
  try {
    await flushLast(run, isUndone === true);
  } catch (error) {
    // The trail has facts of another run: this one takes the audition over.
    if (!isTrailAhead(error)) throw error;
  } finally {
    await condition(allHandlersFinished);
  }
};
