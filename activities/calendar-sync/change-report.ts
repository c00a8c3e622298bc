/** Compares the changed events with what this service has written, and signals the auditions. */
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type {
  ChangedEvent,
  ConflictChange,
  RoomAnswerChange,
  SyncedEvents,
} from '../../db/calendars/synced-events.ts';
import type { CalendarChange, CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';

/** Signals running auditions. */
export interface AuditionSignals {
  /** Resolves to `not_running` when the audition has ended. @throws when Temporal does not answer */
  calendarChanged(audition: AuditionId, change: CalendarChange): Promise<'signaled' | 'not_running'>;
}

export interface ChangeReport {
  /**
   * Signals the auditions whose events in the calendar were changed, whose slots are taken there, or whose rooms have
   * answered.
   */
  report(calendar: SyncedCalendar): Promise<void>;
}

/**
 * Creates the report. A signal that was sent, but not recorded as sent, is sent again with the same id, and the audition
 * applies it once.
 */
export const createChangeReport = ({
  syncedEvents,
  signals,
}: {
  readonly syncedEvents: Pick<
    SyncedEvents,
    | 'listChanged'
    | 'markCompared'
    | 'listConflictChanges'
    | 'markConflictsReported'
    | 'listRoomAnswers'
    | 'markRoomAnswerReported'
  >;
  readonly signals: AuditionSignals;
}): ChangeReport => {
  const reportChange = async (calendar: SyncedCalendar, event: ChangedEvent): Promise<void> => {
    const compared = compareWithWritten(event);
    if (compared === 'in_progress') return;
    const isDifferent = compared.kind !== 'put_back';
    if (isDifferent || event.isReported) {
      await signals.calendarChanged(event.auditionId, {
        ...about(calendar, event),
        inboxId: `${calendar.connection}:${calendar.calendar}:${event.eventId}:${event.change}`,
        change: compared,
      });
    }
    await syncedEvents.markCompared(event, isDifferent);
  };

  const reportConflict = async (calendar: SyncedCalendar, conflict: ConflictChange): Promise<void> => {
    const { digest, first } = conflict;
    await signals.calendarChanged(conflict.auditionId, {
      ...about(calendar, conflict),
      inboxId: `${calendar.connection}:${calendar.calendar}:${conflict.eventId}:${conflict.writtenRevision}:conflict:${digest ?? 'over'}`,
      change: first ? { kind: 'conflict', ...first } : { kind: 'conflict_over' },
    });
    await syncedEvents.markConflictsReported(conflict);
  };

  const reportRoomAnswer = async (calendar: SyncedCalendar, answered: RoomAnswerChange): Promise<void> => {
    const { auditionId, eventId, writtenRevision: revision, answer, etag = '' } = answered;
    const { provider, connection } = calendar;
    await signals.calendarChanged(auditionId, {
      provider,
      connection,
      revision,
      inboxId: `${connection}:${calendar.calendar}:${eventId}:${revision}:room:${answer}:${etag}`,
      change: { kind: 'room_answered', answer },
    });
    await syncedEvents.markRoomAnswerReported(answered);
  };

  return {
    report: async (calendar) => {
      for (const event of await syncedEvents.listChanged(calendar)) await reportChange(calendar, event);
      for (const conflict of await syncedEvents.listConflictChanges(calendar)) {
        await reportConflict(calendar, conflict);
      }
      for (const answered of await syncedEvents.listRoomAnswers(calendar)) {
        await reportRoomAnswer(calendar, answered);
      }
    },
  };
};

const about = (
  { provider, connection }: SyncedCalendar,
  { participant, writtenRevision: revision }: Pick<ChangedEvent, 'participant' | 'writtenRevision'>,
) => ({ participant, provider, connection, revision });

/**
 * Returns how the event differs from what was written. Our own write reaches the calendar before it is recorded: an event
 * with a later revision than the recorded one is being written. One with an earlier revision was read before the write.
 */
const compareWithWritten = (event: ChangedEvent): CalendarChangeOf | 'in_progress' => {
  const { isRemoved, isAllDay, start, end, markedRevision, writtenRevision } = event;
  if (isRemoved) return { kind: 'deleted' };
  if (markedRevision !== undefined && markedRevision !== writtenRevision) return 'in_progress';
  const isAsWritten =
    !isAllDay && isSameSecond(start, event.writtenStart) && isSameSecond(end, event.writtenEnd);
  return isAsWritten ? { kind: 'put_back' } : { kind: 'moved', isAllDay, start, end };
};

/** Calendars store whole seconds (RFC 5545, 3.3.5), and vendors cut off or round the rest. */
const isSameSecond = (one: Instant, other: Instant): boolean =>
  Math.abs(toEpochMs(one) - toEpochMs(other)) < 1_000;
