/** Port: the signals with which the synchronisation reaches running auditions. */
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import type { ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { AuditionId } from '../../domain/ids.ts';

/** Signals running auditions. */
export interface AuditionSignals {
  /** Resolves to `not_running` when the audition has ended. @throws when Temporal does not answer */
  calendarChanged(audition: AuditionId, change: CalendarChange): Promise<'signaled' | 'not_running'>;
  /** Resolves and throws like `calendarChanged`. */
  answerReported(audition: AuditionId, answer: ReportedAnswer): Promise<'signaled' | 'not_running'>;
}
