/**
 * The deadlines and patience of an audition, in milliseconds. Computed once when the audition is requested, then part
 * of the workflow history.
 */
import { day, hour, minute } from '../time/units.ts';

export interface AuditionPolicy {
  /** How long a slot is held. Long enough for meeting and calendars to use up their patience. */
  readonly holdFor: number;
  /** How long a step is retried before it asks an operator. An outage of ten minutes needs no operator. */
  readonly stepPatience: number;
  /** How long a meeting provider is tried before the next one. The last provider gets `stepPatience`. */
  readonly meetingPatience: number;
  /** How long an attention item waits before it alerts again. */
  readonly attentionSla: number;
  /** How long an invitation of a performer stays unanswered before it escalates. */
  readonly answerWithin: number;
  /** How long after the start an absent performer is a no-show. */
  readonly noShowGrace: number;
  /** How long before the start check-in opens. */
  readonly checkInOpens: number;
  /** How long after the end of its slot a session without an end report counts as over. */
  readonly sessionOverrun: number;
  /** How long a decision is pending before it escalates. */
  readonly decisionWithin: number;
}

export const defaultPolicy: AuditionPolicy = {
  holdFor: 45 * minute,
  stepPatience: 20 * minute,
  meetingPatience: 1 * minute,
  attentionSla: 4 * hour,
  answerWithin: 2 * day,
  noShowGrace: 15 * minute,
  checkInOpens: 30 * minute,
  sessionOverrun: 15 * minute,
  decisionWithin: 7 * day,
};
