/**
 * Lists the changes of a calendar with sync tokens:
 * https://developers.google.com/workspace/calendar/api/guides/sync
 *
 * `singleEvents` is true, so Google expands series, also in a list of changes. The alternative, series with their rules,
 * would leave the expansion to us. A changed series is listed with each of its occurrences, at most some hundreds.
 */
import { z } from 'zod';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type {
  CalendarChanges,
  CallContext,
  ConnectedAccount,
  EventMark,
  ListedChange,
  ListedEvent,
  ListingPosition,
} from '../ports.ts';
import { createLeftOut, type ReportUnreadable } from '../unreadable-events.ts';
import { createGooglePush } from './channels.ts';
import type { GoogleClient } from './client.ts';
import { referenceProperty, revisionProperty } from './event.ts';
import { firstGenerationOf } from './event-ids.ts';
import { answerOfRoom, attendeesSchema, roomAnswerOf, roomProperty } from './event-room.ts';
import { changesPerPage } from './settings.ts';
import { googleBusyKind, ownersAnswer, timedEventFields, timedEventSchema, timesOf } from './timed-event.ts';

const listOperation = operationOf('google', 'calendar.listChanges');

/** Of a deleted event, only the id is guaranteed. */
const changedEventSchema = timedEventSchema.extend({
  etag: optionalField(z.string()).describe('The entity tag'),
  recurringEventId: optionalField(z.string()).describe('The series of an occurrence'),
  updated: z.iso.datetime({ offset: true }).optional().catch(undefined),
});
type ChangedEvent = z.infer<typeof changedEventSchema>;

const pageSchema = z.object({
  /** Google always sends it. Emulators do not. */
  timeZone: optionalField(z.string())
    .transform((zone) => zone ?? 'UTC')
    .describe('The zone of the calendar'),
  nextPageToken: optionalField(z.string()).describe('Missing on the last page'),
  nextSyncToken: optionalField(z.string()).describe('On the last page only'),
  items: z.array(z.unknown()).nullish().describe('Read one by one'),
});

/** The fields of `pageSchema`, so that Google sends neither texts nor people. */
const itemFields = [
  timedEventFields,
  'etag,recurringEventId,updated',
  `extendedProperties/private(${referenceProperty},${revisionProperty},${roomProperty})`,
].join(',');
const fields = `timeZone,nextPageToken,nextSyncToken,items(${itemFields})`;

/** Creates the changes of Google calendars. @param pageSize smaller in tests @param reportUnreadable is called with events left out */
export const createGoogleChanges = (
  client: GoogleClient,
  pageSize = changesPerPage,
  reportUnreadable: ReportUnreadable = () => {},
): CalendarChanges => ({
  name: 'google',
  push: createGooglePush(client),
  listChanges: async (connection, calendarId, position, call) => {
    const request = {
      calendarId,
      singleEvents: true,
      maxResults: pageSize,
      // Of a longer list of attendees, Google returns the owner of the calendar only.
      maxAttendees: 1,
      fields,
      ...positionParameters(position),
    };
    try {
      const page = await client.exchange(listOperation, connection, call, pageSchema, (calendar, options) =>
        calendar.events.list(request, options),
      );
      const calendarRequest = { connection, calendarId, call, missing: new Set<string>() };
      const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
      const items = leftOut.read(changedEventSchema, page.items ?? []);
      const answers = await roomAnswers(client, calendarRequest, items);
      const series = await repeatedEvents(client, calendarRequest, items);
      // In a calendar that was deleted meanwhile, every event is missing.
      if (calendarRequest.missing.size > 0) await requireCalendar(client, calendarRequest);
      // A time that cannot be read is no deletion: what is stored of the event stays.
      const readable = [...series, ...items].filter((item) => {
        const isReadable = item.status === 'cancelled' || timesOf(item, page.timeZone) !== 'unreadable';
        if (!isReadable) leftOut.add('unreadable_event: time', { by: 'id', id: item.id });
        return isReadable;
      });
      leftOut.report();
      return {
        kind: 'page',
        changes: readable.map((item) => ({
          ...changeOf(item, page.timeZone, connection.account),
          roomAnswer: answers.get(item.id),
        })),
        leftOut: leftOut.found(),
        nextPage: page.nextPageToken,
        nextCursor: page.nextSyncToken,
      };
    } catch (error) {
      if (isExpired(error, position)) return { kind: 'cursor_expired' };
      throw error;
    }
  },
});

/**
 * A sync token excludes `timeMin` and other filters; all other parameters must be those of the first list:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events/list
 */
const positionParameters = (position: ListingPosition) => ({
  ...(position.kind === 'all' ? { timeMin: position.since } : { syncToken: position.cursor }),
  ...(position.page === undefined ? {} : { pageToken: position.page }),
});

/**
 * 410 means that the token is no longer valid, whatever its reason says. A token that Google cannot read is a 400. Either is
 * of no use any more:
 * https://developers.google.com/workspace/calendar/api/guides/errors#410_gone
 */
const isExpired = (error: unknown, { kind, page }: ListingPosition): boolean =>
  error instanceof ProviderError &&
  (kind === 'changes' || page !== undefined) &&
  (error.vendor.status === 410 || error.fault.kind === 'rejected_input');

