/** Compares the changed events with what this service has written, and signals the auditions. */

import type { ChangedAnswer, RoomAnswerChange } from '../../db/calendars/calendar-answers.ts';
import type { CalendarKey } from '../../db/calendars/sync-progress.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { OwnEvent, SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { TextEdit } from '../../db/calendars/text-edits.ts';
import type { CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import { providerPrincipal } from '../../domain/audition/principal.ts';
import { exceededLimit } from '../../domain/audition/slot-limits.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { AuditionFacts } from './audition-facts.ts';
import type { AuditionSignals } from './audition-signals.ts';
import type { LaterConflicts } from './later-conflicts.ts';
import { compareWithWritten } from './written-comparison.ts';

export interface ChangeReport {
  /**
   * Signals the auditions whose events in the calendar were changed or lost, whose slots are taken there, or whose rooms
   * have answered. Records which edited texts stay. Returns the lost writes.
   */
  report(calendar: SyncedCalendar, correlationId: string): Promise<readonly CalendarFinding[]>;
}

/**
 * Creates the report. A signal that was sent, but not recorded as sent, is sent again with the same id, and the audition
 * applies it once.
 */
export const createChangeReport = ({
  syncedEvents,
  laterConflicts,
  signals,
  facts,
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
    | 'listTextEdits'
    | 'markTextsRecorded'
  >;
  readonly laterConflicts: LaterConflicts;
  readonly signals: AuditionSignals;
  readonly facts: Pick<AuditionFacts, 'append'>;
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
        change: withLimit(compared),
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

  /**
   * An answer that was removed, by a person or by our own write of another revision, is no answer. A run that takes an open audition
   * over is told of the answer in a later round.
   */
  const reportAnswer = async (changed: ChangedAnswer): Promise<void> => {
    const { connection, calendar, eventId, auditionId, participant, answer, at, revision } = changed;
    if (answer) {
      const delivered = await signals.answerReported(auditionId, {
        // The number of the change begins anew when the event is written again after its removal.
        inboxId: `${connection}:${calendar}:${eventId}:answer:${revision}:${changed.change}:${at}`,
        participant,
        answer,
        origin: 'calendar',
        revision,
        at,
      });
      if (delivered === 'not_running' && changed.isOpen) return;
    }
    await syncedEvents.markAnswerReported(changed);
  };

  const reportRoomAnswer = async (calendar: SyncedCalendar, answered: RoomAnswerChange): Promise<void> => {
    const {
      auditionId,
      eventId,
      writtenRevision: revision,
      answer,
      etag = '',
      incarnation,
      change,
    } = answered;
    const { provider, connection } = calendar;
    const delivered = await signals.calendarChanged(auditionId, {
      provider,
      connection,
      revision,
      inboxId: `${connection}:${calendar.calendar}:${eventId}:${revision}:room:${answer}:${etag}`,
      // An answer that is delivered late must not replace a later one. The event itself has an order of its own.
      ...(incarnation === undefined ? {} : { order: { incarnation: `${incarnation}:room`, change } }),
      change: { kind: 'room_answered', answer },
    });
    if (delivered === 'not_running' && answered.isOpen) return;
    await syncedEvents.markRoomAnswerReported(answered);
  };

  /**
   * A text that a person has edited stays until ours is another one. That is no question, and no signal: the decision is on the
   * trail, once for each edit. A fact that was appended, but not marked as recorded, is appended again with the same key.
   */
  const recordTexts = async (
    { provider }: SyncedCalendar,
    edit: TextEdit,
    correlationId: string,
  ): Promise<void> => {
    const { connection, auditionId, participant, texts } = edit;
    if (texts.length > 0) {
      const principal = providerPrincipal(provider);
      const about = { auditionId, correlationId, principal };
      await facts.append(about, `${rowOf(edit, edit)}:texts:${edit.change}`, {
        type: 'calendar_changed',
        ...(participant === undefined ? {} : { participant }),
        provider,
        connection,
        change: 'text_edited',
        outcome: 'kept',
        texts: [...texts],
      });
    }
    await syncedEvents.markTextsRecorded(edit);
  };

  return {
    report: async (calendar, correlationId) => {
      const findings: CalendarFinding[] = [];
      for (const event of await syncedEvents.listChanged(calendar)) {
        const finding = await reportChange(calendar, event);
        if (finding) findings.push(finding);
      }
      for (const edit of await syncedEvents.listTextEdits(calendar)) {
        await recordTexts(calendar, edit, correlationId);
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

/** A person can move an event to any time. The audition cannot follow to each. */
const withLimit = (change: CalendarChangeOf): CalendarChangeOf => {
  if (change.kind !== 'moved') return change;
  const exceeds = exceededLimit(change, toInstant(Date.now()));
  return exceeds ? { ...change, exceeds } : change;
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
