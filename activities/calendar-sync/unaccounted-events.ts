/**
 * Removes events of ours that no step accounts for: an effect came after its removal, or a write was carried out twice. An
 * event stays when its audition is unknown here, because another installation can use the same calendar.
 */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { UnaccountedEvent } from '../../db/calendars/unaccounted-events.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Providers } from '../../providers/ports.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import type { CalendarUses } from './calendar-uses.ts';
import { type SyncRound, startCall } from './sync-round.ts';

/** Bounds the time of a round. The next reconciliation removes the others. */
const maxEvents = 50;
/** A vendor that finds events by their mark deletes one of several with each call. */
const maxCopies = 6;

/** Creates the function that removes them. Idempotent. In a dry run, it only finds them. */
export const createUnaccountedEvents =
  ({
    auditions,
    syncedEvents,
    calendars,
    uses,
  }: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly syncedEvents: Pick<SyncedEvents, 'listUnaccounted' | 'discard'>;
    readonly calendars: Providers['calendars'];
    readonly uses: Pick<CalendarUses, 'isUsed'>;
  }) =>
  async (
    round: SyncRound,
    calendar: SyncedCalendar,
    isDryRun: boolean,
  ): Promise<readonly CalendarFinding[]> => {
    const removeFromCalendar = async ({ auditionId, eventId, isDuplicate }: UnaccountedEvent) => {
      const event = {
        calendarId: calendar.calendarId,
        eventId: eventIdFor(auditionId),
        reference: auditionId,
        keys: 'all',
        ...(isDuplicate ? { only: eventId } : {}),
      } as const;
      for (let copy = 0; copy < maxCopies; copy += 1) {
        const outcome = await calendars[calendar.provider].deleteEvent(
          round.account,
          event,
          startCall(round),
        );
        if (outcome === 'absent' || isDuplicate) return;
      }
    };

    const judge = async (event: UnaccountedEvent): Promise<CalendarFinding | undefined> => {
      const { auditionId, isDuplicate } = event;
      const about = { calendar: calendar.calendar, auditionId };
      const view = await auditions.get(calendar.organization, auditionId);
      if (!view) return { ...about, fault: 'event_unknown', repair: 'none' };
      if (!isDuplicate) {
        // A step is recorded before its write, and after its result: an audition that has just changed may be between.
        const isSettled = toEpochMs(view.updatedAt) < toEpochMs(calendar.listedAt ?? calendar.createdAt);
        if (view.state !== 'closed' && !isSettled) return undefined;
        if (await uses.isUsed(round, calendar, auditionId)) return undefined;
      }
      const fault = isDuplicate ? 'event_duplicated' : 'event_orphaned';
      return { ...about, fault, repair: 'removed' };
    };

    const settle = async (event: UnaccountedEvent): Promise<CalendarFinding | undefined> => {
      const finding = await judge(event);
      if (finding?.repair !== 'removed' || isDryRun) return finding;
      try {
        await removeFromCalendar(event);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect' || isTransient(error.fault))
          throw error;
        return { ...finding, failure: error.fault.kind };
      }
      await syncedEvents.discard(event);
      return finding;
    };

    const findings: CalendarFinding[] = [];
    for (const event of await syncedEvents.listUnaccounted(calendar, maxEvents)) {
      const finding = await settle(event);
      if (finding) findings.push(finding);
    }
    return findings;
  };
