/**
 * Folds the events of an audition into its view. The workflow keeps a view as its state; the database keeps one as its
 * read model. Both come from this fold, so they cannot disagree, and the read model can be rebuilt.
 */
import type { AuditionId, ConnectionId, OrganizationId, ParticipantId, ProjectId, RoleId } from '../ids.ts';
import type { RoomProviderName, WritableCalendarName } from '../providers/vendors.ts';
import type { Instant } from '../time/instant.ts';
import { isAnnouncement } from './announcement.ts';
import type { AttentionItem } from './attention.ts';
import { isArrivalAfterAll, isLaterDelivery } from './delivery-state.ts';
import type { DeliveryStatus } from './delivery-statuses.ts';
import { type AuditionEvent, type AuditionFact, type NoticeKind, type RecordingStart } from './events.ts';
import { type JoinWindow, type Meeting } from './meeting.ts';
import type { SettingName } from './meeting-settings.ts';
import type { NoticeChange } from './notice-change.ts';
import { isFromCalendar } from './origins.ts';
import { isConsentOfFormer, newParticipant, type ParticipantView, withDetails } from './participant-view.ts';
import { afterJoining, afterLeaving, afterSession, type Presence } from './presence.ts';
import type { Channel } from './request.ts';
import type { RoomAnswer } from './room-booking.ts';
import { afterWriting, type SkippedEventView, withoutSkipped, withSkipped } from './skipped-events.ts';
import type { Slot } from './slot.ts';
import type { Blocker } from './slot-conflict.ts';
import type { AuditionOutcome, AuditionRound, AuditionState } from './states.ts';
import { isFactAllowed, transitionOn } from './transitions.ts';

export type { ParticipantView } from './participant-view.ts';

export interface NoticeView {
  readonly deliveryId: string;
  readonly participant: ParticipantId;
  readonly channel: Channel;
  readonly notice: NoticeKind;
  readonly revision: number;
  readonly at: Instant;
  readonly status: DeliveryStatus;
  /** What the notice told, when the time was the same. */
  readonly changed?: NoticeChange | undefined;
  /** The number of the address to which it was sent (`notice-address.ts`). Absent in notices of earlier versions. */
  readonly addressNumber?: number | undefined;
}

interface CalendarEventView {
  readonly participant: ParticipantId;
  readonly provider: WritableCalendarName;
  readonly connection: ConnectionId;
  readonly eventId: string;
}

interface RoomBookingView {
  readonly provider: RoomProviderName;
  readonly connection: ConnectionId;
  readonly answer: RoomAnswer;
}

export interface AuditionView {
  readonly id: AuditionId;
  readonly organization: OrganizationId;
  readonly project: ProjectId;
  readonly role: RoleId;
  readonly round: AuditionRound;
  readonly state: AuditionState;
  /** When the audition entered this state. */
  readonly stateSince: Instant;
  readonly outcome?: AuditionOutcome | undefined;
  readonly participants: readonly ParticipantView[];
  readonly slot?: Slot;
  /** Increases each time the slot moves. Sent as iCalendar's SEQUENCE. */
  readonly revision: number;
  /** The revisions whose response links are valid for the present slot. A reverted move adds one. */
  readonly announcedAs: readonly number[];
  /** The conflicts in spite of which the present slot was booked. */
  readonly overridden?: readonly Blocker[] | undefined;
  readonly meeting?: Meeting | undefined;
  /** When the join links of the participants work. Absent when participants get the link of the meeting itself. */
  readonly joinLinks?: JoinWindow | undefined;
  /** Who starts the recording of the session. Absent when it is not to be recorded. */
  readonly recording?: RecordingStart | undefined;
  /** The revision of the slot whose participants were notified how the audition takes place without a meeting. */
  readonly backupAnnouncedAs?: number | undefined;
  readonly calendarEvents: readonly CalendarEventView[];
  /** The events that an operator has skipped, and that no later write has put into the calendar. */
  readonly skippedEvents?: readonly SkippedEventView[] | undefined;
  /** The booking of the room in its calendar, for the present slot. */
  readonly roomBooking?: RoomBookingView | undefined;
  /** When the session ended. Reports about it can arrive later. Absent in views of earlier versions. */
  readonly sessionEndedAt?: Instant | undefined;
  readonly notices: readonly NoticeView[];
  readonly attention: readonly AttentionItem[];
  readonly previous?: AuditionId;
  readonly next?: AuditionId | undefined;
  readonly requestedAt: Instant;
  readonly updatedAt: Instant;
  /** The number of the last event folded in. */
  readonly sequence: number;
}

