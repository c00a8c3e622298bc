/**
 * Lists the changes of a calendar with sync tokens:
 * https://developers.google.com/workspace/calendar/api/guides/sync
 *
 * `singleEvents` is true, so Google expands series, also in a list of changes. The alternative, series with their rules,
 * would leave the expansion to us. A changed series is listed with each of its occurrences, at most some hundreds.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { nearestInstant, toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { nextPageField } from '../next-page.ts';
import { optionalField } from '../optional-field.ts';
import type { CalendarChanges, EventMark, ListedChange, ListedEvent, ListingPosition } from '../ports.ts';
import { editedTexts } from '../text-digest.ts';
import { createLeftOut, type ReportUnreadable, reportZone } from '../unreadable-events.ts';
import {
  type CalendarRequest,
  type ChangedEvent,
  changedEventSchema,
  type FoundEvent,
  itemFields,
  listOperation,
} from './changed-event.ts';
import { createGooglePush } from './channels.ts';
import type { GoogleClient } from './client.ts';
import { referenceProperty, revisionProperty, storedTextsOf, textProperty } from './event.ts';
import { firstGenerationOf } from './event-ids.ts';
import { roomAnswerOf, roomProperty } from './event-room.ts';
import { type ListingPlace, readPlace, type UnreadEvent, writePlace } from './listing-place.ts';
import { changesPerPage, pageDeadlineMs, readingMs, readsPerPageOf } from './settings.ts';
import { googleBusyKind, ownersAnswer, timesOf, unknownZoneOf } from './timed-event.ts';
import { type Reading, readUnread } from './unread-events.ts';

const pageFields = z.object({
  /** Google always sends it. Emulators do not. */
  timeZone: optionalField(z.string())
    .transform((zone) => zone || 'UTC')
    .describe('The zone of the calendar'),
  nextPageToken: nextPageField.describe('Missing on the last page'),
  nextSyncToken: optionalField(z.string().min(1)).describe('On the last page only'),
  items: z.array(z.unknown()).nullish().describe('Read one by one'),
});

/** A page without events has an empty list, or a token. An answer without all of them is none of Google, and lists nothing. */
const pageSchema = pageFields.refine(
  ({ items, nextPageToken, nextSyncToken }) => (items ?? nextPageToken ?? nextSyncToken) !== undefined,
  { path: ['items'] },
);

const fields = `timeZone,nextPageToken,nextSyncToken,items(${itemFields})`;

interface Options {
  /** Smaller in tests. */
  readonly pageSize?: number | undefined;
  /** For how long a page begins to read events, in milliseconds. Shorter in tests. */
  readonly readForMs?: number | undefined;
  /** The quota of an account. Undefined or 0: no limit of ours. */
  readonly requestsPerMinute?: number | undefined;
  /** Is called with the events of a page that are left out. */
  readonly reportUnreadable?: ReportUnreadable | undefined;
}

/** Creates the changes of Google calendars. */
export const createGoogleChanges = (
  client: GoogleClient,
  {
    pageSize = changesPerPage,
    readForMs = readingMs,
    requestsPerMinute,
    reportUnreadable = () => {},
  }: Options = {},
): CalendarChanges => {
  const reading = { readForMs, most: readsPerPageOf(requestsPerMinute) };
  return {
    name: 'google',
    pageDeadlineMs,
    push: createGooglePush(client),
    requestsOf: ({ page }) => Math.min(readPlace(page)?.unread.length ?? 1, reading.most),
    listChanges: async (connection, calendarId, position, call) => {
      const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
      const request = { connection, calendarId, call, leftOut };
      const place = readPlace(position.page);
      const page = place
        ? await readPage(client, request, place, reading)
        : await listPage(client, request, position, pageSize);
      if (page === 'expired') return { kind: 'cursor_expired' };
      const { zone, found, nextPage, nextCursor, interruptedBy } = page;
      // A time that cannot be read is no deletion: what is stored of the event stays.
      const readable = found.filter(({ item, isUnread }) => {
        const isReadable = item.status === 'cancelled' || timesOf(item, zone) !== 'unreadable';
        if (!isReadable && !isUnread) leftOut.add('unreadable_event: time', { by: 'id', id: item.id });
        return isReadable;
      });
      for (const { item } of readable) reportZone(leftOut, unknownZoneOf(item, zone));
      leftOut.report();
      return {
        kind: 'page',
        changes: readable.map((event) => changeOf(event, zone, connection.account)),
        leftOut: leftOut.found(),
        nextPage,
        nextCursor,
        interruptedBy,
      };
    },
  };
};

interface FoundPage {
  readonly zone: string;
  readonly found: readonly FoundEvent[];
  readonly nextPage: string | undefined;
  readonly nextCursor: string | undefined;
  readonly interruptedBy?: ProviderError | undefined;
}

const readPage = async (
  client: GoogleClient,
  request: CalendarRequest,
  place: ListingPlace,
  reading: Reading,
): Promise<FoundPage> => {
  const { found, unread, interruptedBy } = await readUnread(client, request, place, reading);
  return { zone: place.zone, found, interruptedBy, ...continued({ ...place, unread }) };
};

