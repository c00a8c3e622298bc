/**
 * Implements `CalendarProvider` for Apple's calendars and those of any other CalDAV server: RFC 4791, with `tsdav`. The id
 * of a calendar is the URL of its collection, the id of an event its UID.
 */
import type { CalendarText } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import { busyTimesOf } from '../hidden-times.ts';
import { operationOf, withoutEffect } from '../operations.ts';
import { type FormerEvent, overwrittenEdit } from '../overwritten-edit.ts';
import type {
  CalendarEvent,
  CalendarProvider,
  EventToDelete,
  OurEvent,
  WrittenCalendarEvent,
} from '../ports.ts';
import { readCalendar } from './busy-times.ts';
import { listCalendars } from './calendar-list.ts';
import { caldavCalendarName } from './calendar-name.ts';
import { eventIdOfUid, uidOfCalendar } from './calendar-uid.ts';
import type { FetchFor } from './client.ts';
import { appleError } from './errors.ts';
import {
  changeOf,
  isForeign,
  readStored,
  referenceProperty,
  type StoredEvent,
  textsOverwrittenIn,
  withoutUses,
} from './event.ts';
import { create } from './event-creation.ts';
import { isInAnotherCalendar, isInOneOf } from './event-elsewhere.ts';
import {
  afterRefusal,
  calendarUrlOf,
  deleteEventResource,
  type EventResource,
  replaceEvent,
} from './event-resources.ts';
import { findEvent, findQuickly } from './event-search.ts';
import type { CaldavScope } from './exchange.ts';
import { createHiddenCalendars } from './hidden-calendars.ts';
import { conflictOf } from './write-races.ts';

const freeBusy = operationOf('apple', 'calendar.freeBusy');
const listEvents = operationOf('apple', 'calendar.listEvents');
const listOperation = operationOf('apple', 'calendar.listCalendars');
const putEvent = operationOf('apple', 'calendar.putEvent');
const putConference = operationOf('apple', 'calendar.putConference');
const removeEvent = operationOf('apple', 'calendar.deleteEvent');

/** Another client can change the event between our read and our write; each conflict costs one attempt. */
const writeAttempts = 4;

/**
 * Creates the provider. `fetchFor` must return a guarded `fetch`, because a person names the server. `reportUnreadable` is
 * called after each reading of a calendar that has damaged events.
 */
export const createCaldavCalendar = (
  fetchFor: FetchFor,
  reportUnreadable: CaldavScope['reportUnreadable'],
): CalendarProvider => {
  const hidden = createHiddenCalendars(fetchFor, reportUnreadable);
  const eventsIn =
    (operation: typeof freeBusy): CalendarProvider['busyEvents'] =>
    async (connection, calendarId, window, call) => {
      const scope = { fetchFor, reportUnreadable, operation, connection, call };
      const times = await readCalendar(scope, calendarId, window);
      return times.map(({ start, end, busy, uid = '', property }) => ({
        start,
        end,
        busy,
        eventId: eventIdOfUid(calendarId, uid),
        reference: property(referenceProperty),
      }));
    };
  const readable = { busyEvents: eventsIn(freeBusy), hidden };
  return {
    name: 'apple',
    hasAccountWideIds: true,
    calendarList: {
      scopes: [],
      list: (connection, _scopes, call) =>
        listCalendars({ fetchFor, reportUnreadable, operation: listOperation, connection, call }),
    },
    freeBusy: async (connection, calendarIds, window, call) => {
      const busy = await Promise.all(
        calendarIds.map((id) => busyTimesOf(readable, connection, id, window, call)),
      );
      return busy.flat();
    },
    busyEvents: eventsIn(listEvents),
    hidden,
    putEvent: (connection, event, call) =>
      writeEvent({ fetchFor, reportUnreadable, operation: putEvent, connection, call }, event),
    putConference: async () => {
      throw appleError(putConference, {
        code: 'no_conference',
        message: 'a CalDAV calendar creates no meetings',
      });
    },
    deleteEvent: (connection, event, call) =>
      endEvent({ fetchFor, reportUnreadable, operation: removeEvent, connection, call }, event),
  };
};

/**
 * Creates or changes the event. When a server permits each UID once in an account, and another participant has the event in another
 * calendar of the account, the event gets a UID of this calendar, and keeps it.
 */
const writeEvent = async (scope: CaldavScope, event: CalendarEvent): Promise<WrittenCalendarEvent> => {
  const { eventId } = event;
  const url = calendarUrlOf(scope.operation, event.calendarId);
  const ofCalendar = { ...event, eventId: uidOfCalendar(url, eventId) };
  if (
    (await writtenAtServer(event, url)).length > 0 &&
    (await findQuickly(reading(scope), url, ofCalendar.eventId))
  )
    return writeUnderUid(scope, url, ofCalendar);
  try {
    return await writeUnderUid(scope, url, event);
  } catch (error) {
    if (!isUidConflict(error) || !(await isInOneOf(scope, await writtenAtServer(event, url), eventId)))
      throw error;
    return writeUnderUid(scope, url, ofCalendar);
  }
};

/** Returns the other calendars of the server that have, or had, the event: they can be of the same account. */
const writtenAtServer = async (
  { writtenElsewhere }: Pick<OurEvent, 'writtenElsewhere'>,
  url: string,
): Promise<readonly string[]> => {
  return ((await writtenElsewhere?.()) ?? []).filter((calendarId) => hostOf(calendarId) === hostOf(url));
};

