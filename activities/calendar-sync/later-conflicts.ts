/**
 * Compares the slots of booked auditions with the events of their participants' calendars, by the rules of the claim, and
 * signals the auditions whose conflicts have changed.
 */
import { createHash } from 'node:crypto';
import type { SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { BusyTimes } from '../../db/calendars/busy-times.ts';
import type {
  BookedParticipant,
  NearbyEvent,
  ParticipantConflicts,
} from '../../db/calendars/participant-conflicts.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import { type CalendarChangeOf, mostConflicts } from '../../domain/audition/calendar-change.ts';
import { conflictsWithSlot } from '../../domain/audition/conflict-rules.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { createForeignEvents } from '../calendar/foreign-events.ts';
import type { AuditionSignals } from './audition-signals.ts';
import { createHiddenConflicts } from './hidden-conflicts.ts';
import { roomOf } from './slot-reach.ts';

export interface LaterConflicts {
  /**
   * Signals the auditions whose conflicts with events in the calendar have changed. A signal that was sent, but not confirmed,
   * is sent again with the same id, and the audition applies it once. Rounds of several connections can report about one
   * participant: each report has its place in their order, and the events are compared again after it.
   */
  report(calendar: SyncedCalendar): Promise<void>;
}

interface Dependencies {
  readonly participantConflicts: Pick<ParticipantConflicts, 'listBooked' | 'beginReport' | 'confirmReport'>;
  readonly holds: Pick<SlotHolds, 'findKnown'>;
  readonly writtenEvents: Pick<WrittenEvents, 'findUids' | 'findCreations'>;
  readonly busyTimes: Pick<BusyTimes, 'listOwn'>;
  readonly signals: Pick<AuditionSignals, 'calendarChanged'>;
}

/** Bounds the time for one participant. The next round reports what is left. */
const maxPasses = 5;

/** Creates the comparison. */
export const createLaterConflicts = ({
  participantConflicts,
  holds,
  writtenEvents,
  busyTimes,
  signals,
}: Dependencies): LaterConflicts => {
  const foreignEvents = createForeignEvents({ holds, writtenEvents });
  const withoutOwn = createHiddenConflicts(busyTimes);

  const conflictsOf = async (booked: BookedParticipant): Promise<readonly NearbyEvent[]> => {
    const { auditionId, participant, slot, rules } = booked;
    const isRoom = participant === roomUser;
    const isConflict = (event: NearbyEvent): boolean =>
      conflictsWithSlot(slot, roomOf(booked), { ...event, isRoom }, rules);
    const near = booked.events.filter(isConflict);
    const parts = await withoutOwn(booked, near);
    return foreignEvents({ auditionId, tentative: rules.tentative }, parts.filter(isConflict));
  };

  /** Returns the place of the report. Undefined: another round has begun one since the events were listed. */
  const orderOf = async (booked: BookedParticipant, digest: string | undefined) => {
    const { lastReport } = booked;
    const isRepeated = lastReport !== undefined && !lastReport.isConfirmed && lastReport.digest === digest;
    return isRepeated ? lastReport.order : participantConflicts.beginReport(booked, digest);
  };

  /** Returns whether the events must be listed again: others can have been stored, and reported, since they were listed. */
  const reportOne = async (
    { provider, connection }: SyncedCalendar,
    booked: BookedParticipant,
  ): Promise<boolean> => {
    const { auditionId, participant, revision, lastReport } = booked;
    const conflicts = await conflictsOf(booked);
    const digest = digestOf(booked, conflicts);
    const isKnown = lastReport
      ? lastReport.isConfirmed && lastReport.digest === digest
      : digest === undefined;
    if (isKnown) return false;
    const order = await orderOf(booked, digest);
    if (!order) return true;
    const outcome = await signals.calendarChanged(auditionId, {
      ...(participant === roomUser ? {} : { participant }),
      provider,
      connection,
      revision,
      inboxId: `conflict:${order.incarnation}:${revision}:${order.change}:${digest ?? 'over'}`,
      order,
      change: changeOf(connection, conflicts),
    });
    // A run that takes the audition over is told in a later round.
    if (outcome === 'not_running') return false;
    await participantConflicts.confirmReport(booked, order);
    return true;
  };

  return {
    report: async (calendar) => {
      for (const listed of await participantConflicts.listBooked(calendar)) {
        let booked: BookedParticipant | undefined = listed;
        for (let pass = 0; booked && pass < maxPasses; pass += 1) {
          if (!(await reportOne(calendar, booked))) break;
          [booked] = await participantConflicts.listBooked(calendar, booked);
        }
      }
    },
  };
};

/** Identifies the revision, the conflicting events and their times. Stored digests of earlier versions are the same. */
const digestOf = ({ revision }: BookedParticipant, conflicts: readonly NearbyEvent[]): string | undefined => {
  if (conflicts.length === 0) return undefined;
  const texts = [...new Set(conflicts.map(({ text }) => text))].join(' ');
  return `${revision}:${createHash('md5').update(texts).digest('hex')}`;
};

const changeOf = (
  reportedFor: SyncedCalendar['connection'],
  conflicts: readonly NearbyEvent[],
): CalendarChangeOf => {
  const [first, ...others] = conflicts
    .toSorted((a, b) => a.start.localeCompare(b.start) || a.end.localeCompare(b.end))
    .slice(0, mostConflicts)
    .map(({ start, end, connection, provider }) => ({
      start,
      end,
      ...(connection === reportedFor ? {} : { connection, ...(provider ? { provider } : {}) }),
    }));
  return first
    ? { kind: 'conflict', ...first, ...(others.length > 0 ? { others } : {}) }
    : { kind: 'conflict_over' };
};
