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
   * Signals the auditions whose conflicts with events in the calendar have changed. A signal that was sent, but not recorded
   * as sent, is sent again with the same id, and the audition applies it once.
   */
  report(calendar: SyncedCalendar): Promise<void>;
}

interface Dependencies {
  readonly participantConflicts: Pick<ParticipantConflicts, 'listBooked' | 'beginReport' | 'markReported'>;
  readonly holds: Pick<SlotHolds, 'findKnown'>;
  readonly writtenEvents: Pick<WrittenEvents, 'findUids'>;
  readonly busyTimes: Pick<BusyTimes, 'listOwn'>;
  readonly signals: Pick<AuditionSignals, 'calendarChanged'>;
}

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

  const reportOne = async (
    { provider, connection }: SyncedCalendar,
    booked: BookedParticipant,
    conflicts: readonly NearbyEvent[],
    digest: string | undefined,
  ): Promise<void> => {
    const { auditionId, participant, revision, change } = booked;
    const incarnation = await participantConflicts.beginReport(booked);
    const outcome = await signals.calendarChanged(auditionId, {
      ...(participant === roomUser ? {} : { participant }),
      provider,
      connection,
      revision,
      inboxId: `conflict:${incarnation}:${revision}:${change}:${digest ?? 'over'}`,
      change: changeOf(connection, conflicts),
    });
    // A run that takes the audition over is told in a later round.
    if (outcome === 'not_running') return;
    await participantConflicts.markReported(booked, digest);
  };

  return {
    report: async (calendar) => {
      for (const booked of await participantConflicts.listBooked(calendar)) {
        const conflicts = await conflictsOf(booked);
        const digest = digestOf(booked, conflicts);
        if (digest !== booked.reported) await reportOne(calendar, booked, conflicts, digest);
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
    .map(({ start, end, connection }) => ({
      start,
      end,
      ...(connection === reportedFor ? {} : { connection }),
    }));
  return first
    ? { kind: 'conflict', ...first, ...(others.length > 0 ? { others } : {}) }
    : { kind: 'conflict_over' };
};
