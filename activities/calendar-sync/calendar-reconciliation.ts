/**
 * Compares a calendar with what this service believes, after each listing of all its events. What a person has changed is
 * asked about by the change report. This part finds what no change tells: records, events and writes that are missing, and
 * events that must not be there.
 */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { CalendarRemovals } from '../../db/calendars/removals.ts';
import type { CalendarKey } from '../../db/calendars/sync-progress.ts';
import type {
  SyncedCalendar,
  SyncedCalendars,
  WrittenCalendar,
} from '../../db/calendars/synced-calendars.ts';
import type { OwnEvent, SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import type { ReconciliationRound } from '../../domain/calendars/reconciliation-round.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { hour } from '../../domain/time/units.ts';
import type { Providers } from '../../providers/ports.ts';
import type { AuditionFacts } from './audition-facts.ts';
import { isHidden } from './busy-time-reading.ts';
import type { CalendarUses } from './calendar-uses.ts';
import type { Listing } from './listing.ts';
import { createMissingRecords } from './missing-records.ts';
import type { SyncRound } from './sync-round.ts';
import { createUnaccountedEvents, type Settled } from './unaccounted-events.ts';
import { compareWithWritten } from './written-comparison.ts';

export interface CalendarReconciliation {
  /** Whether all events of the calendar must be listed again, to be compared. */
  isDue(calendar: SyncedCalendar, round: Pick<SyncRound, 'input' | 'isPoll'>): boolean;
  /**
   * Whether a listing of all events that began after the request is complete and was compared. What could not be repaired for now
   * is reported, and the request does not wait for it.
   */
  isDone(calendar: SyncedCalendar, request: ReconciliationRound, isPostponed: boolean): boolean;
  /**
   * Compares the calendar if a listing of all events was completed since the last comparison. Idempotent: what was repaired
   * is not found again. Call it before the change report, which asks about what a person has changed. A comparison that is
   * not complete is continued in the next round. One with a postponed repair is done again by the next round.
   */
  reconcile(round: SyncRound, key: CalendarKey): Promise<Settled>;
  /** Removes our events that no step accounts for from a calendar that is not used any more. @throws {ProviderError} */
  removeLeftovers(round: SyncRound, calendar: WrittenCalendar): Promise<Settled>;
}

export interface CalendarReconciliationDependencies {
  readonly repositories: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly syncedCalendars: Pick<SyncedCalendars, 'find' | 'markReconciled' | 'markDryRun'>;
    readonly syncedEvents: Pick<
      SyncedEvents,
      | 'listUnaccounted'
      | 'listElsewhere'
      | 'listOutdated'
      | 'listUnrecorded'
      | 'listOwn'
      | 'markMissing'
      | keyof CalendarRemovals
    >;
    readonly writtenEvents: Pick<WrittenEvents, 'record' | 'findUids' | 'findCreations'>;
  };
  readonly providers: Pick<Providers, 'calendars'>;
  /** How often all events are listed again. 0: only when the vendor demands it, or an operator. */
  readonly reconciliationHours: number;
  readonly uses: CalendarUses;
  readonly listing: Listing;
  readonly facts: AuditionFacts;
}

/** How often a calendar with damaged events is listed, at least: only that finds out that they were repaired. */
const damagedHours = 24;

