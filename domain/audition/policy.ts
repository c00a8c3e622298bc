/**
 * The deadlines and patience of an audition, in milliseconds. Computed once when the audition is requested, then part
 * of the workflow history.
 */
import { day, hour, minute } from '../time/units.ts';
import type { CalendarReminders } from './calendar-reminders.ts';

export const noShowPolicies = ['ask', 'automatic'] as const;
type NoShowPolicy = (typeof noShowPolicies)[number];

export const calendarMovePolicies = ['ask', 'reschedule'] as const;
type CalendarMovePolicy = (typeof calendarMovePolicies)[number];

export interface AuditionPolicy {
  /** How long a step is retried before it asks an operator. An outage of ten minutes needs no operator. */
  readonly stepPatience: number;
  /** How long a meeting provider is tried before the next one. The last provider gets `stepPatience`. */
  readonly meetingPatience: number;
  /** How long an attention item waits before it alerts again. */
  readonly attentionSla: number;
  /** How long an invitation of a performer stays unanswered before it escalates. */
  readonly answerWithin: number;
  /** How long after the start the service waits for a sign of the session before it asks whether it took place. */
  readonly noShowGrace: number;
  /** How long before the start check-in opens. */
  readonly checkInOpens: number;
  /** How long after the end of its slot a session without an end report counts as over. */
  readonly sessionOverrun: number;
  /** How long a decision is pending before it escalates. */
  readonly decisionWithin: number;
  /** How long a performer can change a decline, before the other participants are notified. */
  readonly declineGrace: number;
  /** How long a closed audition can be reopened. */
  readonly reopenWithin: number;
  /**
   * What happens when the grace is over and no sign of the session was observed. `ask`: the casting office is asked.
   * `automatic`: the audition is closed as a no-show, but only when the meeting's provider reports who is present.
   */
  readonly noShow: NoShowPolicy;
  /**
   * What happens when a person moves the event of the audition in a calendar. `ask`: the casting office is asked.
   * `reschedule`: the audition is rescheduled to that time, and the casting office is asked when it cannot be. Absent in
   * plans of earlier versions: `ask`.
   */
  readonly calendarMoves?: CalendarMovePolicy | undefined;
  /**
   * The reminders of the events in calendars. Absent in plans of earlier versions: their events have those of the calendar,
   * and they are left alone.
   */
  readonly calendarReminders?: CalendarReminders | undefined;
  /**
   * How long before the start the meeting is checked at its provider. Absent in plans of earlier versions, and without a
   * meeting: it is not checked.
   */
  readonly meetingCheck?: number | undefined;
}

/** Early enough that everyone can be moved to another provider, and late enough that few outages begin afterwards. */
export const defaultMeetingCheck = 15 * minute;

export const defaultPolicy: AuditionPolicy = {
  stepPatience: 20 * minute,
  meetingPatience: 1 * minute,
  attentionSla: 4 * hour,
  answerWithin: 2 * day,
  noShowGrace: 15 * minute,
  checkInOpens: 30 * minute,
  sessionOverrun: 15 * minute,
  decisionWithin: 7 * day,
  declineGrace: 15 * minute,
  reopenWithin: 14 * day,
  noShow: 'ask',
  calendarMoves: 'ask',
  calendarReminders: [],
};
