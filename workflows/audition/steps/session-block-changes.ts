/**
 * Handles changes of the session block that the slot was chosen from. A change never moves the audition: a slot that is
 * outside of the sessions now is a question to the casting office, with the offer to move.
 */
import type { AttentionAction } from '../../../domain/audition/attention.ts';
import type { SessionBlockChange } from '../../../domain/audition/session-block-change.ts';
import { isFactAllowed } from '../../../domain/audition/transitions.ts';
import type { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { askInBackground } from '../background-question.ts';
import type { AuditionRun } from '../run.ts';
import { requestMove } from './own-move.ts';

/**
 * Records the change and asks what to do about it. A report that says something else withdraws the question, and so does a
 * move. A report about another slot than the present one, or about one that has begun, changes nothing. One that repeats
 * the last report changes nothing either: the casting office has been asked.
 */
export const sessionBlockChanged = (run: AuditionRun, report: SessionBlockChange): void => {
  if (run.ending || !isAboutUpcomingSlot(run, report) || isKnown(run.sessionBlockReport, report)) return;
  run.sessionBlockReport = report;
  const { block, version, change } = report;
  run.journal.record({ type: 'session_block_changed', block, version, change });
  if (change !== 'inside') ask(run, report);
};

const isAboutUpcomingSlot = ({ journal }: AuditionRun, report: SessionBlockChange): boolean => {
  const { slot, state } = journal.view;
  const isOpen = state === 'scheduling' || isFactAllowed(state, 'no_show');
  return (
    isOpen &&
    slot !== undefined &&
    slot.block !== undefined &&
    isSameSlot(slot, report.slot) &&
    Date.now() < toEpochMs(slot.start)
  );
};

/** Without an earlier report, the slot is inside: it was chosen from the block. */
const isKnown = (last: SessionBlockChange | undefined, report: SessionBlockChange): boolean =>
  last && isSameSlot(last.slot, report.slot)
    ? last.change === report.change && (last.next === undefined) === (report.next === undefined)
    : report.change === 'inside';

const isSameSlot = (a: SessionBlockChange['slot'], b: SessionBlockChange['slot']): boolean =>
  a.start === b.start && a.end === b.end && a.room === b.room;

const ask = (run: AuditionRun, report: SessionBlockChange, refusal?: Refusal): void => {
  const { revision } = run.journal.view;
  const isMoot = (): boolean =>
    run.journal.view.revision !== revision ||
    run.sessionBlockReport !== report ||
    !isAboutUpcomingSlot(run, report);
  const what = whatHappened[report.change === 'other_room' ? 'other_room' : 'no_session'];
  askInBackground(
    run,
    {
      step: 'session_block',
      what: refusal ? `${what} The audition could not be moved: ${refusal.message}` : what,
      hint: hintOf(report),
      actions: report.next ? ['follow', 'ignore'] : ['ignore'],
      code: refusal?.code,
      isMoot,
    },
    async (action: AttentionAction) => {
      if (action !== 'follow' || !report.next) return;
      const refused = await requestMove(run, report.next, 'system');
      if (refused && !isMoot()) ask(run, report, refused);
    },
  );
};

const hintOf = ({ next }: SessionBlockChange): string => {
  if (!next) {
    return 'The block has no more sessions. Reschedule or cancel the audition, or ignore to keep its slot.';
  }
  const target = next.kind === 'fixed' ? 'that room' : 'the next free slot of the block';
  return `Follow to move the audition to ${target}, or ignore to keep its slot. It can also be rescheduled or cancelled.`;
};

const whatHappened = {
  no_session: 'The session block was changed. It has no session at the time of the slot now.',
  other_room: 'The session block was changed. Its session at the time of the slot is in another room now.',
} as const;