const hostOf = (calendarId: string): string | undefined => caldavCalendarName(calendarId).split('/')[0];

const reading = (scope: CaldavScope): CaldavScope => ({
  ...scope,
  operation: withoutEffect(scope.operation),
});

const isUidConflict = (error: unknown): boolean =>
  error instanceof ProviderError && error.vendor.code === 'no-uid-conflict';

/** Creates or changes the event with this UID. A repetition finds the event of the first attempt, because both use the same UID. */
const writeUnderUid = async (
  scope: CaldavScope,
  url: string,
  event: CalendarEvent,
): Promise<WrittenCalendarEvent> => {
  let former: FormerEvent | undefined = { kind: 'absent' };
  let overwroteTexts: readonly CalendarText[] = [];
  let refusal = await create(scope, url, event);
  /** How often the server has refused a new event in succession, although the calendar has none with the UID. */
  let unexplained = 0;
  let refused: EventResource | undefined;
  for (let attempt = 0; refusal && attempt < writeAttempts; attempt += 1) {
    const resource = await findEvent(scope, url, event.eventId);
    // The UID exists, and not in this calendar: a person has moved the event to another one.
    if (!resource && refusal.vendor.code === 'no-uid-conflict') throw refusal;
    if (!resource) {
      former = { kind: 'absent' };
      overwroteTexts = [];
      refusal = await create(scope, url, event);
      unexplained += refusal ? 1 : 0;
      // One refusal can be a race. Not all servers say why they refuse.
      const isMoved = refusal && unexplained === 1 && (await isInAnotherCalendar(scope, url, event.eventId));
      if (refusal && isMoved) throw movedError(scope, refusal);
      continue;
    }
    unexplained = 0;
    const stored = readStored(resource.text, event.eventId);
    const change = stored
      ? changeOf(stored, event, new Date(), scope.connection.account)
      : { kind: 'foreign' as const };
    if (change.kind === 'foreign') {
      throw appleError(scope.operation, {
        code: 'event_of_another',
        message: 'the id belongs to an event that is not ours',
      });
    }
    if (change.kind === 'none') return { eventId: event.eventId };
    former = stored && formerOf(stored, event);
    overwroteTexts = stored ? textsOverwrittenIn(stored, event) : [];
    refusal = await conflictOf(replaceEvent(scope, afterRefusal(resource, refused), change.text));
    refused = resource;
  }
  if (refusal) throw keepsChanging(scope);
  return {
    eventId: event.eventId,
    overwrote: overwrittenEdit(event, former),
    ...(overwroteTexts.length > 0 ? { overwroteTexts } : {}),
  };
};

/** A later revision is left as it is. */
const formerOf = (
  { isCancelled, revision, start, end }: StoredEvent,
  event: CalendarEvent,
): FormerEvent | undefined => {
  if (revision > event.revision) return undefined;
  return isCancelled ? { kind: 'absent' } : { kind: 'present', start, end };
};

/** The error of a server that refuses the UID of an event which another calendar of the account has. */
const movedError = ({ operation }: CaldavScope, { vendor }: ProviderError): ProviderError =>
  appleError(operation, {
    status: vendor.status,
    code: 'no-uid-conflict',
    message: 'another calendar of the account has the event',
  });

/** Ends uses of the event, and deletes it with the last one. */
const endEvent = async (scope: CaldavScope, event: EventToDelete): Promise<'deleted' | 'absent'> => {
  const { eventId, only } = event;
  const url = calendarUrlOf(scope.operation, event.calendarId);
  const ofCalendar = { ...event, eventId: uidOfCalendar(url, eventId) };
  if (only === ofCalendar.eventId) return endUnderUid(scope, url, ofCalendar);
  const ended = await endUnderUid(scope, url, event);
  // A duplicate that its owner has just moved or removed must not cost the event beside it.
  if (ended === 'deleted' || only !== undefined) return ended;
  const isOnlyUid = event.keys !== 'all' && (await writtenAtServer(event, url)).length === 0;
  return isOnlyUid ? ended : endUnderUid(scope, url, ofCalendar);
};

const endUnderUid = async (
  scope: CaldavScope,
  url: string,
  event: EventToDelete,
): Promise<'deleted' | 'absent'> => {
  let refused: EventResource | undefined;
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const resource = await findInExisting(scope, url, event.eventId);
    const stored = resource && readStored(resource.text, event.eventId);
    if (!stored || isForeign(stored, event.reference)) return 'absent';
    const rest = withoutUses(stored, event.keys, new Date());
    if (rest.kind === 'none') return 'absent';
    const known = afterRefusal(resource, refused);
    const refusal = await conflictOf(
      rest.kind === 'all' ? deleteEventResource(scope, known) : replaceEvent(scope, known, rest.text),
    );
    refused = resource;
    if (!refusal) return 'deleted';
  }
  throw keepsChanging(scope);
};

/** Like `findEvent`; a calendar that its owner has deleted has no events. */
const findInExisting: typeof findEvent = async (scope, url, uid) => {
  try {
    return await findEvent(scope, url, uid);
  } catch (error) {
    const isGone =
      error instanceof ProviderError && (error.vendor.status === 404 || error.vendor.status === 410);
    if (isGone) return undefined;
    throw error;
  }
};

const keepsChanging = ({ operation }: CaldavScope): ProviderError =>
  appleError(operation, {
    code: 'event_keeps_changing',
    message: `another client changed the event before each of our ${writeAttempts} writes`,
  });
