/**
 * Moves the audition to another slot. The new slot is held before the old one is released. Until the move is recorded,
 * the old slot stays in force: reminders, session and decision continue beside the move. After it, meeting and calendar
 * events are moved, then all participants are notified. A move that cannot be finished is reverted, by an operator's
 * abort or before the old slot begins. A cancellation of the audition undoes everything.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Slot, SlotSpec } from '../../../domain/audition/slot.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { releaseOtherClaims, runChange } from '../change.ts';
import type { Change } from '../change-in-progress.ts';
import { Aborted } from '../ending.ts';
import type { RescheduleCommand } from '../messages.ts';
import type { OpenNotice } from '../open-notices.ts';
import { isChangeable, wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { restoreQuestions } from './answers.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { type Claimed, claimSlot } from './claim.ts';
import { moveMeeting } from './meeting.ts';
import { sendAgain } from './notices.ts';
import { announce, completionOf } from './schedule.ts';

/** What the audition returns to when the move is reverted. */
interface Before {
  readonly view: AuditionView & { readonly slot: Slot };
  readonly claim: number;
  readonly reminders: AuditionRun['reminders'];
  readonly withdrawn: readonly OpenNotice[];
}

/** Moves the audition. Returns undefined when it has moved or was moved back, a refusal when it stays in its slot. */
export const reschedule = async (
  run: AuditionRun,
  command: RescheduleCommand,
): Promise<Refusal | undefined> => {
  const { view } = run.journal;
  const { slot } = view;
  if (!slot || !isChangeable('reschedule', view)) return wrongState('reschedule', view.state);
  const wish = inherit(command.wish, slot);
  if (wish.kind === 'fixed' && isSameSlot(wish.slot, slot)) return undefined;
  return runChange(
    run,
    (change) => moveTo(run, change, command, wish, { ...view, slot }),
    () => wrongState('reschedule', run.journal.view.state),
  );
};

/** The new slot keeps the room of the old one, unless it names another. */
const inherit = (wish: SlotSpec, { room }: Slot): SlotSpec => {
  if (room === undefined) return wish;
  return wish.kind === 'fixed' ? { ...wish, slot: { room, ...wish.slot } } : { room, ...wish };
};

const isSameSlot = (a: Slot, b: Slot): boolean => isSameTime(a, b) && a.zone === b.zone;

const isSameTime = (a: Slot, b: Slot): boolean => a.start === b.start && a.end === b.end && a.room === b.room;

const moveTo = async (
  run: AuditionRun,
  change: Change,
  command: RescheduleCommand,
  wish: SlotSpec,
  view: Before['view'],
): Promise<Refusal | undefined> => {
  const { slotStart } = change;
  const hasOldSlotBegun = () =>
    (slotStart !== undefined && Date.now() >= toEpochMs(slotStart)) ||
    !isChangeable('reschedule', run.journal.view);
  const claimed = await claimSlot(run, wish, { isMoot: hasOldSlotBegun });
  if (claimed.kind === 'refused') return slotRefused(claimed);
  if (isSameTime(claimed.slot, view.slot)) {
    // The best slot of the window is the present one.
    await releaseOtherClaims(run);
    return undefined;
  }
  const { state } = run.journal.view;
  if (run.ending || hasOldSlotBegun()) {
    // The session began while the new slot was being held: the audition stays in the old slot.
    await releaseOtherClaims(run);
    return wrongState('reschedule', state);
  }
  const before: Before = {
    view: { ...run.journal.view, slot: view.slot },
    claim: run.claims.held,
    reminders: run.reminders,
    withdrawn: run.openNotices.withdrawAll(),
  };
  const at = { slot: claimed.slot, revision: before.view.revision + 1 };
  recordMove(run, command, at, claimed.number);
  change.hasMoved = true;
  change.isMade = true;
  try {
    await moveMeeting(run, at);
    await writeCalendarEvents(run, at, { completion: completionOf(run, claimed.number) });
  } catch (error) {
    if (run.ending || run.isSuperseded || !(error instanceof Aborted || isCancellation(error))) throw error;
    const reason = error instanceof Aborted ? error.message : 'the old slot was about to begin';
    await CancellationScope.nonCancellable(() => revert(run, before, reason));
    return undefined;
  }
  announce(run, claimed.reminders, {
    notice: 'update',
    label: `r${at.revision}`,
    reason: command.reason,
  });
  return undefined;
};

const recordMove = (
  run: AuditionRun,
  { origin, reason, correlationId }: RescheduleCommand,
  { slot, revision }: { readonly slot: Slot; readonly revision: number },
  claim: number,
): void => {
  run.record({ type: 'slot_moved', slot, revision, origin, ...(reason ? { reason } : {}) }, correlationId);
  run.claims = { ...run.claims, held: claim };
  run.movedAt = Date.now();
};

/**
 * Returns to the old slot, whose claim was never released. The old slot is in force immediately. Meeting and events
 * return to it in the background, under a new revision, because they may already have moved.
 */
const revert = async (run: AuditionRun, before: Before, reason: string): Promise<void> => {
  const at = { slot: before.view.slot, revision: run.journal.view.revision + 1 };
  run.claims = { ...run.claims, held: before.claim };
  // Restart the grace: participants may have waited for the move.
  run.scheduledAt = Date.now();
  run.movedAt = run.scheduledAt;
  run.reminders = before.reminders;
  run.journal.record({
    type: 'move_reverted',
    slot: at.slot,
    revision: at.revision,
    reason,
    announcedAs: [...before.view.announcedAs],
    answers: before.view.participants.flatMap(({ id, answer }) =>
      answer === 'none' ? [] : [{ participant: id, answer }],
    ),
  });
  restoreQuestions(run);
  sendAgain(run, before.withdrawn);
  await releaseOtherClaims(run);
  void run.runInBackground(async (detach) => {
    detach();
    await moveMeeting(run, at);
    await writeCalendarEvents(run, at);
  });
};

const slotRefused = ({ reason, message }: Extract<Claimed, { kind: 'refused' }>): Refusal =>
  reason === 'in_the_past'
    ? new Refusal('slot_in_the_past', message, 'Choose a slot in the future.')
    : reason === 'nothing_free'
      ? new Refusal('nothing_free', message, 'Choose another window; POST /v1/availability lists free slots.')
      : new Refusal('slot_taken', message, 'Choose another slot; POST /v1/availability lists free ones.');