/** Requests a page of the list. The next pages read the events that must be read: until then, their times count. */
const listPage = async (
  client: GoogleClient,
  { connection, calendarId, call, leftOut }: CalendarRequest,
  position: ListingPosition,
  pageSize: number,
): Promise<FoundPage | 'expired'> => {
  const query = {
    calendarId,
    singleEvents: true,
    maxResults: pageSize,
    // Of a longer list of attendees, Google returns the owner of the calendar only.
    maxAttendees: 1,
    fields,
    ...positionParameters(position),
  };
  const page = await client
    .exchange(listOperation, connection, call, pageSchema, (calendar, options) =>
      calendar.events.list(query, options),
    )
    .catch((error: unknown) => {
      if (isExpired(error, position)) return 'expired' as const;
      throw error;
    });
  if (page === 'expired') return page;
  const { found, unread } = sort(leftOut.read(changedEventSchema, page.items ?? []));
  const { timeZone: zone, nextPageToken: nextPage, nextSyncToken: nextCursor } = page;
  return { zone, found, ...continued({ zone, nextPage, nextCursor, unread }) };
};

const continued = (place: ListingPlace): Pick<FoundPage, 'nextPage' | 'nextCursor'> =>
  place.unread.length > 0
    ? { nextPage: writePlace(place), nextCursor: undefined }
    : { nextPage: place.nextPage, nextCursor: place.nextCursor };

/**
 * A sync token excludes `timeMin` and other filters; all other parameters must be those of the first list:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events/list
 */
const positionParameters = (position: ListingPosition) => ({
  ...(position.kind === 'all' ? { timeMin: position.since } : { syncToken: position.cursor }),
  ...(position.page === undefined ? {} : { pageToken: position.page }),
});

/**
 * Only of a list: what a single event is answered says nothing about a token. 410 means that the token is no longer valid, whatever its reason says. A token that Google cannot read is a 400. Either is
 * of no use any more:
 * https://developers.google.com/workspace/calendar/api/guides/errors#410_gone
 */
const isExpired = (error: unknown, { kind, page }: ListingPosition): boolean =>
  error instanceof ProviderError &&
  (kind === 'changes' || page !== undefined) &&
  (error.vendor.status === 410 || error.fault.kind === 'rejected_input');

/**
 * Tells what the list says completely from what must be read. The list has the guests of an event only when the room is the only
 * one, and no texts, so events of ours are read. The instances of an event that a person has repeated have no texts of their
 * own: those of the series count. The list has its instances and not the event itself, which is where its first instance is.
 */
const sort = (
  items: readonly ChangedEvent[],
): { readonly found: readonly FoundEvent[]; readonly unread: readonly UnreadEvent[] } => {
  const found: FoundEvent[] = [];
  const unread: UnreadEvent[] = [];
  const series = new Set<string>();
  for (const item of items) {
    const { id, status, attendees, extendedProperties, recurringEventId } = item;
    const {
      [referenceProperty]: reference,
      [roomProperty]: email,
      [textProperty]: textMark,
    } = extendedProperties?.private ?? {};
    if (reference !== undefined && recurringEventId !== undefined) series.add(recurringEventId);
    const [only, ...others] = attendees;
    const isListed = email === undefined || (only?.resource === true && others.length === 0);
    const isComplete = isListed && (textMark === undefined || recurringEventId !== undefined);
    if (status !== 'cancelled' && !isComplete) {
      unread.push({ id, kind: email === undefined ? 'event' : 'room' });
      found.push({ item, hasTexts: false, isUnread: true });
      continue;
    }
    const isAnswered = status !== 'cancelled' && email !== undefined && only !== undefined;
    found.push({ item, hasTexts: false, ...(isAnswered && { roomAnswer: roomAnswerOf(only) }) });
  }
  return { found, unread: [...unread, ...[...series].map((id) => ({ id, kind: 'series' }) as const)] };
};

const changeOf = (event: FoundEvent, zone: string, owner: string): ListedChange => {
  const { item, roomAnswer } = event;
  return {
    id: item.id,
    series: item.recurringEventId,
    uid: item.iCalUID,
    event: item.status === 'cancelled' ? undefined : eventOf(item, zone, owner),
    mark: markOf(event),
    roomAnswer,
    isPartial: event.isUnread,
  };
};

/** Returns undefined for an event without times: it blocks none. */
const eventOf = (item: ChangedEvent, calendarZone: string, owner: string): ListedEvent | undefined => {
  const times = timesOf(item, calendarZone);
  if (typeof times === 'string') return undefined;
  const { start, end } = times;
  return {
    start,
    // An imported event can end before it starts.
    end: toInstant(Math.max(toEpochMs(start), toEpochMs(end))),
    zone: item.start?.timeZone ?? calendarZone,
    isAllDay: item.start?.date !== undefined,
    busy: googleBusyKind(item),
    etag: item.etag,
    answer: answerOf(item, owner),
  };
};

/** Each revision that we write resets the answer (`event.ts`). Google does not say when it was given. */
const answerOf = (item: ChangedEvent, owner: string): ListedEvent['answer'] => {
  const given = ownersAnswer(item, owner);
  const changedAt = item.updated === undefined ? undefined : nearestInstant(Date.parse(item.updated));
  return given && { given, changedAt, endsWithRevision: true };
};

/** The instances of an event that a person has repeated have its mark, and ids that begin with its id. */
const markOf = ({ item, hasTexts }: FoundEvent): EventMark | undefined => {
  const { id, recurringEventId, extendedProperties } = item;
  const {
    [referenceProperty]: reference,
    [revisionProperty]: revision,
    [textProperty]: textMark,
  } = extendedProperties?.private ?? {};
  if (reference === undefined) return undefined;
  const eventId = firstGenerationOf(recurringEventId ?? id);
  return {
    eventId,
    reference,
    revision: revision === undefined || !/^\d{1,9}$/.test(revision) ? undefined : Number(revision),
    edited: hasTexts ? editedTexts(textMark, storedTextsOf(item), eventId) : undefined,
  };
};