/** The transition table does not allow the fact in the audition's state. */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  readonly state: AuditionState | 'nothing';
  readonly fact: AuditionFact['type'];

  constructor(state: AuditionState | 'nothing', fact: AuditionFact['type']) {
    super(`fact '${fact}' is not allowed in state '${state}'`);
    this.state = state;
    this.fact = fact;
  }
}

/** Creates the view from the first event. @throws IllegalTransition when the fact is not `requested` */
export const createView = (event: AuditionEvent): AuditionView => {
  const { fact } = event;
  if (fact.type !== 'requested') throw new IllegalTransition('nothing', fact.type);
  return {
    id: fact.auditionId,
    organization: fact.organization,
    project: fact.project,
    role: fact.role,
    round: fact.round,
    state: 'requested',
    stateSince: event.at,
    participants: fact.participants.map(newParticipant),
    revision: 0,
    announcedAs: [],
    calendarEvents: [],
    notices: [],
    attention: [],
    ...(fact.previous ? { previous: fact.previous } : {}),
    ...(fact.joinLinks ? { joinLinks: fact.joinLinks } : {}),
    ...(fact.recording ? { recording: fact.recording } : {}),
    requestedAt: event.at,
    updatedAt: event.at,
    sequence: event.sequence,
  };
};

/**
 * Returns the view after one more event. Pure.
 * @throws IllegalTransition when the transition table does not allow the fact
 * @throws RangeError when the event's sequence number does not follow the view's
 */
export const foldEvent = (view: AuditionView, event: AuditionEvent): AuditionView => {
  const { fact } = event;
  if (!isFactAllowed(view.state, fact.type)) throw new IllegalTransition(view.state, fact.type);
  if (event.sequence !== view.sequence + 1) {
    throw new RangeError(`event ${event.sequence} cannot follow event ${view.sequence} of ${view.id}`);
  }
  return {
    ...view,
    ...stateChange(view, event),
    ...detailChange(view, event),
    updatedAt: event.at,
    sequence: event.sequence,
  };
};

/** Returns the view after all events of one audition. @throws RangeError when there are none */
export const foldEvents = (events: readonly AuditionEvent[]): AuditionView => {
  const [first, ...rest] = events;
  if (!first) throw new RangeError('the audition has no events; the first must be its request');
  return rest.reduce(foldEvent, createView(first));
};

const stateChange = (view: AuditionView, { at, fact }: AuditionEvent): Partial<AuditionView> => {
  const transition = transitionOn(view.state, fact.type);
  if (!transition) return {};
  const entered = { state: transition.to, stateSince: at };
  if (!transition.outcome) return entered;
  const outcome = transition.outcome === 'as_decided' ? decidedOutcome(fact) : transition.outcome;
  return { ...entered, outcome };
};

const decidedOutcome = (fact: AuditionFact): AuditionOutcome => {
  if (fact.type !== 'decided') throw new TypeError(`'${fact.type}' is not a decision`);
  return fact.decision;
};