/** Creates the reconciliation. */
export const createCalendarReconciliation = ({
  repositories: { auditions, syncedCalendars, syncedEvents, writtenEvents },
  providers: { calendars },
  reconciliationHours,
  uses,
  listing,
  facts,
}: CalendarReconciliationDependencies): CalendarReconciliation => {
  const recordMissing = createMissingRecords({ auditions, syncedEvents, writtenEvents, uses });
  const removeUnaccounted = createUnaccountedEvents({
    auditions,
    syncedEvents,
    writtenEvents,
    calendars,
    uses,
    listing,
    facts,
  });

  return {
    isDue: (
      { progress, listingBeganAt, listedAt, createdAt, isDamaged },
      { input: { reconcile }, isPoll },
    ) => {
      if (reconcile?.requestedAt !== undefined) return isEarlier(listingBeganAt, reconcile.requestedAt);
      if (progress?.position.kind !== 'changes' || progress.position.page !== undefined) return false;
      if (reconcile) return isPoll && reconcile.isFirst;
      // By age alone: the time of each poll can be too short for the calendar, so that other rounds read it.
      const every = [reconciliationHours, ...(isDamaged ? [damagedHours] : [])].filter((hours) => hours > 0);
      return Date.now() - toEpochMs(listedAt ?? createdAt) > Math.min(...every) * hour;
    },

    // A vendor without cursors lists everything each time.
    isDone: (calendar, { isDryRun, requestedAt }, isPostponed) => {
      const { state, listedAt, reconciledAt, dryRunAt, isBusyOnly } = calendar;
      // Nothing is listed of a calendar whose events are hidden.
      if (state === 'unavailable' || isHidden(calendar)) return true;
      return (
        state === 'in_sync' &&
        listedAt !== undefined &&
        // Nothing is reconciled in a calendar that only counts as busy.
        (isBusyOnly || isPostponed || listedAt === (isDryRun ? dryRunAt : reconciledAt)) &&
        !isEarlier(listedAt, requestedAt)
      );
    },

    reconcile: async (round, key) => {
      const calendar = await syncedCalendars.find(key);
      const isDryRun = round.input.reconcile?.isDryRun === true;
      const { listedAt, reconciledAt, dryRunAt } = calendar ?? {};
      const isCompared = listedAt === (isDryRun ? dryRunAt : reconciledAt);
      if (!calendar || calendar.isBusyOnly || listedAt === undefined || isCompared)
        return { findings: [], isComplete: true };
      const recorded = await recordMissing(round, calendar, listedAt, isDryRun);
      if (!isDryRun) await syncedEvents.markMissing(calendar, listedAt);
      const differing = (await syncedEvents.listOwn(calendar)).flatMap((event) =>
        differenceOf(event, isDryRun),
      );
      const outdated = (await syncedEvents.listOutdated(calendar, listedAt)).map(
        ({ auditionId, participant }) => ({
          calendar: calendar.calendar,
          auditionId,
          participant,
          fault: 'event_outdated' as const,
          repair: 'none' as const,
        }),
      );
      const removed = await removeUnaccounted(round, calendar, isDryRun);
      const isComplete = recorded.isComplete && removed.isComplete;
      const { isPostponed } = removed;
      // A dry run repairs nothing, so the next round compares the calendar as if there had been none.
      if (isDryRun) await syncedCalendars.markDryRun(calendar, listedAt);
      else if (isComplete && !isPostponed) await syncedCalendars.markReconciled(calendar, listedAt);
      const findings = [...recorded.findings, ...differing, ...outdated, ...removed.findings];
      return { findings, isComplete, isPostponed };
    },

    removeLeftovers: (round, calendar) => removeUnaccounted(round, calendar, false),
  };
};

const isEarlier = (at: Instant | undefined, than: Instant | undefined): boolean =>
  than !== undefined && (at === undefined || toEpochMs(at) < toEpochMs(than));

/** Returns the finding. The change report repairs lost writes and returns them, so only a dry run includes them. */
const differenceOf = (event: OwnEvent, isDryRun: boolean): readonly CalendarFinding[] => {
  const { calendar, auditionId, participant } = event;
  const about = { calendar, auditionId, participant };
  const compared = compareWithWritten(event);
  if (compared === 'in_progress') return [];
  switch (compared.kind) {
    case 'moved':
      return [{ ...about, fault: 'event_moved', repair: 'asked' }];
    case 'deleted':
      return [{ ...about, fault: 'event_deleted', repair: 'asked' }];
    case 'lost':
      return isDryRun ? [{ ...about, fault: 'write_lost', repair: 'rewritten' }] : [];
    case 'put_back':
    case 'conflict':
    case 'conflict_over':
    case 'room_answered':
      return [];
  }
};
