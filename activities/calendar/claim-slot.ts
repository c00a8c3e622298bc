/** Chooses the slot of an audition and claims it for all participants, their calendars and the room. */
import { freeSlots, isFree, type TimeRange } from '../../domain/audition/free-slots.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../domain/audition/slot.ts';
import { rankSlots } from '../../domain/audition/slot-ranking.ts';
import { slotResources } from '../../domain/audition/slot-resources.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import type { ClaimSlotResult, InternalActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { openTrail } from '../trail/trail.ts';
import type { CalendarReader, Window } from './calendar-reader.ts';
import { type ClaimAttempt, createSlotClaimer, precisionOf } from './slot-claimer.ts';

type FixedWish = Extract<SlotSpec, { readonly kind: 'fixed' }>;
type WindowWish = Extract<SlotSpec, { readonly kind: 'window' }>;

/**
 * Creates the activity.
 * @param now returns epoch milliseconds.
 */
export const createClaimSlot = (
  {
    repositories: { events, holds },
    tellSlotTaken,
  }: Pick<ActivityDependencies, 'repositories' | 'tellSlotTaken'>,
  reader: CalendarReader,
  now: () => number = Date.now,
): Pick<InternalActivities, 'claimSlot'> => {
  const claimer = createSlotClaimer({ events, holds, tellSlotTaken });

  const claimFixed = async (attempt: ClaimAttempt, { slot }: FixedWish): Promise<ClaimSlotResult> => {
    if (slot.start <= attempt.now) {
      await claimer.abandon(attempt);
      return refused('in_the_past');
    }
    if (!isFree(slot, attempt.input.busy)) return refused('busy');
    const outcome = await claimer.claim(attempt, slot);
    return outcome.kind === 'decided' ? outcome.result : refused(outcome.kind);
  };

  /** Claims the slot that an earlier attempt has acquired, if it is still free. */
  const claimAgain = async (
    attempt: ClaimAttempt,
    wish: WindowWish,
    range: TimeRange,
  ): Promise<ClaimSlotResult | undefined> => {
    if (range.start > attempt.now && isFree(range, attempt.input.busy)) {
      const outcome = await claimer.claim(attempt, slotOf(wish, range));
      if (outcome.kind === 'decided') return outcome.result;
    }
    await claimer.abandon(attempt);
    return undefined;
  };

  const listHeld = ({ input: { organization, auditionId }, resources }: ClaimAttempt, window: Window) =>
    holds.listBusy(organization, resources, window, auditionId);

  /**
   * Claims the best slot of the window, as `POST /v1/availability` ranks them, within the working hours of all
   * participants.
   */
  const claimInWindow = async (attempt: ClaimAttempt, wish: WindowWish): Promise<ClaimSlotResult> => {
    const { input } = attempt;
    const durationMs = wish.durationMinutes * minute;
    const nowMs = toEpochMs(attempt.now);
    if (toEpochMs(wish.latest) - durationMs <= nowMs) {
      await claimer.abandon(attempt);
      return refused('in_the_past');
    }
    const next = toInstant(Math.ceil((nowMs + 1) / minute) * minute);
    const window = { from: wish.earliest > next ? wish.earliest : next, until: wish.latest };
    const [calendars, held] = await Promise.all([
      attempt.readCalendars(window, precisionOf(input)),
      listHeld(attempt, window),
    ]);
    const busy: BusyInterval[] = [...input.busy, ...calendars.busy];
    if (calendars.failures.length > 0) return { kind: 'unreadable', failures: calendars.failures, busy };
    const ranked = rankSlots(freeSlots([...busy, ...held], window, durationMs), input.participants);
    const occupied: BusyInterval[] = [];
    for (const { start, end, withinWorkingHours } of ranked) {
      if (!withinWorkingHours) break;
      if (!isFree({ start, end }, occupied)) continue;
      attempt.signal.throwIfAborted();
      const outcome = await claimer.claim(attempt, slotOf(wish, { start, end }));
      if (outcome.kind === 'decided') return outcome.result;
      occupied.push(...(outcome.kind === 'busy' ? outcome.busy : await listHeld(attempt, window)));
    }
    return refused('nothing_free');
  };

  return {
    claimSlot: async (input) => {
      const { organization, auditionId, participants, calendars, wish } = input;
      const trail = await openTrail(events, input);
      const named = participants.flatMap(({ calendar }) => (calendar ? [calendar] : []));
      const room = wish.kind === 'fixed' ? wish.slot.room : wish.room;
      const call = createAttemptContext(input).startCall();
      const names = await reader.names(organization, [...named, ...calendars], call);
      const attempt: ClaimAttempt = {
        input,
        trail,
        resources: slotResources(participants, room, names),
        signal: call.signal,
        now: toInstant(now()),
        readCalendars: (window, precision) =>
          reader.read({ organization, auditionId, call }, calendars, window, precision),
      };
      const earlier = await claimer.findEarlier(attempt);
      if (earlier.result) return earlier.result;
      if (wish.kind === 'fixed') return claimFixed(attempt, wish);
      return (
        (earlier.slot && (await claimAgain(attempt, wish, earlier.slot))) ?? claimInWindow(attempt, wish)
      );
    },
  };
};

const slotOf = ({ zone, room }: WindowWish, { start, end }: TimeRange): Slot => ({
  start,
  end,
  zone,
  ...(room === undefined ? {} : { room }),
});

type Refusal = Extract<ClaimSlotResult, { readonly kind: 'refused' }>;

const messages: Readonly<Record<Refusal['reason'], string>> = {
  taken: 'Another audition holds that time.',
  busy: 'The calendar of a participant is busy at that time.',
  nothing_free: 'No time in the window is free and within the working hours of all participants.',
  in_the_past: 'That time has passed.',
};

const refused = (reason: Refusal['reason']): Refusal => ({
  kind: 'refused',
  reason,
  message: messages[reason],
});
