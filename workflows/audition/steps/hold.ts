/** Step 1, second half: chooses and holds the slot. The database's exclusion constraint prevents double booking. */
import type { HoldClaim, HoldSlotResult } from '../../../activities/contract.ts';
import type { SlotRefusalReason } from '../../../domain/audition/events.ts';
import { freeSlots, isFree } from '../../../domain/audition/free-slots.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../../domain/audition/slot.ts';
import { slotResources } from '../../../domain/audition/slot-resources.ts';
import { toEpochMs, toInstant } from '../../../domain/time/epoch.ts';
import { minute } from '../../../domain/time/units.ts';
import { internalActivities } from '../../internal-activities.ts';
import type { AuditionRun } from '../run.ts';
import { findBusyTimes } from './busy-times.ts';

/** The maximum number of slots of a window that are tried. */
const maxCandidates = 20;

/** Finds and holds the first slot of the audition. Ends the audition when no slot can be held. */
export const holdFirstSlot = async (run: AuditionRun): Promise<void> => {
  const { plan, journal } = run;
  run.record({ type: 'holding_started' });
  const busy = await findBusyTimes(run, windowOf(plan.wish));
  const held = await holdFirstFree(run, candidates(plan.wish, busy));
  if (typeof held === 'string') {
    run.end({ type: 'slot_refused', reason: held });
    run.firstResult ??= { kind: 'refused', reason: held, view: journal.view };
    return;
  }
  run.reminders = held.reminders;
  run.record({ type: 'slot_held', slot: held.slot, revision: 1, until: held.until });
  journal.flushInBackground();
  run.firstResult ??= { kind: 'held', view: journal.view };
};

/** Holds a slot as the given revision: all participants and the room, or nothing. Idempotent for each revision. */
export const hold = async (
  run: AuditionRun,
  slot: Slot,
  revision: number,
): Promise<HoldSlotResult & { readonly until: Slot['end'] }> => {
  const { plan } = run;
  const claim = holdClaimOf(run, slot, revision);
  const result = await internalActivities('Hold the slot').holdSlot({
    ...claim,
    reminders: { offsets: plan.reminders, participants: plan.participants },
  });
  return { ...result, until: claim.until };
};

/** Returns the claim to hold a slot for the policy's `holdFor` from now on. */
export const holdClaimOf = ({ plan }: AuditionRun, slot: Slot, revision: number): HoldClaim => ({
  ...correlatedIds(plan),
  slot,
  revision,
  until: toInstant(Date.now() + plan.policy.holdFor),
  resources: slotResources(plan.participants, slot.room),
});

type Candidates = { readonly slots: readonly Slot[]; readonly refusalReason: SlotRefusalReason };

const windowOf = (wish: SlotSpec): { from: Slot['start']; until: Slot['end'] } =>
  wish.kind === 'fixed'
    ? { from: wish.slot.start, until: wish.slot.end }
    : { from: wish.earliest, until: wish.latest };

const candidates = (wish: SlotSpec, busy: readonly BusyInterval[]): Candidates => {
  if (wish.kind === 'fixed') {
    return isFree(wish.slot, busy)
      ? { slots: [wish.slot], refusalReason: 'taken' }
      : { slots: [], refusalReason: 'busy' };
  }
  const { earliest, latest, durationMinutes, zone, room } = wish;
  const free = freeSlots(busy, { from: earliest, until: latest }, durationMinutes * minute);
  return {
    slots: free
      .filter(({ start }) => toEpochMs(start) > Date.now())
      .slice(0, maxCandidates)
      .map(({ start, end }) => ({ start, end, zone, ...(room ? { room } : {}) })),
    refusalReason: 'nothing_free',
  };
};

const holdFirstFree = async (run: AuditionRun, { slots, refusalReason }: Candidates) => {
  for (const slot of slots) {
    const result = await hold(run, slot, 1);
    if (result.kind === 'held') return { slot, until: result.until, reminders: result.reminders };
    if (result.kind === 'in_the_past') return 'in_the_past';
  }
  return refusalReason;
};
