/** Compares the changed events with what this service has written, and signals the auditions. */

import type { ChangedAnswer, RoomAnswerChange } from '../../db/calendars/calendar-answers.ts';
import type { CalendarKey, SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { OwnEvent, SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import type { AuditionSignals } from './audition-signals.ts';
import type { LaterConflicts } from './later-conflicts.ts';
import { compareWithWritten } from './written-comparison.ts';

export interface ChangeReport {
  /**
   * Signals the auditions whose events in the calendar were changed or lost, whose slots are taken there, or whose rooms
   * have answered. Returns the lost writes.
   */
  report(calendar: SyncedCalendar): Promise<readonly CalendarFinding[]>;
}

/**
 * Creates the report. A signal that was sent, but not recorded as sent, is sent again with the same id, and the audition
 * applies it once.
 */
export const createChangeReport = ({
  syncedEvents,
  laterConflicts,
  signals,
}: {
  readonly syncedEvents: Pick<
    SyncedEvents,
    | 'listChanged'
    | 'beginReport'
    | 'markCompared'
    | 'listAnswers'
    | 'markAnswerReported'
    | 'listRoomAnswers'
    | 'markRoomAnswerReported'
  >;
  readonly laterConflicts: LaterConflicts;
  readonly signals: AuditionSignals;
}): ChangeReport => {
  const reportChange = async (
    calendar: SyncedCalendar,
    event: OwnEvent,
  ): Promise<CalendarFinding | undefined> => {
    const compared = compareWithWritten(event);
    if (compared === 'in_progress') return undefined;
    const isDifferent = compared.kind !== 'put_back';
    if (isDifferent || event.isReported) {
      const isNew = isDifferent && !event.isReported;
      if (isNew && !(await syncedEvents.beginReport(event))) return undefined;
      const delivered = await signals.calendarChanged(event.auditionId, {
        ...about(calendar, event),
        inboxId: `${rowOf(calendar, event)}:${event.change}`,
        change: compared,
        isRecordedIfSuperseded: true,
      });
      // Without a workflow, nothing writes the event again. It is compared again with each round.
      if (compared.kind === 'lost' && delivered === 'not_running') {
        return { ...lossOf(event), failure: delivered };
      }
    }
    const outcome = compared.kind === 'lost' ? 'repaired' : isDifferent ? 'reported' : 'as_written';
    await syncedEvents.markCompared(event, outcome);
    return compared.kind === 'lost' ? lossOf(event) : undefined;
  };

  /** An answer that was removed, by a person or by our own write of another revision, is no answer. */
  const reportAnswer = async (changed: ChangedAnswer): Promise<void> => {
    const { connection, calendar, eventId, auditionId, participant, answer, at, revision } = changed;
    if (answer) {
      await signals.answerReported(auditionId, {
        // The number of the change begins anew when the event is written again after its removal.
        inboxId: `${connection}:${calendar}:${eventId}:answer:${revision}:${changed.change}:${at}`,
        participant,
        answer,
        origin: 'calendar',
        revision,
        at,
      });
    }
    await syncedEvents.markAnswerReported(changed);
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
      const findings: CalendarFinding[] = [];
      for (const event of await syncedEvents.listChanged(calendar)) {
        const finding = await reportChange(calendar, event);
        if (finding) findings.push(finding);
      }
      for (const answer of await syncedEvents.listAnswers(calendar)) await reportAnswer(answer);
      await laterConflicts.report(calendar);
      for (const answered of await syncedEvents.listRoomAnswers(calendar)) {
        await reportRoomAnswer(calendar, answered);
      }
      return findings;
    },
  };
};

const lossOf = ({ calendar, auditionId, participant }: OwnEvent): CalendarFinding => ({
  calendar,
  auditionId,
  participant,
  fault: 'write_lost',
  repair: 'rewritten',
});

/** Names the row. A row that is made again counts from the beginning, so its incarnation is part of the name. */
const rowOf = (
  { connection, calendar }: CalendarKey,
  { eventId, incarnation }: Pick<OwnEvent, 'eventId' | 'incarnation'>,
): string => [connection, calendar, eventId, ...(incarnation === undefined ? [] : [incarnation])].join(':');

const about = (
  { provider, connection }: SyncedCalendar,
  { participant, isForMeeting, hostsMeeting, writtenRevision: revision, incarnation, change }: OwnEvent,
) => ({
  participant,
  provider,
  connection,
  revision,
  ...(incarnation === undefined ? {} : { order: { incarnation, change } }),
  ...(isForMeeting ? { isForMeeting } : {}),
  ...(hostsMeeting ? { hostsMeeting } : {}),
});
