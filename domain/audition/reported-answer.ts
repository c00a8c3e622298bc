/**
 * What a participant answers outside this service: in a connected calendar, or by a reply to the calendar part of an
 * email.
 */
import type { ParticipantId } from '../ids.ts';
import type { Instant } from '../time/instant.ts';
import type { Answer } from './events.ts';
import type { ExceededLimit } from './slot-limits.ts';

interface Report {
  /** Identifies the report. It is sent at least once, and the audition applies it once. */
  readonly inboxId: string;
  readonly participant: ParticipantId;
  readonly origin: 'calendar' | 'email';
  /** The revision of the slot that the participant has seen. */
  readonly revision: number;
  /** Absent: that of the audition. */
  readonly correlationId?: string | undefined;
}

export interface ReportedAnswer extends Report {
  readonly answer: Answer;
  /** When the participant answered, as far as it is known. Orders reports that arrive out of order. */
  readonly at?: Instant | undefined;
}

/** A participant proposes another time (RFC 5546, section 3.2.7: COUNTER). */
export interface ProposedTime extends Report {
  /** Absent when the proposal states no time that can be read. */
  readonly slot?: { readonly start: Instant; readonly end: Instant } | undefined;
  /** Set when no slot can have that time. Proposals of earlier versions of this service lack it. */
  readonly exceeds?: ExceededLimit | undefined;
  /** The answer about the present time that the proposal contains. It is not recorded as an answer. */
  readonly answer?: Answer | undefined;
}
