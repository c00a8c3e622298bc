/** Claims one slot: holds it first, and reads the calendars after that. */
import type { SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { EventStore, OwnFacts } from '../../db/trail/event-store.ts';
import { isFree, type TimeRange } from '../../domain/audition/free-slots.ts';
import { planReminders } from '../../domain/audition/reminder-plan.ts';
import type { BusyInterval, Slot } from '../../domain/audition/slot.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ClaimSlotInput, ClaimSlotResult } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { compensatedFailure } from '../failures.ts';
import type { Trail } from '../trail/trail.ts';
import type { CalendarReadings, Precision, Window } from './calendar-reader.ts';

/** One attempt of the activity. */
export interface ClaimAttempt {
  readonly input: ClaimSlotInput;
  readonly trail: Trail;
  readonly resources: readonly string[];
  /** Aborted at the deadline of the attempt, long before the next one. An aborted attempt must change nothing. */
  readonly signal: AbortSignal;
  readonly now: Instant;
  /** Reads the calendars of the input. */
  readonly readCalendars: (window: Window, precision: Precision) => Promise<CalendarReadings>;
}

type ClaimOutcome =
  | { readonly kind: 'decided'; readonly result: ClaimSlotResult }
  /** Another audition holds the time. */
  | { readonly kind: 'taken' }
  /** A calendar is busy. The slot is given up. */
  | { readonly kind: 'busy'; readonly busy: readonly BusyInterval[] };

export interface SlotClaimer {
  /**
   * Returns the slot that an earlier attempt of the claim has acquired, and the result if that attempt has recorded it:
   * its answer was lost.
   */
  findEarlier(
    attempt: ClaimAttempt,
  ): Promise<{ readonly slot?: TimeRange | undefined; readonly result?: ClaimSlotResult | undefined }>;
  /**
   * Holds the slot and reads the calendars after that, so that no other audition can come between. The slot stays held
   * when a calendar cannot be read: the audition asked first.
   */
  claim(attempt: ClaimAttempt, slot: Slot): Promise<ClaimOutcome>;
  /** Gives up what the claim has acquired. */
  abandon(attempt: ClaimAttempt): Promise<void>;
}

/** Creates the claimer. */
export const createSlotClaimer = ({
  events,
  holds,
  tellSlotTaken,
}: Pick<ActivityDependencies, 'tellSlotTaken'> & {
  readonly events: Pick<EventStore, 'head'>;
  readonly holds: Pick<SlotHolds, 'claim' | 'find' | 'abandon'>;
}): SlotClaimer => {
  /** Acquires the slot. Returns the slot of an earlier attempt when that attempt has acquired one. */
  const acquire = async (
    { input, trail, resources }: ClaimAttempt,
    slot: Slot,
    own?: OwnFacts,
  ): Promise<Slot | 'taken'> => {
    const { organization, claim, auditionId } = input;
    const result = await holds.claim(trail.call, { organization, claim, slot, resources }, own);
    switch (result.kind) {
      case 'held':
        await Promise.allSettled((result.takenFrom ?? []).map(tellSlotTaken));
        return { ...slot, ...result.slot };
      case 'taken':
        return 'taken';
      case 'released':
        throw compensatedFailure(`claim ${claim} of ${auditionId}`);
    }
  };

  /** Acquires the slot, or confirms that it is held, and records it in the same transaction. */
  const acquireAndRecord = async (attempt: ClaimAttempt, slot: Slot): Promise<ClaimOutcome> => {
    const acquired = await acquire(attempt, slot, heldFact(attempt, slot));
    return acquired === 'taken'
      ? { kind: 'taken' }
      : { kind: 'decided', result: heldResult(attempt, acquired) };
  };

  const abandon: SlotClaimer['abandon'] = async ({ input: { auditionId, claim }, signal }) => {
    signal.throwIfAborted();
    await holds.abandon(auditionId, claim);
  };

  return {
    abandon,

    findEarlier: async (attempt) => {
      const { organization, auditionId, claim, heldAs } = attempt.input;
      const slot = await holds.find(auditionId, claim);
      if (!slot || heldAs === undefined) return { slot };
      const head = await events.head(organization, auditionId);
      const isRecorded = head !== undefined && head.number >= heldAs;
      const recorded = isRecorded ? head.view.slot : undefined;
      return { slot, result: recorded && heldResult(attempt, recorded) };
    },

    claim: async (attempt, slot) => {
      if (attempt.input.calendars.length === 0) return acquireAndRecord(attempt, slot);
      const acquired = await acquire(attempt, slot);
      if (acquired === 'taken') return { kind: 'taken' };
      const { failures, busy } = await readHeldSlot(attempt, acquired);
      if (failures.length > 0) {
        return {
          kind: 'decided',
          result: { kind: 'unreadable', failures, busy: [...attempt.input.busy, ...busy] },
        };
      }
      if (!isFree(acquired, busy)) {
        await abandon(attempt);
        return { kind: 'busy', busy };
      }
      return attempt.input.heldAs === undefined
        ? { kind: 'decided', result: heldResult(attempt, acquired) }
        : acquireAndRecord(attempt, acquired);
    },
  };
};

/** Before its first slot, an audition has no events that a free/busy query would count against it. */
export const precisionOf = ({ heldAs }: Pick<ClaimSlotInput, 'heldAs'>): Precision =>
  heldAs === undefined ? 'events' : 'free_busy';

/**
 * Reads the calendars for a slot that is held. A free/busy query also counts events of our other auditions that have
 * released this time, and the events are then read to tell them apart.
 */
const readHeldSlot = async (
  { input, readCalendars }: ClaimAttempt,
  slot: TimeRange,
): Promise<CalendarReadings> => {
  const window = { from: slot.start, until: slot.end };
  const precision = precisionOf(input);
  const first = await readCalendars(window, precision);
  const isConclusive = precision === 'events' || first.failures.length > 0 || isFree(slot, first.busy);
  return isConclusive ? first : readCalendars(window, 'events');
};

/** Returns the fact that the first slot is held. */
const heldFact = ({ input: { heldAs, correlationId }, now }: ClaimAttempt, slot: Slot): OwnFacts =>
  heldAs === undefined
    ? {}
    : {
        facts: [{ number: heldAs, at: now, correlationId, fact: { type: 'slot_held', slot, revision: 1 } }],
      };

const heldResult = (
  { input: { reminders, participants }, now }: ClaimAttempt,
  slot: Slot,
): ClaimSlotResult => ({
  kind: 'held',
  slot,
  reminders: planReminders(slot, reminders, participants, now),
});