const detailChange = (view: AuditionView, event: AuditionEvent): Partial<AuditionView> => {
  const { fact } = event;
  switch (fact.type) {
    case 'slot_held':
      return slotOf(fact);
    case 'slot_moved':
      return {
        ...slotOf(fact),
        participants: view.participants.map(newParticipant),
      };
    case 'move_reverted':
      return {
        ...slotOf(fact),
        announcedAs: [...fact.announcedAs, fact.revision],
        participants: view.participants.map((participant) => {
          const before = fact.answers.find((answer) => answer.participant === participant.id);
          return {
            ...newParticipant(participant),
            answer: before?.answer ?? 'none',
            answerFinalAt: before?.finalAt,
            ...(before?.answeredAt && { answeredAt: before.answeredAt }),
            ...(before?.entryDeclined && { entryDeclined: before.entryDeclined }),
            checkedIn: fact.checkedIn?.includes(participant.id) ?? false,
          };
        }),
      };
    case 'meeting_created':
      return { meeting: fact.meeting };
    case 'meeting_settings_changed':
      return view.meeting?.id === fact.meetingId
        ? { meeting: withNotHonored(view.meeting, fact.notHonored) }
        : {};
    case 'meeting_access_changed':
      return view.meeting?.id === fact.meetingId ? { meeting: { ...view.meeting, ...fact.access } } : {};
    case 'meeting_lost':
      return view.meeting?.id === fact.meeting.id ? { meeting: undefined } : {};
    case 'backup_announced':
      return { backupAnnouncedAs: fact.revision };
    case 'participant_joined':
      return withPresence(view, fact.participant, (before) => afterJoining(before, fact.at, view.slot));
    case 'participant_left':
      return withPresence(view, fact.participant, (before) =>
        afterLeaving(before, fact.at, view.slot, view.sessionEndedAt),
      );
    case 'session_started':
      return { sessionEndedAt: undefined };
    case 'session_ended':
      return {
        sessionEndedAt: event.at,
        participants: view.participants.map((participant) =>
          participant.presence
            ? { ...participant, presence: afterSession(participant.presence, event.at) }
            : participant,
        ),
      };
    case 'calendar_event_written':
      // The participant can leave while the event is being written. It is then removed.
      return view.participants.some(({ id }) => id === fact.participant)
        ? { calendarEvents: withCalendarEvent(view, fact), ...afterWriting(view, fact) }
        : {};
    case 'step_skipped':
      return fact.event ? withSkipped(view, fact.event) : {};
    case 'room_booked':
      // The answer can overtake the booking. A room that is booked again reports that it was asked again.
      return view.roomBooking?.connection === fact.connection ? {} : bookingOf(fact, 'pending');
    case 'room_answered':
      return bookingOf(fact, fact.answer);
    case 'notified':
      return {
        notices: withNotice(view, { ...fact, at: event.at, status: 'queued' }),
        ...(hasEntry(fact) ? withEntry(view, fact) : {}),
      };
    case 'delivery_reported':
      return { notices: withDelivery(view, fact.deliveryId, fact.status) };
    case 'responded':
      return {
        participants: withParticipant(view, fact.participant, {
          answer: fact.answer,
          answerFinalAt: fact.finalAt,
          answeredAt: event.at,
          entryDeclined: fact.answer === 'declined' && isFromCalendar(fact.origin) ? true : undefined,
          ...(fact.entryDue === undefined ? {} : { entryDue: fact.entryDue }),
        }),
      };
    case 'checked_in':
      return { participants: withParticipant(view, fact.participant, { checkedIn: true }) };
    case 'recording_consented':
      return isConsentOfFormer(view.participants, fact)
        ? {}
        : { participants: withParticipant(view, fact.participant, { recordingConsent: fact.consent }) };
    case 'attention_raised':
      return { attention: [...view.attention, fact.item] };
    case 'attention_overdue':
      return {
        attention: view.attention.map((item) =>
          item.id === fact.id ? { ...item, overdue: true, dueAt: fact.dueAt } : item,
        ),
      };
    case 'attention_resolved':
      return { attention: view.attention.filter((item) => item.id !== fact.id) };
    case 'participant_added':
      return {
        participants: [
          ...view.participants.filter(({ id }) => id !== fact.participant.id),
          withDetails(fact.isSamePerson ? view.participants : [], fact),
        ],
        // The event of the same person stays as it is, unless another calendar is written.
        ...(fact.isSamePerson ? {} : withoutSkipped(view, fact.participant.id)),
        ...withOverridden(view, fact.overridden),
      };
    case 'participant_removed':
      return {
        participants: view.participants.filter(({ id }) => id !== fact.participant),
        calendarEvents: view.calendarEvents.filter(({ participant }) => participant !== fact.participant),
        ...withoutSkipped(view, fact.participant),
        ...withOverridden(view, fact.overridden),
      };
    case 'reopened_for_decision':
      return {
        outcome: undefined,
        ...(wasUndone(view)
          ? { meeting: undefined, calendarEvents: [], skippedEvents: undefined, roomBooking: undefined }
          : {}),
      };
    case 'reopened_for_session':
      // Everything was undone when the audition was closed.
      return {
        ...slotOf(fact),
        outcome: undefined,
        meeting: undefined,
        calendarEvents: [],
        skippedEvents: undefined,
        participants: view.participants.map(newParticipant),
      };
    case 'decided':
      // A decision during the session ends it.
      return { next: fact.next, ...(view.state === 'in_progress' ? { sessionEndedAt: event.at } : {}) };
    case 'requested':
    case 'holding_started':
    case 'slot_refused':
    case 'meeting_fell_back':
    case 'scheduled':
    case 'confirmed':
    case 'confirmation_lost':
    case 'calendar_changed':
    case 'calendar_event_removed':
    case 'answer_ignored':
    case 'time_proposed':
    case 'session_block_changed':
    case 'budget_nearly_spent':
    case 'reminder_dropped':
    case 'recording_stored':
    case 'recording_missing':
    case 'recording_deleted':
    case 'taken_over':
    case 'move_refused':
    case 'compensated':
    case 'declined':
    case 'no_show':
    case 'cancelled':
    case 'failed':
      return {};
  }
};

