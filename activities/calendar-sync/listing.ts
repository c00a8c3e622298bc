/** Lists the changes of a calendar page by page, and stores each page with the position after it. */

import type { EventToStore } from '../../db/calendars/page-to-store.ts';
import type { CalendarKey, SyncProgress } from '../../db/calendars/sync-progress.ts';
import type { SyncedCalendar, SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { SyncedEvents } from '../../db/calendars/synced-events.ts';
import { isStorableText } from '../../db/storable-text.ts';
import { ProviderError } from '../../domain/errors.ts';
import { auditionIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { day } from '../../domain/time/units.ts';
import type { ListedChange } from '../../providers/ports.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { type SyncRound, startCall } from './sync-round.ts';

export interface Listing {
  /**
   * Continues or begins the listing of the calendar. Returns `more` when the time of the round is over.
   * @throws {ProviderError}
   */
  continueListing(round: SyncRound, calendar: SyncedCalendar): Promise<'more' | 'done'>;
  /** Reads the changes of a calendar of the connection once more. Returns `more` when they are not all read. @throws {ProviderError} */
  readAgain(round: SyncRound, key: CalendarKey): Promise<'more' | 'done'>;
}

/** More events than any calendar of a person has. A calendar with more is not synchronized. */
const defaultMaxEvents = 200_000;

/** When a calendar that had too many events is listed from the beginning again: it can be smaller by then. In milliseconds. */
const listedAgainMs = 1 * day;

/** Creates the listing. @param maxEvents smaller in tests */
export const createListing = ({
  syncedCalendars,
  syncedEvents,
  maxEvents = defaultMaxEvents,
}: {
  readonly syncedCalendars: Pick<SyncedCalendars, 'beginListing' | 'find'>;
  readonly syncedEvents: Pick<SyncedEvents, 'storePage' | 'etagsBySeries' | 'sampleSeries'>;
  readonly maxEvents?: number | undefined;
}): Listing => {
  /** Returns where the listing continues, and how many events it has contained so far. */
  const begin = async (round: SyncRound, calendar: SyncedCalendar) => {
    const { progress, listedCount, listingBeganAt } = calendar;
    if (!progress) return { at: await syncedCalendars.beginListing(calendar), listed: 0 };
    if (progress.position.page === undefined) return { at: progress, listed: 0 };
    if (listedCount <= maxEvents) return { at: progress, listed: listedCount };
    if (listingBeganAt !== undefined && Date.now() - toEpochMs(listingBeganAt) < listedAgainMs) {
      throw tooManyEvents(round, progress, maxEvents);
    }
    return { at: await syncedCalendars.beginListing(calendar), listed: 0 };
  };

  const continueListing: Listing['continueListing'] = async (round, calendar) => {
    let { at, listed } = await begin(round, calendar);
    let hasBegunAnew = false;
    const requested = new Set([at.position.page]);
    for (;;) {
      const requestedAt = toInstant(Date.now());
      const answer = await round.provider.listChanges(
        round.account,
        calendar.calendarId,
        at.position,
        startCall(round, round.provider.pageDeadlineMs),
        {
          etags: (series) => syncedEvents.etagsBySeries(calendar, series),
          sample: (most) => syncedEvents.sampleSeries(calendar, most),
        },
      );
      if (answer.kind === 'cursor_expired') {
        // A vendor that rejects its own new pages must not lead to one listing after the other.
        if (hasBegunAnew) throw cursorRejected(round, at);
        hasBegunAnew = true;
        requested.clear();
        at = await syncedCalendars.beginListing(calendar);
        listed = 0;
        continue;
      }
      const { changes, wholeSeries, leftOut, listedUntil, nextPage, nextCursor, interruptedBy } = answer;
      // What cannot be stored cannot be continued, either.
      if (nextPage !== undefined && !isStorableText(nextPage)) throw cursorRejected(round, at);
      const isStored = await syncedEvents.storePage(at, {
        requestedAt,
        events: changes.map(toStore),
        wholeSeries,
        leftOut,
        listedUntil,
        nextPage,
        nextCursor,
      });
      // Another attempt goes on with the listing, so this one ends.
      if (!isStored) return 'more';
      if (nextPage === undefined) return 'done';
      // A vendor whose page is followed by itself, or by an earlier one, must not be asked without end.
      if (requested.has(nextPage)) throw cursorRejected(round, at);
      requested.add(nextPage);
      listed += changes.filter(({ isPartial }) => isPartial !== true).length;
      if (listed > maxEvents) throw tooManyEvents(round, at, maxEvents);
      if (interruptedBy) throw interruptedBy;
      if (Date.now() > round.until) return 'more';
      at = { ...at, position: { ...at.position, page: nextPage } };
    }
  };

  return {
    continueListing,
    readAgain: async (round, key) => {
      const calendar = await syncedCalendars.find(key);
      return calendar ? continueListing(round, calendar) : 'done';
    },
  };
};

/** The fault of the calendar, and of no other. The next poll tries again. */
const cursorRejected = ({ account, provider }: SyncRound, { calendar }: SyncProgress): ProviderError =>
  new ProviderError(
    provider.name,
    'calendar.listChanges',
    { kind: 'rejected_input' },
    { code: 'page_rejected', message: `a listing of ${calendar} cannot be continued` },
    { connection: account.id },
  );

/** The id of an event proves its mark: people copy events, and the marks with them. */
const toStore = ({ id, series, event, mark, uid, roomAnswer, isPartial }: ListedChange): EventToStore => {
  const audition = mark && auditionIdSchema.safeParse(mark.reference).data;
  const isOurs = audition !== undefined && eventIdFor(audition) === mark?.eventId;
  return {
    id,
    series,
    event,
    uid,
    isPartial,
    ...(isOurs
      ? {
          audition,
          revision: mark?.revision,
          creation: mark?.creation,
          isUnproven: mark?.isUnproven,
          edited: mark?.edited,
          roomAnswer,
        }
      : {}),
  };
};

/** The fault of the calendar, and of no other. Its owner must delete events. */
const tooManyEvents = (
  { account, provider }: SyncRound,
  { calendar }: SyncProgress,
  maxEvents: number,
): ProviderError =>
  new ProviderError(
    provider.name,
    'calendar.listChanges',
    { kind: 'rejected_input' },
    { code: 'too_many_events', message: `${calendar} has more than ${maxEvents} events` },
    { connection: account.id },
  );
