/**
 * Handles changes that people make in connected calendars. A deleted event is a question to the casting office, and so is
 * another event in the time of the slot. A moved event is a question too, unless the policy says that the audition follows.
 * Texts that a person edits are theirs, and are not reported.
 */
import type { AttentionAction } from '../../../domain/audition/attention.ts';
import type { CalendarChange, CalendarChangeOf } from '../../../domain/audition/calendar-change.ts';
import type { AuditionFact, Origin } from '../../../domain/audition/events.ts';
import { isFree } from '../../../domain/audition/free-slots.ts';
import { roomUser } from '../../../domain/audition/room-booking.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { limitExplanations } from '../../../domain/audition/slot-limits.ts';
import { isFactAllowed } from '../../../domain/audition/transitions.ts';
import type { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { Instant } from '../../../domain/time/instant.ts';
import { askInBackground } from '../background-question.ts';
import type { ConnectionDisconnected } from '../messages.ts';
import type { CalendarQuestion } from '../open-question.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';
import { restoreEvent } from './event-restoration.ts';
import { laterStart, nextFreeSlot, requestMove } from './own-move.ts';

/**
 * Records the change and asks what to do about it. A later report about the same event withdraws the question. A report
 * about another revision of the slot, or about a slot that has begun, changes nothing, and neither does one that was begun
 * before one that has arrived.
 */
export const calendarChanged = (run: AuditionRun, reported: CalendarChange): void => {
  if (!run.reportOrders.isLatest(reported)) return;
  run.calendarReports.set(subjectOf(reported), reported.inboxId);
  const report = withoutOverridden(run, reported);
  if (run.ending || !report || isAboutFormer(run, report)) return;
  const fact = factOf(run, report);
  if (!isAboutUpcomingSlot(run, report)) {
    // The audition has moved meanwhile, and writes its event over the change.
    if (fact?.type === 'calendar_changed' && isSuperseded(run, report))
      run.journal.record({ ...fact, outcome: 'superseded' });
    return;
  }
  if (!fact) return;
  run.journal.record(fact);
  switch (report.change.kind) {
    case 'moved':
      return run.plan.policy.calendarMoves === 'reschedule' && canFollow(report.change)
        ? followUnasked(run, report, report.change)
        : askAboutMove(run, report, report.change);
    case 'deleted':
      return askAboutDeletion(run, report);
    case 'conflict':
      return askAboutConflict(run, report, report.change);
    case 'lost':
      void run.runInBackground(() => restoreEvent(run, report));
      return;
    case 'room_answered':
      return roomAnswered(run, report, report.change);
    case 'put_back':
    case 'conflict_over':
      return;
  }
};

type Moved = Extract<CalendarChangeOf, { kind: 'moved' }>;
type Conflict = Extract<CalendarChangeOf, { kind: 'conflict' }>;
type RoomAnswered = Extract<CalendarChangeOf, { kind: 'room_answered' }>;

/** Names the meeting among the users of an event. No participant has this name, because their ids have no colon. */
const meetingUser = 'meeting:';

const subjectOf = ({ participant, isForMeeting, change: { kind } }: CalendarChange): string => {
  if (kind === 'room_answered') return 'room';
  const user = participant ?? (isForMeeting ? meetingUser : roomUser);
  return `${kind === 'conflict' || kind === 'conflict_over' ? 'conflict' : 'event'}:${user}`;
};

const isAboutUpcomingSlot = (run: AuditionRun, { revision }: CalendarChange): boolean =>
  revision === run.journal.view.revision && isSlotUpcoming(run);

const isSuperseded = (
  { journal }: AuditionRun,
  { revision, isRecordedIfSuperseded, change: { kind } }: CalendarChange,
): boolean =>
  isRecordedIfSuperseded === true &&
  revision < journal.view.revision &&
  (kind === 'moved' || kind === 'deleted');

const isSlotUpcoming = ({ journal }: AuditionRun): boolean => {
  const { slot, state } = journal.view;
  const isOpen = state === 'scheduling' || isFactAllowed(state, 'no_show');
  return isOpen && slot !== undefined && Date.now() < toEpochMs(slot.start);
};

/**
 * Returns the report about the first conflict that was not overridden when the slot was booked; undefined when all were. An
 * overridden conflict is no question any more, and hides no other one. The event can be in a calendar of another connection than
 * the one that reports it: the fact names that calendar.
 */
const withoutOverridden = ({ journal }: AuditionRun, report: CalendarChange): CalendarChange | undefined => {
  const { connection, change } = report;
  if (change.kind !== 'conflict') return report;
  const { others = [], ...first } = change;
  const open = [first, ...others].find(
    ({ start, end, connection: ofEvent = connection }) =>
      !(journal.view.overridden ?? []).some(
        (blocker) =>
          blocker.kind === 'calendar_event' &&
          blocker.connection === ofEvent &&
          blocker.start === start &&
          blocker.end === end,
      ),
  );
  if (!open) return undefined;
  const { start, end, connection: ofEvent, provider } = open;
  const where = ofEvent !== undefined && provider !== undefined ? { connection: ofEvent, provider } : {};
  return { ...report, ...where, change: { kind: 'conflict', start, end } };
};

/**
 * Returns whether the participant has left the cast, or has no such calendar any more: then nothing is left to report that the
 * question is out of date. A conflict can be in another calendar of the participant than the report. Reports of earlier versions
 * have no place in the order, and their questions stay.
 */
const isAboutFormer = (
  { plan, journal, unknownParticipants }: AuditionRun,
  { order, participant, connection, change: { kind } }: CalendarChange,
): boolean => {
  if (!order || participant === undefined) return false;
  if (!journal.view.participants.some(({ id }) => id === participant)) return true;
  const planned = plan.participants.find(({ id }) => id === participant);
  if (!planned || unknownParticipants.includes(participant)) return false;
  const { calendar, busyCalendars = [] } = planned;
  return kind === 'conflict' || kind === 'conflict_over'
    ? calendar === undefined && busyCalendars.length === 0
    : calendar?.connection !== connection;
};

/** A question about the event of a meeting is moot when the audition has another meeting by then, or none. */
const isMootNow = (run: AuditionRun, report: CalendarChange): (() => boolean) => {
  const { meeting } = run.journal.view;
  return () =>
    !isAboutUpcomingSlot(run, report) ||
    !isLastReport(run, report) ||
    isAboutFormer(run, report) ||
    (report.isForMeeting === true && run.journal.view.meeting?.id !== meeting?.id);
};

const isLastReport = (run: AuditionRun, report: CalendarChange): boolean =>
  run.calendarReports.get(subjectOf(report)) === report.inboxId;

/** Returns undefined for the answer of a room that the present slot does not have. */
const factOf = (run: AuditionRun, report: CalendarChange): AuditionFact | undefined => {
  const { participant, provider, connection, change } = report;
  if (change.kind === 'room_answered') {
    const room = run.journal.view.slot?.roomCalendar;
    return room?.connection === connection
      ? { type: 'room_answered', provider: room.provider, connection, answer: change.answer }
      : undefined;
  }
  return {
    type: 'calendar_changed',
    ...(participant === undefined ? {} : { participant }),
    provider,
    connection,
    change: change.kind,
    ...('start' in change ? { start: change.start, end: change.end } : {}),
  };
};

/** Names the event that was changed. An event of no participant books the room, or hosts the meeting. */
const eventOf = ({ participant, isForMeeting, hostsMeeting }: CalendarChange): string => {
  if (participant !== undefined)
    return `The event in the calendar of ${participant}${hostsMeeting ? ', which hosts the meeting,' : ''}`;
  if (isForMeeting) return 'The event that hosts the meeting';
  return hostsMeeting
    ? 'The event that books the room and hosts the meeting'
    : 'The event that books the room';
};

const ask = (
  run: AuditionRun,
  report: CalendarChange,
  question: {
    readonly step: 'calendar_change' | 'calendar_conflict';
    readonly what: string;
    readonly hint: string;
    readonly actions: readonly AttentionAction[];
    readonly code?: string | undefined;
  },
  onResolved: (action: AttentionAction) => void | Promise<void>,
): void => {
  const { provider, connection } = report;
  const isMoot = isMootNow(run, report);
  // A room that has declined needs no account to be answered.
  if (question.step !== 'calendar_change')
    return askInBackground(run, { ...question, provider, isMoot }, onResolved);
  const open: CalendarQuestion = { report, isDisconnected: false };
  const settle = () => run.calendarQuestions.delete(open);
  run.calendarQuestions.add(open);
  askInBackground(
    run,
    { ...question, provider, connection, isMoot: () => open.isDisconnected || isMoot() },
    (action) => {
      settle();
      return onResolved(action);
    },
    settle,
  );
};

/**
 * Withdraws the questions about changes in the calendars of an account that was disconnected: the event cannot be restored, and
 * nothing reports that it was put back. Each gets a fact that says so. When the account is connected again, what still differs is
 * asked anew.
 */
export const connectionDisconnected = (
  run: AuditionRun,
  { connection, correlationId }: ConnectionDisconnected,
): void => {
  for (const open of run.calendarQuestions) {
    if (open.report.connection !== connection || open.isDisconnected) continue;
    open.isDisconnected = true;
    const fact = factOf(run, open.report);
    if (fact?.type !== 'calendar_changed' || run.ending) continue;
    run.journal.record({ ...fact, outcome: 'disconnected' }, { correlationId });
  }
};

const askAboutMove = (run: AuditionRun, report: CalendarChange, moved: Moved, refusal?: Refusal): void => {
  const isFollowed = canFollow(moved);
  const times = moved.isAllDay ? 'it lasts all day now' : `it is from ${moved.start} to ${moved.end} now`;
  const what = `${eventOf(report)} was moved: ${times}.`;
  const reason = refusal?.message ?? (moved.exceeds && limitExplanations[moved.exceeds]);
  ask(
    run,
    report,
    {
      step: 'calendar_change',
      what: reason === undefined ? what : `${what} The audition could not follow: ${reason}`,
      hint: `${isFollowed ? 'Follow to reschedule the audition to that time, restore' : 'Restore'} to move the event back, or ignore to leave both as they are.`,
      actions: isFollowed ? ['follow', 'restore', 'ignore'] : ['restore', 'ignore'],
      code: refusal?.code ?? moved.exceeds,
    },
    async (action) => {
      if (action === 'restore') return restoreEvent(run, report);
      if (action !== 'follow') return;
      await follow(run, report, moved);
    },
  );
};

/** The audition cannot take place on a day without a time, in no time, or beyond the limits of a slot. */
const canFollow = ({ isAllDay, start, end, exceeds }: Moved): boolean =>
  !isAllDay && toEpochMs(start) < toEpochMs(end) && exceeds === undefined;

const followUnasked = (run: AuditionRun, report: CalendarChange, moved: Moved): void => {
  void run.runInBackground(async (detach) => {
    detach();
    await follow(run, report, moved);
  });
};

/** Reschedules the audition to where the event was moved. Asks, with the reason, when it cannot be. */
const follow = async (run: AuditionRun, report: CalendarChange, moved: Moved): Promise<void> => {
  const refused = await rescheduleTo(run, moved, 'calendar');
  if (refused && !isMootNow(run, report)()) askAboutMove(run, report, moved, refused);
};

const askAboutDeletion = (run: AuditionRun, report: CalendarChange): void => {
  const { meeting } = run.journal.view;
  ask(
    run,
    report,
    {
      step: 'calendar_change',
      what: `${eventOf(report)} was deleted.`,
      hint: 'Restore to write it again, or ignore to continue without it. To give up the audition, cancel it.',
      actions: ['restore', 'ignore'],
    },
    (action) => (action === 'restore' ? restoreEvent(run, report, meeting) : undefined),
  );
};

/**
 * Asks about another event that conflicts with the slot, in the calendar of a participant or of the room, and offers to move. After a move that was reverted, the question is
 * asked again. A question about our own event is not: the reversal writes the event again.
 */
const askAboutConflict = (
  run: AuditionRun,
  report: CalendarChange,
  conflict: Conflict,
  refusal?: Refusal,
): void => {
  const { start, end } = conflict;
  const { participant } = report;
  const isMoot = () =>
    !isSlotUpcoming(run) ||
    !isLastReport(run, report) ||
    isAboutFormer(run, report) ||
    (participant === undefined && hasLostRoom(run));
  if (isMoot()) return;
  const { slot } = run.journal.view;
  const where = slot && isFree(slot, [conflict]) ? 'too close to the slot' : 'in the time of the slot';
  // Without the name of the room, which can be an address: the text is not sealed in the trail.
  const whose = participant === undefined ? 'The room of the slot' : `The calendar of ${participant}`;
  const what = `${whose} has another event from ${start} to ${end}, ${where}.`;
  askAboutSlot(
    run,
    {
      provider: report.provider,
      isMoot,
      step: 'calendar_conflict',
      what: withRefusal(what, refusal),
      hint: `${offerToMove} The question is withdrawn when the other event is gone.`,
      actions: ['follow', 'ignore'],
      code: refusal?.code,
    },
    (action) => {
      if (action !== 'follow') return;
      moveToNextFreeSlot(run, laterStart, (refused) => {
        if (!isMoot()) askAboutConflict(run, report, conflict, refused);
      });
    },
  );
};

const offerToMove =
  'Follow to move the audition to the next free slot, reschedule it to another time, or ignore to keep its slot.';

const withRefusal = (what: string, refusal: Refusal | undefined): string =>
  refusal ? `${what} The audition could not be moved: ${refusal.message}` : what;

const moveToNextFreeSlot = (
  run: AuditionRun,
  earliest: (slot: Slot) => Instant,
  onRefused: (refusal: Refusal) => void,
): void => {
  const { slot } = run.journal.view;
  if (!slot) return;
  void run.runInBackground(async (detach) => {
    detach();
    const refused = await requestMove(run, nextFreeSlot(slot, earliest(slot)), 'system');
    if (refused) onRefused(refused);
  });
};

/**
 * A room that declines leaves the audition without a place. A room that must be approved is waited for. When the slot was
 * booked in spite of the room's calendar, the answer is no question.
 */
const roomAnswered = (run: AuditionRun, report: CalendarChange, { answer }: RoomAnswered): void => {
  if (answer === 'declined' && !isRoomOverridden(run)) askAboutRoom(run, report);
};

const isRoomOverridden = ({ journal }: AuditionRun): boolean =>
  (journal.view.overridden ?? []).some((blocker) => blocker.kind === 'calendar_event' && blocker.room);

/** Whether the room has declined, which is a question of its own: another event in its calendar needs no second one. */
const hasLostRoom = (run: AuditionRun): boolean =>
  run.journal.view.roomBooking?.answer === 'declined' && !isRoomOverridden(run);

/** Asks again, after a take-over, about a room that has declined the present slot. */
export const askAboutDeclinedRoom = (run: AuditionRun): void => {
  const { slot, roomBooking, revision } = run.journal.view;
  if (roomBooking?.answer !== 'declined' || slot?.roomCalendar?.connection !== roomBooking.connection) return;
  const { provider, connection } = roomBooking;
  const change = { kind: 'room_answered', answer: 'declined' } as const;
  const report = { inboxId: `taken-over:room:${revision}`, provider, connection, revision, change };
  if (!isAboutUpcomingSlot(run, report)) return;
  run.calendarReports.set(subjectOf(report), report.inboxId);
  roomAnswered(run, report, change);
};

const askAboutRoom = (run: AuditionRun, report: CalendarChange, refusal?: Refusal): void =>
  ask(
    run,
    report,
    {
      step: 'calendar_conflict',
      what: withRefusal('The room of the slot has declined its booking.', refusal),
      hint: `${offerToMove} Another room needs a reschedule. The question is withdrawn when the room accepts.`,
      actions: ['follow', 'ignore'],
      code: refusal?.code ?? 'room_declined',
    },
    (action) => {
      if (action !== 'follow') return;
      // The calendar of a room that a person has refused shows the time as free.
      moveToNextFreeSlot(
        run,
        ({ end }) => end,
        (refused) => {
          if (!isMootNow(run, report)()) askAboutRoom(run, report, refused);
        },
      );
    },
  );

/** Reschedules the audition to that time. Returns why it cannot be. */
export const rescheduleTo = async (
  run: AuditionRun,
  { start, end }: { readonly start: Instant; readonly end: Instant },
  origin: Origin,
): Promise<Refusal | undefined> => {
  const { slot } = run.journal.view;
  return slot && requestMove(run, { kind: 'fixed', slot: { start, end, zone: slot.zone } }, origin);
};
