/** Step 1 of a new audition: holds its first slot, and schedules it. */
import type { SlotRefusal } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { claimSlot } from './claim.ts';
import { schedule } from './schedule.ts';

/** Finds and holds the slot, then schedules the audition. Ends the audition when no slot can be held. */
export const scheduleFirstSlot = async (run: AuditionRun): Promise<void> => {
  const { journal, plan } = run;
  if (journal.view.state === 'requested') run.record({ type: 'holding_started' });
  const handling = { mayOverride: plan.mayOverrideConflicts };
  const claimed = await claimSlot(run, plan.wish, { isFirst: true, handling });
  if (claimed.kind === 'refused') return refuse(run, claimed);
  const { slot, reminders, number, overridden } = claimed;
  run.claims = { last: number, held: number };
  run.reminders = reminders;
  journal.applied([
    { type: 'slot_held', slot, revision: 1, ...(overridden ? { overridden: [...overridden] } : {}) },
  ]);
  run.firstResult ??= { kind: 'held' };
  if (run.ending) return;
  await schedule(run, { slot, revision: 1 });
};

const refuse = (run: AuditionRun, { reason, message, conflict }: SlotRefusal): void => {
  const blockers = conflict?.blockers ?? [];
  run.end({ type: 'slot_refused', reason, ...(blockers.length > 0 ? { blockers: [...blockers] } : {}) });
  run.firstResult ??= { kind: 'refused', reason, message, conflict };
};
