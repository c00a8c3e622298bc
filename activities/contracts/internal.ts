/** Internal. Queue `castmatch`, quick. */

import type { ReportOrder } from '../../domain/audition/calendar-change.ts';
import type { ConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import type { SlotRefusalReason } from '../../domain/audition/events.ts';
import type { AnswerTimes } from '../../domain/audition/last-answers.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { CalendarRef, Participant } from '../../domain/audition/request.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../domain/audition/slot.ts';
import type { Blocker, SlotConflict } from '../../domain/audition/slot-conflict.ts';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import type { UnfinishedEnding } from '../../domain/audition/unfinished-ending.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { AuditionCall, Correlated, StepFailure } from './calls.ts';

/** A calendar to read. With `isRoom`, it is that of a room, and its id is the room's address. */
export type CalendarToRead = CalendarRef & {
  readonly isRoom?: boolean | undefined;
  /** Whether it is only read for a participant: it is no resource of the slot, and no event is written to it. */
  readonly isBusyOnly?: boolean | undefined;
};

/** Acquires the slot, and with it every resource: participants, their calendars, the room. */
export interface ClaimSlotInput extends AuditionCall {
  readonly wish: SlotSpec;
  /** Numbers the claims of the audition. A repeated claim returns the same slot. */
  readonly claim: number;
  readonly participants: readonly Participant[];
  /** The calendars whose busy times this activity reads. All belong to the provider of the activity's queue. */
  readonly calendars: readonly CalendarToRead[];
  /** Busy times that were read before, in calendars of other providers or by `findBusy`. */
  readonly busy: readonly BusyInterval[];
  /** Absent: the default rules. The policy `override` means that the caller may override. */
  readonly rules?: ConflictRules | undefined;
  /** Conflicts that were overridden when the same slot was booked. They do not block it. */
  readonly accepted?: readonly Blocker[] | undefined;
  /** Milliseconds before the start of the slot. */
  readonly reminders: readonly number[];
  /**
   * Set for the first slot: the activity appends the fact `slot_held` under this number, in the transaction of the
   * hold. Nothing else can happen to the audition in the meantime.
   */
  readonly heldAs?: number | undefined;
}

export type ClaimSlotResult =
  | {
      readonly kind: 'held';
      readonly slot: Slot;
      readonly reminders: readonly Reminder[];
      /** The conflicts in spite of which the slot is held. */
      readonly overridden?: readonly Blocker[] | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly reason: SlotRefusalReason;
      /** Why, in one sentence without personal data: "Another audition holds that time." */
      readonly message: string;
      /** What blocks the slot; with the policy `propose`, also which slots are free instead. */
      readonly conflict?: SlotConflict | undefined;
      /**
       * Whether a search has found nothing only because other auditions hold the free times. Set with the policy `wait`, which then
       * searches again.
       */
      readonly isHeld?: true | undefined;
    }
  /** Calendars that could not be read. `busy` has the busy times of the others, and of the input. */
  | {
      readonly kind: 'unreadable';
      readonly failures: readonly { readonly connection: ConnectionId; readonly failure: StepFailure }[];
      readonly busy: readonly BusyInterval[];
    };

/** What is written together with facts, in one transaction. */
export interface HoldChange {
  /**
   * Releases the holds of all claims up to `through`, except those of the claim `keep`. A late attempt of a released
   * claim can no longer acquire its slot.
   */
  readonly releaseHolds?: { readonly through: number; readonly keep?: number | undefined } | undefined;
  /**
   * Whether another audition can take the held slot immediately. Set while a performer's decline can still be changed.
   */
  readonly yieldHolds?: boolean | undefined;
}

export interface RecordEventsInput extends AuditionCall, HoldChange {
  /**
   * A fact that is appended only if the state of the trail allows it. Otherwise the holds are not changed either. An
   * activity that was cancelled, and still runs, can have appended another one.
   */
  readonly ifAllowed?: TrailFact | undefined;
}

/** The trail of an audition, for a run that takes it over. */
export interface AdoptedTrail {
  readonly view: AuditionView;
  /** The number of the last numbered fact of any run. */
  readonly number: number;
  readonly effects: readonly StandingEffect[];
  /** The number of the last claim of any run, and of the claim that holds the present slot, if one does. */
  readonly claims: {
    readonly last: number;
    readonly held?: number | undefined;
    /** Whether the slot is held for another cast: a change of the cast was interrupted. */
    readonly isForOtherCast?: boolean | undefined;
  };
  /** The reminders of the present slot that are still due. */
  readonly reminders: readonly Reminder[];
  /** When the audition moved to its present slot. Undefined when it has not moved. */
  readonly movedAt?: Instant | undefined;
  /** The plan of the run that has appended last, when that is another run and Temporal still has it. */
  readonly plan?: AuditionPlan | undefined;
  /** Set when the audition is closed, and its ending requires that everything is undone. */
  readonly unfinished?: UnfinishedEnding | undefined;
  /**
   * The last reports about calendars to an earlier run. What they were about is reported again. Absent in results of earlier
   * versions of this service, and when the audition is closed.
   */
  readonly reportOrders?: readonly ReportOrder[] | undefined;
  /** When each participant answered last. Absent in results of earlier versions of this service. */
  readonly answeredAt?: AnswerTimes | undefined;
}

export interface InternalActivities {
  /**
   * Reads busy times, chooses a slot (a fixed one, or the best of a window) and claims it for all resources or for
   * none. The exclusion constraint of the database decides. Runs on the queue of the calendars' provider, or on
   * `castmatch` when there are no calendars to read.
   */
  claimSlot(input: ClaimSlotInput): Promise<ClaimSlotResult>;
  /**
   * Appends the facts of `trail` to the audit trail, updates the read model and changes the holds, in one transaction.
   * Idempotent. Returns the sequence of the trail's last event, and whether the fact of `ifAllowed` is in the trail.
   */
  recordEvents(
    input: RecordEventsInput,
  ): Promise<{ readonly sequence: number; readonly isAllowed?: boolean | undefined }>;
  /**
   * Returns the trail and the standing effects of the audition. Returns undefined when it has no trail. From then on, the
   * synchronisation reports the state of the calendars to the run that takes over.
   */
  adoptTrail(
    input: Correlated & {
      readonly reminders: readonly number[];
      readonly participants: readonly Participant[];
    },
  ): Promise<AdoptedTrail | undefined>;
}
