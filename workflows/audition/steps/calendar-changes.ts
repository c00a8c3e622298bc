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
import { isFactAllowed } from '../../../domain/audition/transitions.ts';
import { isWritableCalendar } from '../../../domain/audition/writable-calendar.ts';
import type { Refusal } from '../../../domain/errors.ts';
import { isHostedMeeting } from '../../../domain/providers/vendors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { Instant } from '../../../domain/time/instant.ts';
import { askInBackground } from '../background-question.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { moveMeeting } from './meeting.ts';
import { meetingDeleted } from './meeting-loss.ts';
import { nextFreeSlot, requestMove } from './own-move.ts';
import { bookRoom } from './room.ts';

/**
 * Records the change and asks what to do about it. A later report about the same event withdraws the question. A report
 * about another revision of the slot, or about a slot that has begun, changes nothing.
 */
export const calendarChanged = (run: AuditionRun, reported: CalendarChange): void => {
  run.calendarReports.set(subjectOf(reported), reported.inboxId);
  const report = withoutOverridden(run, reported);
  if (run.ending || !report) return;
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
      void run.runInBackground(() => restore(run, report));
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
 * overridden conflict is no question any more, and hides no other one. The report can be about a calendar of another
 * connection than the one of the event.
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
  return open && { ...report, change: { kind: 'conflict', start: open.start, end: open.end } };
};

/** A question about the event of a meeting is moot when the audition has another meeting by then, or none. */
const isMootNow = (run: AuditionRun, report: CalendarChange): (() => boolean) => {
  const { meeting } = run.journal.view;
  return () =>
    !isAboutUpcomingSlot(run, report) ||
    !isLastReport(run, report) ||
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
const eventOf = ({ participant, isForMeeting }: CalendarChange): string => {
  if (participant !== undefined) return `The event in the calendar of ${participant}`;
  return isForMeeting ? 'The event that hosts the meeting' : 'The event that books the room';
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
): void =>
  askInBackground(
    run,
    { ...question, provider: report.provider, isMoot: isMootNow(run, report) },
    onResolved,
  );

const askAboutMove = (run: AuditionRun, report: CalendarChange, moved: Moved, refusal?: Refusal): void => {
  const isFollowed = canFollow(moved);
  const times = moved.isAllDay ? 'it lasts all day now' : `it is from ${moved.start} to ${moved.end} now`;
  const what = `${eventOf(report)} was moved: ${times}.`;
  ask(
    run,
    report,
    {
      step: 'calendar_change',
      what: refusal ? `${what} The audition could not follow: ${refusal.message}` : what,
      hint: `${isFollowed ? 'Follow to reschedule the audition to that time, restore' : 'Restore'} to move the event back, or ignore to leave both as they are.`,
      actions: isFollowed ? ['follow', 'restore', 'ignore'] : ['restore', 'ignore'],
      code: refusal?.code,
    },
    async (action) => {
      if (action === 'restore') return restore(run, report);
      if (action !== 'follow') return;
      await follow(run, report, moved);
    },
  );
};

/** The audition cannot take place on a day without a time, or in no time. */
const canFollow = ({ isAllDay, start, end }: Moved): boolean =>
  !isAllDay && toEpochMs(start) < toEpochMs(end);

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

const askAboutDeletion = (run: AuditionRun, report: CalendarChange): void =>
  ask(
    run,
    report,
    {
      step: 'calendar_change',
      what: `${eventOf(report)} was deleted.`,
      hint: 'Restore to write it again, or ignore to continue without it. To give up the audition, cancel it.',
      actions: ['restore', 'ignore'],
    },
    (action) => (action === 'restore' ? restore(run, report) : undefined),
  );

/**
 * Writes the event of the meeting again. The conference of a deleted event is lost: the meeting is replaced, and everyone gets
 * the new link.
 */
const restoreMeeting = async (run: AuditionRun, { change }: CalendarChange): Promise<void> => {
  const { meeting, slot, revision } = run.journal.view;
  if (!slot || !meeting || meeting.provider === 'manual' || isHostedMeeting(meeting.provider)) return;
  if (change.kind === 'deleted') return meetingDeleted(run, { origin: 'system', meetingId: meeting.id });
  const isMoot = () => run.journal.view.revision !== revision;
  await moveMeeting(run, { slot, revision }, isMoot, `:restored-${run.journal.number}`);
};

/**
 * Asks about another event that conflicts with the slot, and offers to move. After a move that was reverted, the question is
 * asked again. A question about our own event is not: the reversal writes the event again.
 */
const askAboutConflict = (
  run: AuditionRun,
  report: CalendarChange,
  conflict: Conflict,
  refusal?: Refusal,
): void => {
  const { start, end } = conflict;
  const isMoot = () => !isSlotUpcoming(run) || !isLastReport(run, report);
  const { slot } = run.journal.view;
  const where = slot && isFree(slot, [conflict]) ? 'too close to the slot' : 'in the time of the slot';
  const what = `The calendar of ${report.participant} has another event from ${start} to ${end}, ${where}.`;
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
      moveToNextFreeSlot(run, (refused) => {
        if (!isMoot()) askAboutConflict(run, report, conflict, refused);
      });
    },
  );
};

