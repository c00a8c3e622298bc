/** A change in a connected calendar that concerns an audition, as the calendar synchronisation reports it. */
import type { ConnectionId, ParticipantId } from '../ids.ts';
import type { SynchronizedCalendarName } from '../providers/vendors.ts';
import type { Instant } from '../time/instant.ts';
import type { RoomAnswer } from './room-booking.ts';
import type { ExceededLimit } from './slot-limits.ts';

interface Times {
  readonly start: Instant;
  readonly end: Instant;
}

interface ConflictTime extends Times {
  /** The connection of the event. Absent: that of the report. */
  readonly connection?: ConnectionId | undefined;
  /** The provider of `connection`. Reports of earlier versions of this service lack it. */
  readonly provider?: SynchronizedCalendarName | undefined;
}

/** The most conflicting events that a report contains. */
export const mostConflicts = 20;

export type CalendarChangeOf =
  /**
   * A person moved our event. `isAllDay`: the event has dates instead of times. `exceeds`: no slot can have that time. Reports of
   * earlier versions of this service lack it.
   */
  | ({
      readonly kind: 'moved';
      readonly isAllDay: boolean;
      readonly exceeds?: ExceededLimit | undefined;
    } & Times)
  | { readonly kind: 'deleted' }
  /** Our event is as this service wrote it, after an earlier report said otherwise. */
  | { readonly kind: 'put_back' }
  /** The calendar has never had what this service wrote, although it has confirmed the write. */
  | { readonly kind: 'lost' }
  /**
   * Events that are not ours conflict with the slot: the earliest one, and the next ones, at most `mostConflicts` together.
   * Reports of earlier versions of this service have the earliest one only.
   */
  | ({ readonly kind: 'conflict'; readonly others?: readonly ConflictTime[] | undefined } & ConflictTime)
  | { readonly kind: 'conflict_over' }
  /** The room has answered to the event that books it, or is asked again. */
  | { readonly kind: 'room_answered'; readonly answer: RoomAnswer };

/** The place of a report among those about the same event, or about the conflicts of the same participant. */
export interface ReportOrder {
  /** Names what is reported about. What is made again after its removal has another name. */
  readonly incarnation: string;
  /** Increases with each report. */
  readonly change: number;
}

export interface CalendarChange {
  /** Identifies the report. It is sent at least once, and the audition applies it once. */
  readonly inboxId: string;
  /**
   * Signals can arrive in another order than their reports were begun: a report that is not later than one before changes
   * nothing. Reports of earlier versions of this service lack it.
   */
  readonly order?: ReportOrder | undefined;
  /** Absent: the event is of no participant. It books the room, or hosts the meeting. */
  readonly participant?: ParticipantId | undefined;
  /** Whether the event is of no participant, and the meeting is its conference. Reports of earlier versions lack it. */
  readonly isForMeeting?: boolean | undefined;
  /**
   * Whether the meeting is the conference of the event, whoever else uses it. Reports of earlier versions lack it.
   */
  readonly hostsMeeting?: boolean | undefined;
  readonly provider: SynchronizedCalendarName;
  readonly connection: ConnectionId;
  /** The revision of the slot that our event in the calendar states. */
  readonly revision: number;
  readonly change: CalendarChangeOf;
  /**
   * Whether the trail records also a change that is about an earlier revision of the slot. Reports of earlier versions of this
   * service lack it.
   */
  readonly isRecordedIfSuperseded?: boolean | undefined;
}
