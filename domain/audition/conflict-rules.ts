/**
 * The rules about conflicts: what keeps a slot from being booked, and what happens then. An audition copies them when it
 * is requested, from its request and the settings of its organization. Times are in milliseconds. Imports no schemas:
 * the workflow uses it.
 */
import type { BusyKind } from '../calendars/busy-kind.ts';
import { nearestInstant, toEpochMs } from '../time/epoch.ts';
import { day, minute } from '../time/units.ts';
import { isFree, type TimeRange } from './free-slots.ts';
import type { BusyInterval, Slot, SlotSpec } from './slot.ts';

/**
 * `refuse`: the slot is refused. `propose`: the refusal lists the nearest free slots. `override`: the slot is booked, if
 * the caller may do that. `wait`: a slot that another audition holds is requested again for a while.
 */
export const conflictPolicies = ['refuse', 'propose', 'override', 'wait'] as const;
export type ConflictPolicy = (typeof conflictPolicies)[number];

export const tentativeRules = ['block', 'ignore'] as const;

/** Days, both included, on which no audition takes place. */
export interface Blackout {
  /** `2026-12-24` */
  readonly from: string;
  readonly until: string;
}

export interface ConflictRules {
  readonly policy: ConflictPolicy;
  /** How long `wait` waits. */
  readonly waitFor: number;
  /** Whether a tentative event of a calendar blocks its time (docs/conflicts.md). */
  readonly tentative: (typeof tentativeRules)[number];
  /** The shortest time between two auditions with a participant, a calendar or a room in common. */
  readonly buffer: number;
  /** The shortest time between the audition and an event of a participant's calendar. */
  readonly calendarBuffer: number;
  /**
   * The shortest time between an audition in person and what takes place elsewhere: an audition by video or in another
   * room, and every event of a calendar.
   */
  readonly travel: number;
  /** The organization's. Those of participants are with the participant. */
  readonly blackouts: readonly (Blackout & { readonly zone: string })[];
}

export const defaultConflictRules: ConflictRules = {
  policy: 'refuse',
  waitFor: 2 * minute,
  tentative: 'block',
  buffer: 0,
  calendarBuffer: 0,
  travel: 0,
  blackouts: [],
};

/** How a command wants conflicts to be handled, and whether its caller may override them. */
export interface ConflictHandling {
  /** Undefined: as the audition's rules say. */
  readonly policy?: ConflictPolicy | undefined;
  readonly waitFor?: number | undefined;
  readonly mayOverride?: boolean | undefined;
}

/** Returns the rules for one command. A caller who may not override conflicts is refused. */
export const rulesFor = (
  rules: ConflictRules = defaultConflictRules,
  { policy = rules.policy, waitFor = rules.waitFor, mayOverride = false }: ConflictHandling = {},
): ConflictRules => ({
  ...rules,
  policy: policy === 'override' && !mayOverride ? 'refuse' : policy,
  waitFor,
});

/** How far from the requested time a refusal proposes other slots. */
const proposalReach = 7 * day;

/** The rules about events of calendars. They are the same when a slot is booked and after that. */
export type EventRules = Pick<ConflictRules, 'tentative' | 'calendarBuffer' | 'travel'>;

/** Returns whether an event of this kind takes its time. */
export const takesTime = (busy: BusyKind, { tentative }: Pick<EventRules, 'tentative'>): boolean =>
  busy === 'busy' || (busy === 'tentative' && tentative === 'block');

/**
 * Returns whether an event that takes its time conflicts with the slot: it overlaps the slot, or is closer to it than the
 * rules allow. It keeps the slot from being booked, and is a conflict when it appears after the booking.
 */
export const conflictsWithSlot = (
  slot: TimeRange,
  room: string | undefined,
  event: BusyInterval,
  rules: GapRules,
): boolean => !isFree(widen(slot, gapToEvent(rules, room, event)), [event]);

type GapRules = Pick<EventRules, 'calendarBuffer' | 'travel'>;

/** Returns the shortest time between a slot and an event of a calendar. */
export const calendarGap = ({ calendarBuffer, travel }: GapRules, room: string | undefined): number =>
  room === undefined ? calendarBuffer : Math.max(calendarBuffer, travel);

/** Returns the shortest time between a slot and this event. There is no way between the room and its own calendar. */
export const gapToEvent = (
  rules: GapRules,
  room: string | undefined,
  { isRoom }: Pick<BusyInterval, 'isRoom'>,
): number => (isRoom ? rules.calendarBuffer : calendarGap(rules, room));

/** Returns the range with so many milliseconds before and after it. */
export const widen = <Range extends TimeRange>(range: Range, ms: number): Range =>
  ms === 0
    ? range
    : {
        ...range,
        start: nearestInstant(toEpochMs(range.start) - ms),
        end: nearestInstant(toEpochMs(range.end) + ms),
      };

/** Returns the time of the wish: its slot, or its window. */
export const timeOf = (wish: SlotSpec): TimeRange =>
  wish.kind === 'fixed' ? wish.slot : { start: wish.earliest, end: wish.latest };

/** Returns the room of the wish. */
export const roomOf = (wish: SlotSpec): string | undefined =>
  wish.kind === 'fixed' ? wish.slot.room : wish.room;

/** Returns the length of the slot that the wish asks for, in milliseconds. */
export const durationOf = (wish: SlotSpec): number =>
  wish.kind === 'fixed'
    ? toEpochMs(wish.slot.end) - toEpochMs(wish.slot.start)
    : wish.durationMinutes * minute;

/** Returns the time in which a refusal proposes other slots. It can begin in the past. */
export const proposalWindow = (wish: SlotSpec): TimeRange => widen(ends(timeOf(wish)), proposalReach);

/** Returns the session block that the slot is wished in. */
export const blockOf = (wish: SlotSpec): Slot['block'] =>
  wish.kind === 'fixed' ? wish.slot.block : wish.block;

/** Returns the time in which the calendars must be read to decide about the wish. */
export const readingWindow = (
  wish: SlotSpec,
  rules: ConflictRules,
): { readonly from: Slot['start']; readonly until: Slot['end'] } => {
  const decided = rules.policy === 'propose' ? proposalWindow(wish) : ends(timeOf(wish));
  const { start, end } = widen(decided, calendarGap(rules, roomOf(wish)));
  return { from: start, until: end };
};

const ends = ({ start, end }: TimeRange): TimeRange => ({ start, end });
