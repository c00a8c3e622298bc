/** What a reconciliation finds in a calendar that disagrees with what this service believes. */
import type { AuditionId, ParticipantId } from '../ids.ts';

type CalendarFault =
  /** A person has moved our event. */
  | 'event_moved'
  /** A person has deleted our event. */
  | 'event_deleted'
  /** The calendar has confirmed our write and never had its effect. */
  | 'write_lost'
  /** The event is at an earlier slot of the audition: an operator has skipped its write for the present one. */
  | 'event_outdated'
  /** The event carries our mark, and the ledger knows no step that uses it. */
  | 'event_orphaned'
  /** A person has moved our event to another calendar of the same account. */
  | 'event_relocated'
  /** The calendar has two events of one audition. */
  | 'event_duplicated'
  /** The event carries our mark, and names an audition that this installation does not have. */
  | 'event_unknown'
  /** The ledger has a written event that is not compared with the calendar. */
  | 'record_missing';

/**
 * What is done about it. `asked`: the casting office is asked, once. `rewritten`: the audition writes its event again.
 * `none`: it is only reported.
 */
type CalendarRepair = 'asked' | 'rewritten' | 'removed' | 'recorded' | 'none';

export interface CalendarFinding {
  /** The stored name of the calendar, a hash. */
  readonly calendar: string;
  readonly auditionId: AuditionId;
  readonly participant?: ParticipantId | undefined;
  readonly fault: CalendarFault;
  /** In a dry run, what would be done. */
  readonly repair: CalendarRepair;
  /** Why the repair failed: the kind of the provider's fault, or `not_running`. The next reconciliation tries again. */
  readonly failure?: string | undefined;
}
