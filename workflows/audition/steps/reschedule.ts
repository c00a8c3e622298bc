/**
 * Moves the audition to another slot. The new slot is held before the old one is released. Until the move is recorded,
 * the old slot stays in force: reminders, session and decision continue beside the move. After it, meeting and calendar
 * events are moved, then all participants are notified. A move that cannot be finished is reverted, by an operator's
 * abort or before the old slot begins. A cancellation of the audition undoes everything.
 */

import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import { inRoom, isSameSlot } from '../../../domain/audition/rooms.ts';
import type { Slot, SlotSpec } from '../../../domain/audition/slot.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import type { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { releaseOtherClaims, runChange } from '../change.ts';
import type { Change } from '../change-in-progress.ts';
import { isEntryByEmail } from '../email-entries.ts';
import { Aborted, unlessAborted } from '../ending.ts';
import { labelText } from '../label.ts';
import type { RescheduleCommand } from '../messages.ts';
import type { OpenNotice } from '../open-notices.ts';
import type { SlotQuestion } from '../open-question.ts';
import { changeMoot, isChangeable, wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { type SlotRevision, writeCalendarEvents } from './calendar-events.ts';
import { type Claimed, claimSlot, slotRefused } from './claim.ts';
import { moveMeeting } from './meeting.ts';
import { announceMovedEntries, movedEntryFollowsEventPatch, sendAgain } from './notices.ts';
import { expectInterruptedRecording } from './recording.ts';
import { bookRoom, releaseFormerRooms } from './room.ts';
import { announce, completionOf } from './schedule.ts';
import { startSession } from './session.ts';

/** What the audition returns to when the move is reverted. */
interface Before {
  readonly view: AuditionView & { readonly slot: Slot };
  readonly claim: number;
  readonly reminders: AuditionRun['reminders'];
  readonly movedAt: number;
  readonly withdrawn: readonly OpenNotice[];
  /** The open questions about the slot. */
  readonly questions: readonly SlotQuestion[];
}

/** Moves the audition. Returns undefined when it has moved or was moved back, a refusal when it stays in its slot. */
export const reschedule = async (
  run: AuditionRun,
  command: RescheduleCommand,
): Promise<Refusal | undefined> => {
  const { view } = run.journal;
  const { slot } = view;
  if (!slot || !isChangeable('reschedule', view)) return wrongState('reschedule', view.state);
  // The new slot keeps the room of the old one, unless it names another.
  const wish = inRoom(command.wish, slot);
  if (wish.kind === 'fixed' && isSameSlot(wish.slot, slot)) return undefined;
  return runChange(run, 'reschedule', (change) => moveTo(run, change, command, wish, { ...view, slot }));
};

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
  const handling = command.conflicts ?? {};
  const claimed = await claimSlot(run, wish, { isMoot: hasOldSlotBegun, handling });
  if (claimed.kind === 'refused') return slotRefused(claimed);
  const isMoot = run.ending !== undefined || hasOldSlotBegun();
  if (isMoot || isSameSlot(claimed.slot, view.slot)) {
    // The session began while the new slot was being held, or the present slot is the best one in the window.
    await releaseOtherClaims(run);
    return isMoot ? changeMoot('reschedule') : undefined;
  }
  const before: Before = {
    view: { ...run.journal.view, slot: view.slot },
    claim: run.claims.held,
    reminders: run.reminders,
    movedAt: run.movedAt,
    withdrawn: run.openNotices.withdrawAll(),
    questions: [...run.slotQuestions],
  };
  const at = { slot: claimed.slot, revision: before.view.revision + 1 };
  // The session that runs ends with the move, perhaps in a meeting that the audition leaves.
  if (before.view.meeting) expectInterruptedRecording(run, before.view.meeting);
  recordMove(run, command, at, claimed);
  change.hasMoved = true;
  change.isMade = true;
  try {
    await moveMeeting(run, at);
    if (at.slot.roomCalendar) await bookRoom(run, at);
    await writeCalendarEvents(run, at, { completion: completionOf(run, claimed.number) });
  } catch (error) {
    if (run.ending || run.isSuperseded || !(error instanceof Aborted || isCancellation(error))) throw error;
    const reason = error instanceof Aborted ? error.message : 'the move was not finished in time';
    change.isGivenUp = true;
    const isMade = await CancellationScope.nonCancellable(() => revert(run, before, reason));
    if (!isMade || run.ending) return undefined;
    run.journal.applied([{ type: 'scheduled' }]);
  }
  releaseFormerRooms(run);
  announce(run, claimed.reminders, {
    notice: 'update',
    label: labelText({ kind: 'slot', revision: at.revision }),
    reason: command.reason,
    ...(isSameTime(claimed.slot, view.slot) ? { changed: 'place' } : {}),
  });
  sendAgain(run, removingEntries(run, before.withdrawn));
  announceMovedEntries(run);
  return undefined;
};

