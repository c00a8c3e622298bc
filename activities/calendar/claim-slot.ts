/** Chooses the slot of an audition and claims it for all participants, their calendars and the room. */
import { cancellationSignal } from '@temporalio/activity';
import type { HoldConflict } from '../../db/auditions/slot-holds.ts';
import { blackoutTimes } from '../../domain/audition/blackouts.ts';
import {
  type ConflictRules,
  calendarGap,
  defaultConflictRules,
  durationOf,
  roomOf,
} from '../../domain/audition/conflict-rules.ts';
import { isFree, type TimeRange } from '../../domain/audition/free-slots.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { roomCalendarOf } from '../../domain/audition/rooms.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../domain/audition/slot.ts';
import { type Blocker, mostBlockers } from '../../domain/audition/slot-conflict.ts';
import { proposalTime, proposeSlots } from '../../domain/audition/slot-proposals.ts';
import { rankSlots } from '../../domain/audition/slot-ranking.ts';
import { placeOf, slotResources } from '../../domain/audition/slot-resources.ts';
import { isWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { roomCalendarName } from '../../providers/calendar-names.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { ClaimSlotInput, ClaimSlotResult, InternalActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext, defaultCallTimeouts } from '../effects/attempt.ts';
import { openTrail } from '../trail/trail.ts';
import { placesInBlock, type SlotPlace } from './block-places.ts';
import { busyRoom } from './busy-room.ts';
import type { CalendarReader, Window } from './calendar-reader.ts';
import { blackoutBlockers, calendarBlockers, holdBlockers, withoutAccepted } from './claim-blockers.ts';
import { type FreeSlot, findFree, readingTime, relevant, unavailable, withGap } from './free-places.ts';
import { type ClaimAttempt, createSlotClaimer } from './slot-claimer.ts';

type FixedWish = Extract<SlotSpec, { readonly kind: 'fixed' }>;
type WindowWish = Extract<SlotSpec, { readonly kind: 'window' }>;

/**
 * Creates the activity.
 * @param now returns epoch milliseconds.
 */
export const createClaimSlot = (
  {
    repositories: { events, holds, sessionBlocks, busyCalendars, participantConflicts },
    tellSlotTaken,
  }: Pick<ActivityDependencies, 'repositories' | 'tellSlotTaken'>,
  reader: CalendarReader,
  now: () => number = Date.now,
): Pick<InternalActivities, 'claimSlot'> => {
  const claimer = createSlotClaimer({ events, holds, tellSlotTaken });

  const listHeld = ({ input: { auditionId }, needs }: ClaimAttempt, window: Window) =>
    holds.listBusy(needs, window, auditionId);

  const claimFixed = async (attempt: SlotSearch, wish: FixedWish): Promise<ClaimSlotResult> => {
    const { input, rules } = attempt;
    const { slot } = wish;
    if (slot.start <= attempt.now) {
      await claimer.abandon(attempt);
      return refused('in_the_past');
    }
    const known = withoutAccepted(
      [
        ...calendarBlockers(slot, input.busy, input.participants, attempt),
        ...blackoutBlockers(slot, attempt.blackouts),
      ],
      input.accepted,
    );
    if (known.length > 0 && rules.policy !== 'override') {
      const reason = known.some(isCalendarEvent) ? 'busy' : 'blackout';
      return refuse(attempt, reason, known, reason === 'busy' ? busyMessage(known) : undefined);
    }
    const outcome = await claimer.claim(attempt, slot, known);
    switch (outcome.kind) {
      case 'decided':
        return outcome.result;
      case 'busy':
        return refuse(attempt, 'busy', outcome.blockers, busyMessage(outcome.blockers));
      case 'taken':
        return refuse(attempt, 'taken', await attempt.nameHolds(outcome.by), messageOf(outcome.by));
    }
  };

  /** Claims the slot that an earlier attempt has acquired, if it is still free and in one of the places. */
  const claimAgain = async (
    places: readonly SlotPlace[],
    range: TimeRange,
  ): Promise<ClaimSlotResult | undefined> => {
    const place = places.find(
      ({ attempt, slots }) =>
        range.start > attempt.now &&
        isFree(range, unavailable(attempt, [])) &&
        (slots?.some(({ start, end }) => start === range.start && end === range.end) ?? true),
    );
    if (!place) return undefined;
    const outcome = await claimer.claim(place.attempt, slotOf(place.wish, range));
    return outcome.kind === 'decided' ? outcome.result : undefined;
  };

  /**
   * Claims the best slot of the window, as `POST /v1/availability` ranks them, within the working hours of all
   * participants.
   * @param places where the slots can be: anywhere in the window, or in the sessions of a block
   */
  const claimInWindow = async (
    attempt: SlotSearch,
    wish: WindowWish,
    places: readonly SlotPlace[],
  ): Promise<ClaimSlotResult> => {
    const { input } = attempt;
    const durationMs = durationOf(wish);
    const nowMs = toEpochMs(attempt.now);
    if (toEpochMs(wish.latest) - durationMs <= nowMs) {
      await claimer.abandon(attempt);
      return refused('in_the_past');
    }
    const next = toInstant(Math.ceil((nowMs + 1) / minute) * minute);
    const window = { from: wish.earliest > next ? wish.earliest : next, until: wish.latest };
    const reading = readingTime(places, window);
    if (!reading) return refuse(attempt, 'nothing_free', [], messages.nothing_free_in_block);
    const isInBlock = wish.block !== undefined;
    const rank = (free: readonly FreeSlot[], limit?: number) =>
      rankSlots(free, input.participants, limit, { hasDefaultHours: !isInBlock });
    const { failures, busy, free, freeWithoutHolds } = await findFree({
      attempt,
      places,
      window,
      reading,
      durationMs,
      listHeld,
      choose: (some) => rank(some, 1).filter(({ withinWorkingHours }) => withinWorkingHours),
    });
    if (failures.length > 0) return { kind: 'unreadable', failures, busy: [...input.busy, ...busy] };
    const ranked = rank(free);
    const occupied = new Map<SlotPlace, BusyInterval[]>(places.map((place) => [place, []]));
    const busySince = new Map<SlotPlace, BusyInterval[]>(places.map((place) => [place, []]));
    for (const { start, end, place, withinWorkingHours } of ranked) {
      if (!withinWorkingHours) break;
      if (!isFree({ start, end }, occupied.get(place) ?? [])) continue;
      attempt.signal.throwIfAborted();
      const outcome = await claimer.claim(place.attempt, slotOf(place.wish, { start, end }));
      if (outcome.kind === 'decided') return outcome.result;
      if (outcome.kind === 'taken') occupied.get(place)?.push(...(await listHeld(place.attempt, reading)));
      else {
        for (const [place, times] of [...occupied, ...busySince]) {
          times.push(...withGap(place.attempt, outcome.busy));
        }
      }
    }
    const message = isInBlock ? messages.nothing_free_in_block : undefined;
    const refusal = await refuse(attempt, 'nothing_free', [], message);
    if (attempt.rules.policy !== 'wait') return refusal;
    const isHeld = rank(freeWithoutHolds()).some(
      ({ start, end, place, withinWorkingHours }) =>
        withinWorkingHours && isFree({ start, end }, busySince.get(place) ?? []),
    );
    return isHeld ? { ...refusal, isHeld } : refusal;
  };

  /** Returns the refusal. With the policy `propose`, it lists free slots, if the calendars can be read for that. */
  const refuse = async (
    attempt: SlotSearch,
    reason: Refusal['reason'],
    blockers: readonly Blocker[],
    message?: string,
  ): Promise<Refusal> => {
    const alternatives = attempt.rules.policy === 'propose' ? await propose(attempt) : undefined;
    if (blockers.length === 0 && !alternatives) return refused(reason, message);
    const conflict = { blockers: blockers.slice(0, mostBlockers), ...(alternatives ? { alternatives } : {}) };
    return { ...refused(reason, message), conflict };
  };

  /** A wish for a session block is answered with slots of its sessions. */
  const propose = async (attempt: SlotSearch) => {
    const { input } = attempt;
    const window = proposalTime(input.wish, attempt.now);
    const places = await attempt.placesOf(windowWish(input.wish, window));
    const reading = readingTime(places, window);
    if (!reading) return [];
    const choose = (free: readonly FreeSlot[]) => {
      // The same time can be free in two rooms.
      const times = [...new Map(free.map(({ start, end }) => [start, { start, end }])).values()];
      return proposeSlots(input.wish, input.participants, times);
    };
    const durationMs = durationOf(input.wish);
    const found = await findFree({ attempt, places, window, reading, durationMs, listHeld, choose });
    return found.failures.length > 0 ? [] : [...choose(found.free)];
  };

  /**
   * The synchronisation compares later events in the calendars with the slot, by the same rules. A first claim without
   * calendars has none before it.
   */
  const registerComparison = async (
    input: ClaimSlotInput,
    { roomCalendar }: Slot,
    call: CallContext,
  ): Promise<void> => {
    const { organization, auditionId, participants, heldAs } = input;
    const compared = participants.filter(
      ({ calendar, busyCalendars: busy = [] }) => calendar || busy.length > 0,
    );
    const hasRoom = roomCalendar !== undefined;
    if (compared.length === 0 && !hasRoom && heldAs !== undefined) return;
    const named = compared.flatMap(({ id, calendar, busyCalendars: busy = [] }) => {
      const onlyRead = calendar && !isWritableCalendar(calendar) ? [{ ...calendar, isOwn: true }] : [];
      return [...onlyRead, ...busy].map((one) => ({ participant: id, ...one }));
    });
    const calendars = await Promise.all(
      named.map(async (calendar) => {
        const [calendarName] = await reader.names(organization, [calendar], call);
        return calendarName === undefined ? [] : [{ ...calendar, calendarName }];
      }),
    );
    // Also without a booking, which an operator can skip, the room can turn out to be taken.
    const room = roomCalendar ? [busyRoom(roomCalendar)] : [];
    // The caller of the API waits for both, and neither depends on the other.
    await Promise.all([
      participantConflicts.setRules(
        auditionId,
        [...compared.map(({ id }) => id), ...(hasRoom ? ([roomUser] as const) : [])],
        rulesOf(input),
      ),
      busyCalendars.replace(input, [...calendars.flat(), ...room]),
    ]);
  };

  const claimSlot = async (
    input: ClaimSlotInput,
    call: CallContext,
    choiceSignal: AbortSignal,
  ): Promise<ClaimSlotResult> => {
    const { organization, auditionId, wish } = input;
    const rules = rulesOf(input);
    const trail = await openTrail(events, input);
    const calendarNames = await namesOf(reader, input, call);
    const placedIn = (of: SlotSpec): Pick<ClaimAttempt, 'room' | 'calendarGap' | 'needs'> => {
      const [room, roomName] = [roomOf(of), roomNameOf(of)];
      const names = roomName === undefined ? calendarNames : [...calendarNames, roomName];
      return {
        room,
        calendarGap: calendarGap(rules, room),
        needs: {
          organization,
          resources: slotResources(input.participants, room, names),
          gaps: { buffer: rules.buffer, travel: rules.travel, place: placeOf(organization, room) },
        },
      };
    };
    const placesOf = async (of: WindowWish): Promise<readonly SlotPlace[]> =>
      of.block === undefined
        ? [{ attempt, wish: of }]
        : placesInBlock(await sessionBlocks.get(organization, of.block), of, (ofRoom) =>
            inRoomOf(ofRoom, { ...attempt, ...placedIn(ofRoom) }),
          );
    const reading = { organization, auditionId, tentative: rules.tentative };
    const attempt: SlotSearch = {
      input,
      trail,
      rules,
      ...placedIn(wish),
      blackouts: blackoutTimes(rules, input.participants),
      signal: call.signal,
      now: toInstant(now()),
      choiceSignal,
      readCalendars: (window, precision) =>
        reader.read({ ...reading, call }, input.calendars, window, precision),
      readAgain: (window, first) =>
        reader.readAgain(
          { ...reading, call: { ...call, signal: choiceSignal } },
          input.calendars,
          window,
          first,
        ),
      nameHolds: (conflicts) => nameHolds(reader, input, conflicts, call),
      placesOf,
    };
    if (wish.kind === 'fixed') {
      const { result } = await claimer.findEarlier(attempt);
      return result ?? claimFixed(attempt, wish);
    }
    const places = await placesOf(wish);
    const earlier = await claimer.findEarlier(
      attempt,
      places.map((place) => place.attempt.needs),
    );
    if (earlier.result) return earlier.result;
    if (earlier.slot) {
      const again = await claimAgain(places, earlier.slot);
      if (again) return again;
      await claimer.abandon(attempt);
    }
    return claimInWindow(attempt, wish, places);
  };

  return {
    claimSlot: async (input) => {
      const call = createAttemptContext(input).startCall();
      const result = await untilDeadline(input, call, () =>
        claimSlot(input, call, AbortSignal.any([call.signal, AbortSignal.timeout(choiceMs)])),
      );
      if (result.kind === 'held') await registerComparison(input, result.slot, call);
      return result;
    },
  };
};

/**
 * The part of the attempt's deadline for the choice of a slot, in milliseconds. The claim, which reads the calendars again,
 * has the rest.
 */
const choiceMs = defaultCallTimeouts.deadlineMs / 2;

/**
 * Returns all calendars as unreadable when the deadline of the attempt ends the claim. The next attempt would be as slow, and
 * attempts are not limited: calendars that are read alone have a deadline each, and an operator.
 */
const untilDeadline = async (
  { calendars, busy }: ClaimSlotInput,
  { signal }: CallContext,
  claim: () => Promise<ClaimSlotResult>,
): Promise<ClaimSlotResult> => {
  try {
    return await claim();
  } catch (error) {
    const isLate = signal.aborted && error === signal.reason && !cancellationSignal().aborted;
    if (!isLate || calendars.length === 0) throw error;
    const byConnection = new Map(calendars.map(({ connection, provider }) => [connection, provider]));
    const failures = [...byConnection].map(([connection, provider]) => ({
      connection,
      failure: { code: 'outage', provider },
    }));
    return { kind: 'unreadable', failures, busy };
  }
};

/** An attempt that can look for other slots. */
interface SlotSearch extends ClaimAttempt {
  /** Returns where slots for the wish can be: anywhere in its window, or in the sessions of its block. */
  readonly placesOf: (wish: WindowWish) => Promise<readonly SlotPlace[]>;
}

/** Returns the attempt. The calendar of a room that the wish names blocks only the sessions in that room. */
const inRoomOf = ({ roomCalendar }: WindowWish, attempt: ClaimAttempt): ClaimAttempt => {
  if (roomCalendar || !roomCalendarOf(attempt.input.wish)) return attempt;
  const isInOtherRoom = true;
  return {
    ...attempt,
    isInOtherRoom,
    readCalendars: async (window, precision) => {
      const { busy, failures } = await attempt.readCalendars(window, precision);
      return { busy: relevant({ isInOtherRoom }, busy), failures };
    },
  };
};

/** Returns the wish for any slot in the window that is like the wished one. */
const windowWish = (wish: SlotSpec, { from, until }: Window): WindowWish => {
  if (wish.kind === 'window') return { ...wish, earliest: from, latest: until };
  const { start: _start, end: _end, ...place } = wish.slot;
  const durationMinutes = durationOf(wish) / minute;
  return { kind: 'window', earliest: from, latest: until, durationMinutes, ...place };
};

/** A search chooses free slots only, so that it has nothing to override. */
const rulesOf = ({ wish, rules = defaultConflictRules }: ClaimSlotInput): ConflictRules =>
  rules.policy === 'override' && wish.kind === 'window' ? { ...rules, policy: 'refuse' } : rules;

/** Returns the names of the participants' calendars, for `slotResources`. */
const namesOf = async (
  reader: CalendarReader,
  { organization, participants, calendars }: ClaimSlotInput,
  call: CallContext,
): Promise<readonly string[]> => {
  const named = participants.flatMap(({ calendar }) => (calendar ? [calendar] : []));
  const read = calendars.filter(({ isBusyOnly }) => !isBusyOnly);
  return reader.names(organization, [...named, ...read], call);
};

/** Returns the name of the room's calendar for `slotResources`. */
const roomNameOf = (wish: SlotSpec): string | undefined => {
  const room = roomCalendarOf(wish);
  return room && roomCalendarName(room);
};

/** Only a conflict needs to know whose calendar it concerns. */
const nameHolds = async (
  reader: CalendarReader,
  { organization, participants, wish }: ClaimSlotInput,
  conflicts: readonly HoldConflict[],
  call: CallContext,
): Promise<readonly Blocker[]> => {
  const names = await Promise.all(
    participants.map(
      async ({ id, calendar }) =>
        [id, calendar ? await reader.names(organization, [calendar], call) : []] as const,
    ),
  );
  return holdBlockers(conflicts, participants, new Map(names), roomNameOf(wish));
};

const isCalendarEvent = ({ kind }: Blocker): boolean => kind === 'calendar_event';

const slotOf = ({ zone, room, roomCalendar, block }: WindowWish, { start, end }: TimeRange): Slot => ({
  start,
  end,
  zone,
  ...(room === undefined ? {} : { room }),
  ...(roomCalendar ? { roomCalendar } : {}),
  ...(block === undefined ? {} : { block }),
});

type Refusal = Extract<ClaimSlotResult, { readonly kind: 'refused' }>;

const messages: Readonly<Record<Refusal['reason'] | 'nothing_free_in_block', string>> = {
  taken: 'Another audition holds that time.',
  busy: 'The calendar of a participant is busy at that time.',
  blackout: 'That time is in a blackout of the organization or of a participant.',
  nothing_free: 'No time in the window is free and within the working hours of all participants.',
  nothing_free_in_block: 'No slot of the session block is free for all participants in the window.',
  in_the_past: 'That time has passed.',
};

/** Names the room when nothing but its calendar is busy. */
const busyMessage = (blockers: readonly Blocker[]): string =>
  blockers.filter(isCalendarEvent).every((blocker) => blocker.kind === 'calendar_event' && blocker.room)
    ? 'The room is busy at that time.'
    : messages.busy;

const messageOf = (by: readonly HoldConflict[]): string =>
  by.length > 0 && by.every(({ overlaps }) => !overlaps)
    ? 'Another audition is too close to that time.'
    : messages.taken;

const refused = (reason: Refusal['reason'], message = messages[reason]): Refusal => ({
  kind: 'refused',
  reason,
  message,
});
