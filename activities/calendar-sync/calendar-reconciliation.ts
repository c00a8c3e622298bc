/**
 * Compares a calendar with what this service believes, after each listing of all its events. What a person has changed is
 * asked about by the change report. This part finds what no change tells: records, events and writes that are missing, and
 * events that must not be there.
 */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { CalendarKey, SyncedCalendar, SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { OwnEvent, SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { hour } from '../../domain/time/units.ts';
import type { Providers } from '../../providers/ports.ts';
import type { SyncCalendarsInput } from '../contract.ts';
import { createCalendarUses } from './calendar-uses.ts';
import { createMissingRecords } from './missing-records.ts';
import type { SyncRound } from './sync-round.ts';
import { createUnaccountedEvents } from './unaccounted-events.ts';
import { compareWithWritten } from './written-comparison.ts';

export interface CalendarReconciliation {
  /** Whether all events of the calendar must be listed again, to be compared. */
  isDue(calendar: SyncedCalendar, input: SyncCalendarsInput): boolean;
  /** Whether the last listing of all events is complete and was reconciled. */
  isDone(calendar: SyncedCalendar): boolean;
  /**
   * Compares the calendar if a listing of all events was completed since the last comparison. Idempotent: what was repaired
   * is not found again. Call it before the change report, which asks about what a person has changed.
   * @throws {ProviderError} a transient fault. Then the calendar is compared again.
   */
  reconcile(round: SyncRound, key: CalendarKey): Promise<readonly CalendarFinding[]>;
  /** Removes our events that no step accounts for from a calendar that is not used any more. @throws {ProviderError} */
  removeLeftovers(round: SyncRound, calendar: SyncedCalendar): Promise<readonly CalendarFinding[]>;
}

export interface CalendarReconciliationDependencies {
  readonly repositories: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly ledger: Pick<OperationLedger, 'standingEffects' | 'completedEffects'>;
    readonly syncedCalendars: Pick<SyncedCalendars, 'find' | 'markReconciled'>;
    readonly syncedEvents: Pick<
      SyncedEvents,
      'listUnaccounted' | 'listUnrecorded' | 'listOwn' | 'markMissing' | 'discard'
    >;
    readonly writtenEvents: Pick<WrittenEvents, 'record'>;
  };
  readonly providers: Pick<Providers, 'calendars'>;
  /** How often all events are listed again. 0: only when the vendor demands it, or an operator. */
  readonly reconciliationHours: number;
}

/** Creates the reconciliation. */
export const createCalendarReconciliation = ({
  repositories: { auditions, ledger, syncedCalendars, syncedEvents, writtenEvents },
  providers: { calendars },
  reconciliationHours,
}: CalendarReconciliationDependencies): CalendarReconciliation => {
  const uses = createCalendarUses({ ledger, calendars });
  const recordMissing = createMissingRecords({ auditions, syncedEvents, writtenEvents, uses });
  const removeUnaccounted = createUnaccountedEvents({ auditions, syncedEvents, calendars, uses });

  return {
    isDue: ({ progress, listedAt, createdAt }, { only, reconcile }) => {
      if (only || progress?.position.kind !== 'changes' || progress.position.page !== undefined) return false;
      if (reconcile) return reconcile.isFirst;
      return (
        reconciliationHours > 0 && Date.now() - toEpochMs(listedAt ?? createdAt) > reconciliationHours * hour
      );
    },

    // A vendor without cursors lists everything each time.
    isDone: ({ state, listedAt, reconciledAt }) =>
      state === 'unavailable' || (state === 'in_sync' && listedAt !== undefined && listedAt === reconciledAt),

    reconcile: async (round, key) => {
      const calendar = await syncedCalendars.find(key);
      const { listedAt, reconciledAt } = calendar ?? {};
      if (!calendar || listedAt === undefined || listedAt === reconciledAt) return [];
      const isDryRun = round.input.reconcile?.isDryRun === true;
      const recorded = await recordMissing(round, calendar, listedAt, isDryRun);
      if (!isDryRun) await syncedEvents.markMissing(calendar, listedAt);
      const differing = (await syncedEvents.listOwn(calendar)).flatMap((event) =>
        differenceOf(event, isDryRun),
      );
      const removed = await removeUnaccounted(round, calendar, isDryRun);
      await syncedCalendars.markReconciled(calendar, listedAt);
      return [...recorded, ...differing, ...removed];
    },

    removeLeftovers: (round, calendar) => removeUnaccounted(round, calendar, false),
  };
};

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