/**
 * Returns the notices that remove the entry of a participant whose event is in a connected calendar: the update does not. Without
 * such an event, the update has the entry itself.
 */
const removingEntries = (run: AuditionRun, withdrawn: readonly OpenNotice[]): readonly OpenNotice[] => {
  const ofEntries = withdrawn.filter(({ batch }) => batch.changed === 'calendar');
  if (ofEntries.length === 0 || !patched(movedEntryFollowsEventPatch)) return ofEntries;
  const inConnectedCalendar = run.plan.participants.filter((one) => !isEntryByEmail(run, one));
  return ofEntries.filter(({ recipient }) => inConnectedCalendar.some(({ id }) => id === recipient));
};

type Held = Extract<Claimed, { readonly kind: 'held' }>;

const isSameTime = (a: Slot, b: Slot): boolean => a.start === b.start && a.end === b.end;

const recordMove = (
  run: AuditionRun,
  { origin, reason, correlationId, principal }: RescheduleCommand,
  { slot, revision }: { readonly slot: Slot; readonly revision: number },
  { number, overridden }: Pick<Held, 'number' | 'overridden'>,
): void => {
  run.record(
    {
      type: 'slot_moved',
      slot,
      revision,
      origin,
      ...(reason ? { reason } : {}),
      ...(overridden ? { overridden: [...overridden] } : {}),
    },
    { correlationId, principal },
  );
  run.claims = { ...run.claims, held: number };
  run.movedAt = Date.now();
};

const answersOf = (participants: AuditionView['participants']) =>
  participants.flatMap(({ id, answer, answerFinalAt, answeredAt, entryDeclined }) =>
    answer === 'none'
      ? []
      : [
          {
            participant: id,
            answer,
            ...(answerFinalAt ? { finalAt: answerFinalAt } : {}),
            ...(answeredAt ? { answeredAt } : {}),
            ...(entryDeclined ? { entryDeclined } : {}),
          },
        ],
  );

/**
 * Returns to the old slot, whose claim is released only together with the fact that completes the move. Meeting and
 * events return to it in the background, under a new revision, because they may already have moved. Returns whether the
 * move stays made: the activity that completes it was cancelled too late, and its fact is in the trail.
 */
const revert = async (run: AuditionRun, before: Before, reason: string): Promise<boolean> => {
  const at = { slot: before.view.slot, revision: run.journal.view.revision + 1 };
  const { state, participants } = before.view;
  const isReverted = await untilDecided(run, () =>
    run.journal.recordIfAllowed(
      {
        type: 'move_reverted',
        slot: at.slot,
        revision: at.revision,
        reason,
        announcedAs: [...before.view.announcedAs],
        ...(before.view.overridden ? { overridden: [...before.view.overridden] } : {}),
        answers: answersOf(participants),
        checkedIn: participants.flatMap(({ id, checkedIn }) => (checkedIn ? [id] : [])),
      },
      { releaseHolds: { through: run.claims.last, keep: before.claim } },
    ),
  );
  if (!isReverted) return true;
  if (run.ending) return false;
  run.claims = { ...run.claims, held: before.claim };
  // Restart the grace: participants may have waited for the move.
  run.scheduledAt = Date.now();
  // What was reported about the meeting during the move is about the old slot, and so is what was reported before it.
  run.movedAt = before.movedAt;
  if (run.meetingStatus) run.meetingStatus = { ...run.meetingStatus, revision: at.revision };
  run.reminders = before.reminders;
  confirmWhenAccepted(run);
  if (state === 'in_progress') startSession(run, 'system');
  for (const { askAgain } of before.questions) askAgain();
  sendAgain(run, before.withdrawn);
  void run.runInBackground(async (detach) => {
    detach();
    await moveBack(run, at);
  });
  return false;
};

const untilDecided = async (run: AuditionRun, decide: () => Promise<boolean>): Promise<boolean> => {
  run.isReverting = true;
  try {
    return await decide();
  } finally {
    run.isReverting = false;
  }
};

/**
 * Moves meeting and events back. An operator who aborts that leaves them where they are; the audition goes on. The next
 * move withdraws it. A meeting that was deleted during the move is replaced by `replaceMeeting`.
 */
const moveBack = async (run: AuditionRun, at: SlotRevision): Promise<void> => {
  const isMoot = () => run.journal.view.revision !== at.revision;
  await unlessAborted(async () => {
    if (run.journal.view.meeting) await moveMeeting(run, at, isMoot);
    if (at.slot.roomCalendar && !isMoot()) await bookRoom(run, at, { isMoot });
    if (isMoot()) return;
    await writeCalendarEvents(run, at, { isMoot, isBackground: true });
    if (isMoot()) return;
    releaseFormerRooms(run);
    announceMovedEntries(run);
  });
};
