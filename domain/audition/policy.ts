/** How long an audition waits for whom, in milliseconds. Settled once at the start and carried in the history. */
import { day, hour, minute } from '../time/units.ts';

export interface AuditionPolicy {
  /** How long a held slot stays ours when scheduling stalls: meeting and calendars may each take their patience. */
  readonly holdFor: number;
  /** How long a step is retried before a person is asked: an outage of ten minutes passes without anybody's help. */
  readonly stepPatience: number;
  /** How long one meeting provider is tried before the next one is. The last one is tried like any other step. */
  readonly meetingPatience: number;
  /** How long an attention item may wait before it alerts again. */
  readonly attentionSla: number;
  /** How long a performer may leave an invitation unanswered before it escalates. */
  readonly answerWithin: number;
  /** How long after the start an absent performer is a no-show. */
  readonly noShowGrace: number;
  /** How long before the start one may check in. */
  readonly checkInOpens: number;
  /** How long after its end a session is taken to be over when nobody said so. */
  readonly sessionOverrun: number;
  /** How long a decision may take before it escalates. */
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
