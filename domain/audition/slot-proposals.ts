/** Proposes free slots in place of one that is not free. */
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { day, hour, minute } from '../time/units.ts';
import { blockOf, durationOf, proposalWindow, timeOf } from './conflict-rules.ts';
import type { TimeRange } from './free-slots.ts';
import type { SlotSpec } from './slot.ts';
import type { SlotProposal } from './slot-conflict.ts';
import { type Attendance, nearestSlots, type RankedSlot } from './slot-ranking.ts';

const mostProposals = 5;

/** Returns the time around the wish in which slots are proposed. It begins in the next minute at the earliest. */
export const proposalTime = (
  wish: SlotSpec,
  now: Instant,
): { readonly from: Instant; readonly until: Instant } => {
  const { start, end } = proposalWindow(wish);
  const next = toInstant(Math.ceil((toEpochMs(now) + 1) / minute) * minute);
  return { from: start > next ? start : next, until: end };
};

/**
 * Returns the free slots near the requested time, best first: within all participants' working hours, then with the
 * fewest quiet hours disturbed, then nearest. For the slots of a session block, participants have no default working hours:
 * the casting director has set their hours.
 * @param free the earliest first
 */
export const proposeSlots = (
  wish: SlotSpec,
  participants: readonly Attendance[],
  free: readonly TimeRange[],
): readonly SlotProposal[] =>
  nearestSlots(free, participants, timeOf(wish), mostProposals, {
    hasDefaultHours: blockOf(wish) === undefined,
  }).map((slot) => ({ ...slot, reason: reasonOf(slot, wish) }));

const reasonOf = (slot: RankedSlot, wish: SlotSpec): string => {
  const hours = slot.withinWorkingHours
    ? 'within the working hours of all participants'
    : 'outside the working hours of a participant';
  const quiet = slot.quietConflicts === 0 ? '' : `, in the quiet hours of ${slot.quietConflicts}`;
  return `Free, ${hours}${quiet}, ${distanceOf(slot.start, wish)}.`;
};

const distanceOf = (start: Instant, wish: SlotSpec): string => {
  const wanted = timeOf(wish);
  const [first, last] =
    wish.kind === 'fixed'
      ? [toEpochMs(wanted.start), toEpochMs(wanted.start)]
      : [toEpochMs(wanted.start), toEpochMs(wanted.end) - durationOf(wish)];
  const at = toEpochMs(start);
  if (at < first) return `${lengthOf(first - at)} earlier`;
  if (at > last) return `${lengthOf(at - last)} later`;
  return wish.kind === 'fixed' ? 'at the same time' : 'in the window';
};

/** Returns `1 day 2 hours 15 minutes`. */
const lengthOf = (ms: number): string =>
  [
    countOf(Math.floor(ms / day), 'day'),
    countOf(Math.floor((ms % day) / hour), 'hour'),
    countOf(Math.round((ms % hour) / minute), 'minute'),
  ]
    .filter((part) => part !== '')
    .join(' ') || 'less than a minute';

const countOf = (count: number, unit: string): string =>
  count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'}`;
