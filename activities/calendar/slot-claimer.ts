/** Claims one slot: holds it first, and reads the calendars after that. */
import type { HoldConflict, SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { EventStore, OwnFacts } from '../../db/trail/event-store.ts';
import type { BlackoutTime } from '../../domain/audition/blackouts.ts';
import { type ConflictRules, durationOf, gapToEvent, widen } from '../../domain/audition/conflict-rules.ts';
import { isFree, type TimeRange } from '../../domain/audition/free-slots.ts';
import { planReminders } from '../../domain/audition/reminder-plan.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../domain/audition/slot.ts';
import { type Blocker, mostBlockers } from '../../domain/audition/slot-conflict.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ClaimSlotInput, ClaimSlotResult } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { compensatedFailure } from '../failures.ts';
import type { Trail } from '../trail/trail.ts';
import type { CalendarReadings, Precision, Window } from './calendar-reader.ts';
import { calendarBlockers, withoutAccepted } from './claim-blockers.ts';

/** One attempt of the activity. */
export interface ClaimAttempt {
  readonly input: ClaimSlotInput;
  readonly trail: Trail;
  readonly rules: ConflictRules;
  /** Where the slot takes place. Undefined: by video. */
  readonly room: string | undefined;
  /** The longest time that an event of a calendar must keep, in milliseconds. */
  readonly calendarGap: number;
  readonly blackouts: readonly BlackoutTime[];
  /** What the slot needs of the holds: its resources, and the gaps to other auditions. */
  readonly needs: Parameters<SlotHolds['listBusy']>[0];
  /** Aborted at the deadline of the attempt, long before the next one. An aborted attempt must change nothing. */
  readonly signal: AbortSignal;
  readonly now: Instant;
  /**
   * Whether the calendar of a room that the wish names is not that of this attempt's room: its events block nothing. Only in a
   * session block whose sessions are in several rooms.
   */
  readonly isInOtherRoom?: boolean | undefined;
  /** Aborted when the choice of a slot must end, so that the claim still has time before the deadline. */
  readonly choiceSignal: AbortSignal;
  /** Reads the calendars of the input. */
  readonly readCalendars: (window: Window, precision: Precision) => Promise<CalendarReadings>;
  /** Reads the events of the calendars that can tell more than their busy times, until `choiceSignal` is aborted. */
  readonly readAgain: (window: Window, first: CalendarReadings) => Promise<CalendarReadings>;
  /** Names holds of other auditions as blockers. */
  readonly nameHolds: (conflicts: readonly HoldConflict[]) => Promise<readonly Blocker[]>;
}

type ClaimOutcome =
  | { readonly kind: 'decided'; readonly result: ClaimSlotResult }
  /** Other auditions hold the time. */
  | { readonly kind: 'taken'; readonly by: readonly HoldConflict[] }
  /** A calendar is busy. The slot is given up. */
  | { readonly kind: 'busy'; readonly busy: readonly BusyInterval[]; readonly blockers: readonly Blocker[] };

export interface SlotClaimer {
  /**
   * Returns the slot that an earlier attempt of the claim has acquired, and the result if that attempt has recorded it:
   * its answer was lost. Gives up a slot that the claim was to hold for another request: the workflow was reset since,
   * and numbers its claims again. A slot whose fact is recorded stays held.
   * @param needs what the slot can need: that of the attempt, or one for each place of the search
   */
  findEarlier(
    attempt: ClaimAttempt,
    needs?: readonly ClaimAttempt['needs'][],
  ): Promise<{ readonly slot?: TimeRange | undefined; readonly result?: ClaimSlotResult | undefined }>;
  /**
   * Holds the slot and reads the calendars after that, so that no other audition can come between. The slot stays held
   * when a calendar cannot be read: the audition asked first. With the policy `override`, only an audition that holds the
   * time itself keeps it from being held.
   * @param known blockers that are overridden
   */
  claim(attempt: ClaimAttempt, slot: Slot, known?: readonly Blocker[]): Promise<ClaimOutcome>;
  /** Gives up what the claim has acquired. */
  abandon(attempt: ClaimAttempt): Promise<void>;
}

interface Acquired {
  readonly kind: 'acquired';
  readonly slot: Slot;
  readonly overridden: readonly Blocker[];
}
type Acquisition = Acquired | Extract<ClaimOutcome, { readonly kind: 'taken' }>;

/** Creates the claimer. */
export const createSlotClaimer = ({
  events,
  holds,
  tellSlotTaken,
}: Pick<ActivityDependencies, 'tellSlotTaken'> & {
  readonly events: Pick<EventStore, 'head'>;
  readonly holds: Pick<SlotHolds, 'claim' | 'find' | 'isHeldFor' | 'abandon'>;
}): SlotClaimer => {
  /**
   * Acquires the slot. Returns the slot of an earlier attempt when that attempt has acquired one. Gaps to other auditions
   * can be overridden; their slots cannot.
   */
  const acquire = async (
    attempt: ClaimAttempt,
    slot: Slot,
    known: readonly Blocker[],
    factsOf: (overridden: readonly Blocker[]) => OwnFacts | undefined,
  ): Promise<Acquisition> => {
    const { input, trail, needs, rules } = attempt;
    const { claim, auditionId } = input;
    const tryToHold = async (overridden: readonly Blocker[], ignoresGaps: boolean): Promise<Acquisition> => {
      const result = await holds.claim(
        trail.call,
        { ...needs, claim, slot, ignoresGaps },
        factsOf(overridden),
      );
      switch (result.kind) {
        case 'held':
          await Promise.allSettled((result.takenFrom ?? []).map(tellSlotTaken));
          return { kind: 'acquired', slot: { ...slot, ...result.slot }, overridden };
        case 'taken':
          return { kind: 'taken', by: result.by };
        case 'released':
          throw compensatedFailure(`claim ${claim} of ${auditionId}`);
      }
    };
    const first = await tryToHold(known, false);
    if (first.kind !== 'taken' || first.by.length === 0 || first.by.some(({ overlaps }) => overlaps)) {
      return first;
    }
    const tooClose = withoutAccepted(await attempt.nameHolds(first.by), input.accepted);
    const isOverridden = rules.policy === 'override' || tooClose.length === 0;
    return isOverridden ? tryToHold([...known, ...tooClose], true) : first;
  };

  /** Acquires the slot, or confirms that it is held, and records it in the same transaction. */
  const acquireAndRecord = async (
    attempt: ClaimAttempt,
    slot: Slot,
    known: readonly Blocker[],
  ): Promise<ClaimOutcome> => {
    const acquired = await acquire(attempt, slot, known, (overridden) => heldFact(attempt, slot, overridden));
    return acquired.kind === 'taken'
      ? acquired
      : { kind: 'decided', result: heldResult(attempt, acquired.slot, acquired.overridden) };
  };

  const abandon: SlotClaimer['abandon'] = async ({ input: { auditionId, claim }, signal }) => {
    signal.throwIfAborted();
    await holds.abandon(auditionId, claim);
  };

  /** Returns the slot of the claim that the trail has already. */
  const recordedSlot = async ({
    input: { organization, auditionId, heldAs },
  }: ClaimAttempt): Promise<Slot | undefined> => {
    if (heldAs === undefined) return undefined;
    const head = await events.head(organization, auditionId);
    return head && head.number >= heldAs ? head.view.slot : undefined;
  };

  return {
    abandon,

    findEarlier: async (attempt, needs = [attempt.needs]) => {
      const { auditionId, claim, wish } = attempt.input;
      const slot = await holds.find(auditionId, claim);
      if (!slot) return {};
      const recorded = await recordedSlot(attempt);
      if (recorded) return { slot, result: heldResult(attempt, recorded, []) };
      const heldFor = await Promise.all(
        needs.map(({ resources }) => holds.isHeldFor(auditionId, claim, resources)),
      );
      const isWanted = fits(wish, slot) && heldFor.includes(true);
      if (!isWanted) await abandon(attempt);
      return isWanted ? { slot } : {};
    },

    claim: async (attempt, slot, known = []) => {
      const { input, rules } = attempt;
      if (input.calendars.length === 0) return acquireAndRecord(attempt, slot, known);
      const acquired = await acquire(attempt, slot, known, () => undefined);
      if (acquired.kind === 'taken') return acquired;
      const { failures, busy } = await readHeldSlot(attempt, acquired.slot);
      if (failures.length > 0) {
        return {
          kind: 'decided',
          result: { kind: 'unreadable', failures, busy: [...input.busy, ...busy] },
        };
      }
      const blockers = withoutAccepted(
        calendarBlockers(acquired.slot, busy, input.participants, attempt),
        input.accepted,
      );
      if (blockers.length > 0 && rules.policy !== 'override') {
        await abandon(attempt);
        return { kind: 'busy', busy, blockers };
      }
      const overridden = [...acquired.overridden, ...blockers];
      return input.heldAs === undefined
        ? { kind: 'decided', result: heldResult(attempt, acquired.slot, overridden) }
        : acquireAndRecord(attempt, acquired.slot, overridden);
    },
  };
};

/** Returns the function that tells the shortest time to an event. */
export const gapIn =
  ({ rules, room }: Pick<ClaimAttempt, 'rules' | 'room'>) =>
  (event: BusyInterval): number =>
    gapToEvent(rules, room, event);

/**
 * Before its first slot, an audition has no events that a free/busy query would count against it. Only events tell which
 * are tentative.
 */
export const precisionOf = ({ input, rules }: Pick<ClaimAttempt, 'input' | 'rules'>): Precision =>
  input.heldAs === undefined || rules.tentative === 'ignore' ? 'events' : 'free_busy';

/**
 * Reads the calendars for a slot that is held. A free/busy query also counts events of our other auditions that have
 * released this time, and the events are then read to tell them apart.
 */
const readHeldSlot = async (attempt: ClaimAttempt, slot: TimeRange): Promise<CalendarReadings> => {
  const { readCalendars, calendarGap } = attempt;
  const needed = widen(slot, calendarGap);
  const window = { from: needed.start, until: needed.end };
  const precision = precisionOf(attempt);
  const first = await readCalendars(window, precision);
  const isConclusive = precision === 'events' || first.failures.length > 0 || isFree(needed, first.busy);
  return isConclusive ? first : readCalendars(window, 'events');
};

/** Returns whether the time is one that the wish asks for. */
const fits = (wish: SlotSpec, { start, end }: TimeRange): boolean =>
  wish.kind === 'fixed'
    ? wish.slot.start === start && wish.slot.end === end
    : start >= wish.earliest && end <= wish.latest && toEpochMs(end) - toEpochMs(start) === durationOf(wish);

/** Returns the part of a fact or a result that names overridden blockers. */
const withOverridden = (overridden: readonly Blocker[]) =>
  overridden.length === 0 ? {} : { overridden: overridden.slice(0, mostBlockers) };

/** Returns the fact that the first slot is held. */
const heldFact = (
  { input: { heldAs, correlationId }, now }: ClaimAttempt,
  slot: Slot,
  overridden: readonly Blocker[],
): OwnFacts =>
  heldAs === undefined
    ? {}
    : {
        facts: [
          {
            number: heldAs,
            at: now,
            correlationId,
            fact: { type: 'slot_held', slot, revision: 1, ...withOverridden(overridden) },
          },
        ],
      };

const heldResult = (
  { input: { reminders, participants }, now }: ClaimAttempt,
  slot: Slot,
  overridden: readonly Blocker[],
): ClaimSlotResult => ({
  kind: 'held',
  slot,
  reminders: planReminders(slot, reminders, participants, now),
  ...withOverridden(overridden),
});
