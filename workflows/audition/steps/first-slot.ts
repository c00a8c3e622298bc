/** Step 1 of a new audition: holds its first slot, and schedules it. */
import type { SlotRefusal } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { claimSlot } from './claim.ts';
import { schedule } from './schedule.ts';

/** Finds and holds the slot, then schedules the audition. Ends the audition when no slot can be held. */
export const scheduleFirstSlot = async (run: AuditionRun): Promise<void> => {
  const { journal, plan } = run;
  if (journal.view.state === 'requested') run.record({ type: 'holding_started' });
  const claimed = await claimSlot(run, plan.wish, { isFirst: true });
  if (claimed.kind === 'refused') return refuse(run, claimed);
  const { slot, reminders, number } = claimed;
  run.claims = { last: number, held: number };
  run.reminders = reminders;
  journal.applied([{ type: 'slot_held', slot, revision: 1 }]);
  run.firstResult ??= { kind: 'held' };
  if (run.ending) return;
  await schedule(run, { slot, revision: 1 });
};

const refuse = (run: AuditionRun, { reason, message }: SlotRefusal): void => {
  run.end({ type: 'slot_refused', reason });
  run.firstResult ??= { kind: 'refused', reason, message };
};
