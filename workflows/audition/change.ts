/**
 * A change of the audition's slot, cast or meeting. It runs beside the main loop, one at a time: the audition stays as
 * it is, with all its deadlines, until the change is made. A change that is not made when the slot begins is given up.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { AuditionCommandName } from '../../domain/audition/commands.ts';
import { Refusal } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Change } from './change-in-progress.ts';
import { Aborted } from './ending.ts';
import { changeMoot } from './refusals.ts';
import type { AuditionRun } from './run.ts';

/**
 * Runs a change. A change that is given up because the slot begins, or that an operator aborts, before it is made is
 * refused, and the claims that it has made are released.
 * @param options `endsWithSlotStart`: whether the change is given up when the slot begins. Default: true
 */
export const runChange = async (
  run: AuditionRun,
  command: AuditionCommandName,
  work: (change: Change) => Promise<Refusal | undefined>,
  { endsWithSlotStart = true }: { readonly endsWithSlotStart?: boolean } = {},
): Promise<Refusal | undefined> => {
  const scope = new CancellationScope();
  const blockingBefore = run.attention.blockingCount;
  const change: Change = {
    slotStart: endsWithSlotStart ? upcomingStart(run) : undefined,
    hasMoved: false,
    withdrawsDecline: false,
    isMade: false,
    isGivenUp: false,
    get isWaiting() {
      return !change.isGivenUp && run.attention.blockingCount > blockingBefore;
    },
    giveUp() {
      change.isGivenUp = true;
      scope.cancel();
    },
  };
  run.change = change;
  try {
    return await scope.run(() => work(change));
  } catch (error) {
    if (error instanceof Aborted && !change.isMade) return changeAborted();
    if (!isCancellation(error) || run.ending || run.isSuperseded) throw error;
    await releaseOtherClaims(run);
    return change.isMade ? undefined : changeMoot(command);
  } finally {
    if (run.change === change) run.change = undefined;
  }
};

const changeAborted = (): Refusal =>
  new Refusal(
    'move_aborted',
    'An operator aborted the change.',
    'The audition stays as it was. Ask the operator for the reason, or send another request.',
  );

const upcomingStart = ({ journal }: AuditionRun): Instant | undefined => {
  const { slot } = journal.view;
  return slot && Date.now() < toEpochMs(slot.start) ? slot.start : undefined;
};

/** Releases all claims except that of the present slot, together with all recorded facts. */
export const releaseOtherClaims = ({ journal, claims }: AuditionRun): Promise<number> =>
  journal.flush({ releaseHolds: { through: claims.last, keep: claims.held } });