interface CalendarRequest {
  readonly connection: ConnectedAccount;
  readonly calendarId: string;
  readonly call: CallContext;
  /** The ids of listed events that the calendar does not have. */
  readonly missing: Set<string>;
}

/** A list of one event is the least request that all scopes of ours permit. @throws {ProviderError} `not_found` when the calendar does not exist */
const requireCalendar = (
  client: GoogleClient,
  { connection, calendarId, call }: CalendarRequest,
): Promise<unknown> =>
  client.exchange(listOperation, connection, call, z.unknown(), (calendar, options) =>
    calendar.events.list({ calendarId, maxResults: 1, fields: 'kind' }, options),
  );

/** How many events are read simultaneously. */
const readsAtOnce = 8;

/**
 * Returns the answers of the rooms that our events book, by the id of the event. The list has the guests of an event only
 * when the room is the only one. Another event is read.
 */
const roomAnswers = async (
  client: GoogleClient,
  request: CalendarRequest,
  items: readonly ChangedEvent[],
): Promise<ReadonlyMap<string, RoomAnswer | undefined>> => {
  const answers = new Map<string, RoomAnswer | undefined>();
  const unread: { readonly id: string; readonly email: string }[] = [];
  for (const { id, status, attendees, extendedProperties } of items) {
    const email = extendedProperties?.private?.[roomProperty];
    if (email === undefined || status === 'cancelled') continue;
    const [only, ...others] = attendees;
    if (only?.resource && others.length === 0) answers.set(id, roomAnswerOf(only));
    else unread.push({ id, email });
  }
  for (let from = 0; from < unread.length; from += readsAtOnce) {
    const batch = unread.slice(from, from + readsAtOnce);
    const read = await Promise.all(batch.map(({ id, email }) => readAnswer(client, request, id, email)));
    batch.forEach(({ id }, index) => {
      answers.set(id, read[index]);
    });
  }
  return answers;
};

/**
 * Returns the series of our marks among the instances. A person has repeated an event of ours: the list has its instances and
 * not the event itself, which is where its first instance is.
 */
const repeatedEvents = async (
  client: GoogleClient,
  request: CalendarRequest,
  items: readonly ChangedEvent[],
): Promise<readonly ChangedEvent[]> => {
  const ids = new Set(
    items.flatMap(({ recurringEventId, extendedProperties }) =>
      recurringEventId !== undefined && extendedProperties?.private?.[referenceProperty] !== undefined
        ? [recurringEventId]
        : [],
    ),
  );
  const found: ChangedEvent[] = [];
  for (const id of ids) {
    const series = await readSeries(client, request, id);
    if (series) found.push({ ...series, recurringEventId: id });
  }
  return found;
};

/** Returns undefined when the series was deleted meanwhile: the next list says so. */
const readSeries = async (
  client: GoogleClient,
  { connection, calendarId, call, missing }: CalendarRequest,
  eventId: string,
): Promise<ChangedEvent | undefined> => {
  try {
    return await client.exchange(listOperation, connection, call, changedEventSchema, (calendar, options) =>
      calendar.events.get({ calendarId, eventId, maxAttendees: 1, fields: itemFields }, options),
    );
  } catch (error) {
    if (!(error instanceof ProviderError) || error.fault.kind !== 'not_found') throw error;
    missing.add(eventId);
    return undefined;
  }
};

const guestsSchema = z.object({ attendees: attendeesSchema.optional() });

/** Returns undefined when the event was deleted meanwhile: the next list says so. */
const readAnswer = async (
  client: GoogleClient,
  { connection, calendarId, call, missing }: CalendarRequest,
  eventId: string,
  email: string,
): Promise<RoomAnswer | undefined> => {
  try {
    const { attendees } = await client.exchange(
      listOperation,
      connection,
      call,
      guestsSchema,
      (calendar, options) =>
        calendar.events.get({ calendarId, eventId, fields: 'attendees(email,responseStatus)' }, options),
    );
    return answerOfRoom(attendees, email);
  } catch (error) {
    if (!(error instanceof ProviderError) || error.fault.kind !== 'not_found') throw error;
    missing.add(eventId);
    return undefined;
  }
};

const changeOf = (item: ChangedEvent, zone: string, owner: string): ListedChange => ({
  id: item.id,
  series: item.recurringEventId,
  uid: item.iCalUID,
  event: item.status === 'cancelled' ? undefined : eventOf(item, zone, owner),
  mark: markOf(item),
});

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
  const changedAt = item.updated === undefined ? undefined : toInstant(Date.parse(item.updated));
  return given && { given, changedAt, endsWithRevision: true };
};

/** The instances of an event that a person has repeated have its mark, and ids that begin with its id. */
const markOf = ({ id, recurringEventId, extendedProperties }: ChangedEvent): EventMark | undefined => {
  const { [referenceProperty]: reference, [revisionProperty]: revision } = extendedProperties?.private ?? {};
  if (reference === undefined) return undefined;
  return {
    eventId: firstGenerationOf(recurringEventId ?? id),
    reference,
    revision: revision === undefined || !/^\d{1,9}$/.test(revision) ? undefined : Number(revision),
  };
};
