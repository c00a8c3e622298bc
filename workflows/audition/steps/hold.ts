/** Step 1, second half: choose the slot and hold it. The database's exclusion constraint is the judge. */
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

/** Of a window with room for many slots, this many are tried before it is given up. */
const candidatesTried = 20;

/** Finds and holds the first slot of the audition, or ends it because there is none to be had. */
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

/** Holds a slot for the audition as its given revision, for everybody and the room, or for nobody. */
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
      .slice(0, candidatesTried)
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
