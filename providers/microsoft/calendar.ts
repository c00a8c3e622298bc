/** Implements `CalendarProvider` for Outlook: https://learn.microsoft.com/graph/outlook-calendar-concept-overview */
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { busyTimesOf } from '../hidden-times.ts';
import { operationOf } from '../operations.ts';
import { type FormerEvent, overwrittenEdit } from '../overwritten-edit.ts';
import type { CalendarEvent, CalendarProvider } from '../ports.ts';
import type { ReportUnreadable } from '../unreadable-events.ts';
import { listCalendars } from './calendar-list.ts';
import { mainCalendar } from './calendar-name.ts';
import { createBusyEventQuery } from './calendar-view.ts';
import { type GraphEvent, textsOverwrittenIn } from './event.ts';
import { marksIn } from './event-marks.ts';
import { instantOf } from './event-time.ts';
import { deleteEvent, writeEvent } from './event-writing.ts';
import type { GraphClient } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { createHiddenCalendars } from './hidden-calendars.ts';
import { createMailboxes } from './mailbox.ts';
import { createOutlookRooms } from './rooms.ts';

const listEvents = operationOf('microsoft', 'calendar.listEvents');
const putEvent = operationOf('microsoft', 'calendar.putEvent');
const putConference = operationOf('microsoft', 'calendar.putConference');
const removeEvent = operationOf('microsoft', 'calendar.deleteEvent');

/** Creates the provider. Every method throws `ProviderError`. @param reportUnreadable is called with events left out */
export const createOutlookCalendar = (
  client: GraphClient,
  reportUnreadable: ReportUnreadable = () => {},
): CalendarProvider => {
  const mailboxes = createMailboxes(client);
  const queryBusyEvents = createBusyEventQuery(client, mailboxes, reportUnreadable);
  const hidden = createHiddenCalendars(client);
  const readable = { busyEvents: queryBusyEvents, hidden };
  return {
    name: 'microsoft',
    hasCreations: true,
    calendarList: {
      scopes: [],
      list: (connection, scopes, call) => listCalendars(client, connection, scopes, call),
    },
    // One request at a time: a call holds one of the mailbox's four places.
    freeBusy: async (connection, calendarIds, window, call) => {
      const busy: BusyInterval[] = [];
      for (const calendarId of calendarIds) {
        busy.push(...(await busyTimesOf(readable, connection, calendarId, window, call)));
      }
      return busy;
    },
    busyEvents: queryBusyEvents,
    resolveAlias: async (connection, calendarId, call) => {
      if (calendarId === mainCalendar) return calendarId;
      const id = await mailboxes.mainCalendarId({ operation: listEvents, connection, call });
      return calendarId === id ? mainCalendar : calendarId;
    },
    putEvent: async (connection, event, call) => {
      const scope = { client, operation: putEvent, connection, call };
      const { event: written, former } = await writeEvent(scope, event);
      return {
        eventId: written.id,
        uid: written.iCalUId ?? undefined,
        creation: written.transactionId ?? undefined,
        overwrote: overwrittenEdit(event, former && formerOf(former, event)),
        ...(former ? overwroteTextsOf(former, event) : {}),
      };
    },
    putConference: async () => {
      throw graphError(putConference, {
        code: 'no_conferences',
        message: 'meetings are not created in Outlook calendars',
      });
    },
    deleteEvent: (connection, event, call) =>
      deleteEvent({ client, operation: removeEvent, connection, call }, event),
    hidden,
    rooms: createOutlookRooms(client),
  };
};

/** A later revision was left as it is. */
const formerOf = (former: GraphEvent | 'nothing', { revision }: CalendarEvent): FormerEvent | undefined => {
  if (former === 'nothing') return { kind: 'absent' };
  if ((marksIn(former.singleValueExtendedProperties)?.revision ?? 0) > revision) return undefined;
  const { start, end, isAllDay } = former;
  const instant = (time: typeof start) =>
    time && !isAllDay ? Date.parse(instantOf(time) ?? '') : Number.NaN;
  const [startMs, endMs] = [instant(start), instant(end)];
  return Number.isNaN(startMs) || Number.isNaN(endMs)
    ? { kind: 'present', start: undefined, end: undefined }
    : { kind: 'present', start: startMs, end: endMs };
};

/** A later revision was left as it is. */
const overwroteTextsOf = (former: GraphEvent | 'nothing', event: CalendarEvent) => {
  if (former === 'nothing') return {};
  if ((marksIn(former.singleValueExtendedProperties)?.revision ?? 0) > event.revision) return {};
  const overwroteTexts = textsOverwrittenIn(former, event);
  return overwroteTexts.length > 0 ? { overwroteTexts } : {};
};