/**
 * Returns whether the session was undone when the audition was closed: it was decided before its slot began, and the
 * performer had not checked in (`needsCompensation`).
 */
const wasUndone = ({ slot, stateSince, participants }: AuditionView): boolean =>
  slot !== undefined &&
  stateSince < slot.start &&
  !participants.some(({ kind, checkedIn }) => kind === 'performer' && checkedIn);

/** Returns the meeting with these settings that it does not have. */
const withNotHonored = (
  { notHonored: _before, ...meeting }: Meeting,
  notHonored: readonly SettingName[],
): Meeting => (notHonored.length > 0 ? { ...meeting, notHonored: [...notHonored] } : meeting);

const bookingOf = (
  { provider, connection }: Pick<RoomBookingView, 'provider' | 'connection'>,
  answer: RoomAnswer,
): Partial<AuditionView> => ({ roomBooking: { provider, connection, answer } });

const slotOf = ({
  slot,
  revision,
  overridden,
}: {
  readonly slot: Slot;
  readonly revision: number;
  readonly overridden?: readonly Blocker[] | undefined;
}): Partial<AuditionView> => ({
  slot,
  revision,
  overridden,
  announcedAs: [revision],
  roomBooking: undefined,
  sessionEndedAt: undefined,
});

/** Conflicts that were overridden for another cast stay overridden, as long as the slot is the same. */
const withOverridden = (
  { overridden = [] }: AuditionView,
  more: readonly Blocker[] | undefined,
): Partial<AuditionView> => (more ? { overridden: [...overridden, ...more] } : {});

const withParticipant = (
  view: AuditionView,
  id: ParticipantId,
  change: Partial<ParticipantView>,
): readonly ParticipantView[] =>
  view.participants.map((participant) =>
    participant.id === id ? { ...participant, ...change } : participant,
  );

const withPresence = (
  view: AuditionView,
  id: ParticipantId,
  change: (before: Presence | undefined) => Presence,
): Partial<AuditionView> => ({
  participants: view.participants.map((participant) =>
    participant.id === id ? { ...participant, presence: change(participant.presence) } : participant,
  ),
});

const withCalendarEvent = (
  view: AuditionView,
  { participant, provider, connection, eventId }: CalendarEventView,
): AuditionView['calendarEvents'] => [
  ...view.calendarEvents.filter((event) => event.participant !== participant),
  { participant, provider, connection, eventId },
];

/** A reminder has no calendar entry, and neither has a text message. */
const hasEntry = ({ channel, notice }: Extract<AuditionFact, { type: 'notified' }>): boolean =>
  channel === 'email' && isAnnouncement(notice);

/** The calendar program has the entry again, whatever its owner had answered to the earlier one. */
const withEntry = (
  view: AuditionView,
  { participant: id, changed }: Extract<AuditionFact, { type: 'notified' }>,
): Partial<AuditionView> => {
  const participant = view.participants.find((one) => one.id === id);
  const isAnnounced = changed === 'calendar' && participant?.entryNotice !== undefined;
  if (!participant?.entryDeclined && participant?.entryDue === undefined && !isAnnounced) return {};
  const change = {
    entryDeclined: undefined,
    entryDue: undefined,
    ...(isAnnounced ? { entryNotice: undefined } : {}),
  };
  return { participants: withParticipant(view, id, change) };
};

const withNotice = (view: AuditionView, notice: NoticeView): readonly NoticeView[] => [
  ...view.notices.filter(({ deliveryId }) => deliveryId !== notice.deliveryId),
  {
    deliveryId: notice.deliveryId,
    participant: notice.participant,
    channel: notice.channel,
    notice: notice.notice,
    revision: notice.revision,
    at: notice.at,
    status: notice.status,
    ...(notice.changed && { changed: notice.changed }),
    ...(notice.addressNumber !== undefined && { addressNumber: notice.addressNumber }),
  },
];

const withDelivery = (
  view: AuditionView,
  deliveryId: string,
  status: DeliveryStatus,
): readonly NoticeView[] =>
  view.notices.map((notice) =>
    notice.deliveryId === deliveryId &&
    (isLaterDelivery(status, notice.status) || isArrivalAfterAll(status, notice.status))
      ? { ...notice, status }
      : notice,
  );