const offerToMove =
  'Follow to move the audition to the next free slot, reschedule it to another time, or ignore to keep its slot.';

const withRefusal = (what: string, refusal: Refusal | undefined): string =>
  refusal ? `${what} The audition could not be moved: ${refusal.message}` : what;

const moveToNextFreeSlot = (run: AuditionRun, onRefused: (refusal: Refusal) => void): void => {
  const { slot } = run.journal.view;
  if (!slot) return;
  void run.runInBackground(async (detach) => {
    detach();
    const refused = await requestMove(run, nextFreeSlot(slot), 'system');
    if (refused) onRefused(refused);
  });
};

/**
 * A room that declines leaves the audition without a place. A room that must be approved is waited for. When the slot was
 * booked in spite of the room's calendar, the answer is no question.
 */
const roomAnswered = (run: AuditionRun, report: CalendarChange, { answer }: RoomAnswered): void => {
  const { overridden = [] } = run.journal.view;
  const isExpected = overridden.some((blocker) => blocker.kind === 'calendar_event' && blocker.room);
  if (answer === 'declined' && !isExpected) askAboutRoom(run, report);
};

const askAboutRoom = (run: AuditionRun, report: CalendarChange, refusal?: Refusal): void =>
  ask(
    run,
    report,
    {
      step: 'calendar_conflict',
      what: withRefusal(`The room ${run.journal.view.slot?.room ?? ''} has declined its booking.`, refusal),
      hint: `${offerToMove} Another room needs a reschedule. The question is withdrawn when the room accepts.`,
      actions: ['follow', 'ignore'],
      code: refusal?.code ?? 'room_declined',
    },
    (action) => {
      if (action !== 'follow') return;
      moveToNextFreeSlot(run, (refused) => {
        if (!isMootNow(run, report)()) askAboutRoom(run, report, refused);
      });
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

/**
 * Writes the event again as it was, with the room if it books the room. The number of facts distinguishes the writing from
 * all others.
 */
const restore = async (run: AuditionRun, report: CalendarChange): Promise<void> => {
  const { participant, connection } = report;
  const { slot, revision } = run.journal.view;
  if (!slot) return;
  if (report.isForMeeting) return restoreMeeting(run, report);
  const label = `r${revision}:restored-${run.journal.number}`;
  if (slot.roomCalendar?.connection === connection) await bookRoom(run, { slot, revision }, { label });
  const owner = run.plan.participants.find(({ id }) => id === participant);
  if (!owner?.calendar || !isWritableCalendar(owner.calendar)) return;
  const only = [{ owner: owner.id, calendar: owner.calendar }];
  await writeCalendarEvents(run, { slot, revision }, { only, label });
};
