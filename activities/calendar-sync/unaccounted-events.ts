/**
 * Removes events of ours that no step accounts for: an effect came after its removal, or a write was carried out twice. An
 * event stays when its audition is unknown here, because another installation can use the same calendar.
 */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { BegunRemoval, CalendarRemovals } from '../../db/calendars/removals.ts';
import type { CalendarKey } from '../../db/calendars/sync-progress.ts';
import type { WrittenCalendar } from '../../db/calendars/synced-calendars.ts';
import type { SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { UnaccountedEvent } from '../../db/calendars/unaccounted-events.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Providers } from '../../providers/ports.ts';
import { findCreated } from '../calendar/own-creations.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import type { AuditionFacts } from './audition-facts.ts';
import type { CalendarUses } from './calendar-uses.ts';
import type { Listing } from './listing.ts';
import { type SyncRound, startCall } from './sync-round.ts';

/** Bounds the time of a round. The next round removes the others. */
const maxRemovals = 50;
const eventsPerPage = 100;
/** A vendor that finds events by their mark deletes one of several with each call. */
const maxCopies = 6;

export interface Settled {
  readonly findings: readonly CalendarFinding[];
  /** Whether all were looked at. */
  readonly isComplete: boolean;
  /** Whether a repair has failed for now. The next round that reads the calendar tries it again. */
  readonly isPostponed?: boolean | undefined;
}

/**
 * Creates the function that removes them. Idempotent. In a dry run, it only finds them. An event that a person has moved to
 * another calendar of theirs stays: the audition asks about its deletion in the first one. So does a copy that keeps the id, as in
 * CalDAV (RFC 4791, section 5.3.2.1, permits a UID once in each calendar): it is that person's own event, and no finding.
 */
export const createUnaccountedEvents =
  ({
    auditions,
    syncedEvents,
    writtenEvents,
    calendars,
    uses,
    listing,
    facts,
  }: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly syncedEvents: Pick<SyncedEvents, 'listUnaccounted' | 'listElsewhere' | keyof CalendarRemovals>;
    readonly writtenEvents: Pick<WrittenEvents, 'findCreations'>;
    readonly calendars: Providers['calendars'];
    readonly uses: Pick<CalendarUses, 'isUsed' | 'placeOf'>;
    readonly listing: Listing;
    readonly facts: AuditionFacts;
  }) =>
  async (round: SyncRound, calendar: WrittenCalendar, isDryRun: boolean): Promise<Settled> => {
    const removeFromCalendar = async ({ auditionId, eventId, isDuplicate }: UnaccountedEvent) => {
      const event = {
        calendarId: calendar.calendarId,
        eventId: eventIdFor(auditionId),
        reference: auditionId,
        created: await findCreated({ writtenEvents, provider: calendars[calendar.provider] }, auditionId),
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

    /**
     * Reads a calendar again in which the event was. A fault of that calendar says nothing about this one: it is reported when
     * that calendar is read.
     */
    const readAgain = async (key: CalendarKey): Promise<'more' | 'done'> => {
      try {
        return await listing.readAgain(round, key);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
        return 'more';
      }
    };

    /** Whether the event was moved here from another calendar. That calendar is read first, if it was read before this one. */
    const wasMovedHere = async (event: UnaccountedEvent): Promise<boolean | 'unknown'> => {
      const { listedAt } = calendar;
      const outdated = (await syncedEvents.listElsewhere(event)).filter(
        ({ isRemoved, syncedAt }) =>
          !isRemoved &&
          (syncedAt === undefined || (listedAt !== undefined && toEpochMs(syncedAt) < toEpochMs(listedAt))),
      );
      for (const { calendar: name } of outdated) {
        if ((await readAgain({ connection: event.connection, calendar: name })) === 'more') return 'unknown';
      }
      return (await syncedEvents.listElsewhere(event)).some(({ isRemoved }) => isRemoved);
    };

    /**
     * Whether a person has copied the event of another calendar to this one. No step has written to this one: the effect of a step that
     * comes late is a leftover. The event of a closed audition is a copy unless the other one is known to be gone.
     */
    const isCopy = async (event: UnaccountedEvent, isClosed: boolean): Promise<boolean> => {
      const { organization, connection } = calendar;
      const elsewhere = await syncedEvents.listElsewhere(event);
      const place = await uses.placeOf(round, calendar, event.auditionId);
      if (place === 'here') return false;
      if (elsewhere.some(({ isRemoved }) => !isRemoved)) return true;
      if (!isClosed || elsewhere.length > 0 || place === 'nowhere') return false;
      return !(await facts.isDeletionKnown(organization, event.auditionId, connection));
    };

    /** The removal is on the trail of its audition, once, and forgotten then. */
    const recordRemoval = async (removal: BegunRemoval): Promise<void> => {
      const { id, auditionId, eventId, reason } = removal;
      const { provider, connection } = calendar;
      await facts.append({ auditionId, correlationId: round.input.correlationId }, `calendar-removal:${id}`, {
        type: 'calendar_event_removed',
        provider,
        connection,
        eventId,
        reason,
      });
      await syncedEvents.endRemoval(removal);
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
        if (view.state !== 'closed') {
          const isMoved = await wasMovedHere(event);
          if (isMoved === 'unknown') return undefined;
          if (isMoved) return { ...about, fault: 'event_relocated', repair: 'asked' };
        }
        if (await isCopy(event, view.state === 'closed')) return undefined;
      }
      const fault = isDuplicate ? 'event_duplicated' : 'event_orphaned';
      return { ...about, fault, repair: 'removed' };
    };

    const settle = async (event: UnaccountedEvent): Promise<CalendarFinding | undefined> => {
      const finding = await judge(event);
      if (isDryRun) return finding;
      if (finding?.repair !== 'removed') {
        await syncedEvents.dropRemoval(event);
        return finding;
      }
      const { connection, eventId, auditionId, isDuplicate } = event;
      const removal = await syncedEvents.beginRemoval({
        connection,
        calendar: calendar.calendar,
        eventId,
        auditionId,
        reason: isDuplicate ? 'duplicated' : 'orphaned',
      });
      // Another round has removed it, or the audition has just written it.
      if (!removal) return undefined;
      try {
        await removeFromCalendar(event);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
        // The change report must not wait for it.
        if (isTransient(error.fault)) isPostponed = true;
        else await syncedEvents.dropRemoval(removal);
        return { ...finding, failure: error.fault.kind };
      }
      await recordRemoval(removal);
      return finding;
    };

    if (!isDryRun) {
      for (const removal of await syncedEvents.listDoneRemovals(calendar)) await recordRemoval(removal);
    }
    const findings: CalendarFinding[] = [];
    let isPostponed = false;
    let removals = 0;
    for (let after: string | undefined; ; ) {
      const page = await syncedEvents.listUnaccounted(calendar, { after, limit: eventsPerPage });
      for (const event of page) {
        const isLate = Date.now() > round.until;
        if (isPostponed && isLate) return { findings, isComplete: true, isPostponed };
        if (removals >= maxRemovals || (removals > 0 && isLate)) return { findings, isComplete: false };
        const finding = await settle(event);
        if (finding?.repair === 'removed' && finding.failure === undefined && !isDryRun) removals += 1;
        if (finding) findings.push(finding);
      }
      if (page.length < eventsPerPage) return { findings, isComplete: true, isPostponed };
      after = page.at(-1)?.eventId;
    }
  };
