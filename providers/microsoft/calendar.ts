/** Implements `CalendarProvider` for Outlook: https://learn.microsoft.com/graph/outlook-calendar-concept-overview */
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { operationOf } from '../operations.ts';
import type { CalendarProvider } from '../ports.ts';
import { listCalendars } from './calendar-list.ts';
import { mainCalendar } from './calendar-name.ts';
import { createBusyEventQuery } from './calendar-view.ts';
import { deleteEvent, writeEvent } from './event-writing.ts';
import type { GraphClient } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { createMailboxes } from './mailbox.ts';
import { createOutlookRooms } from './rooms.ts';

const listEvents = operationOf('microsoft', 'calendar.listEvents');
const putEvent = operationOf('microsoft', 'calendar.putEvent');
const putConference = operationOf('microsoft', 'calendar.putConference');
const removeEvent = operationOf('microsoft', 'calendar.deleteEvent');

/** Creates the provider. Every method throws `ProviderError`. */
export const createOutlookCalendar = (client: GraphClient): CalendarProvider => {
  const mailboxes = createMailboxes(client);
  const queryBusyEvents = createBusyEventQuery(client, mailboxes);
  return {
    name: 'microsoft',
    calendarList: {
      scopes: [],
      list: (connection, scopes, call) => listCalendars(client, connection, scopes, call),
    },
    // One request at a time: a call holds one of the mailbox's four places.
    freeBusy: async (connection, calendarIds, window, call) => {
      const busy: BusyInterval[] = [];
      for (const calendarId of calendarIds) {
        const events = await queryBusyEvents(connection, calendarId, window, call);
        busy.push(...events.map(({ start, end }) => ({ start, end })));
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
      const { id } = await writeEvent({ client, operation: putEvent, connection, call }, event);
      return { eventId: id };
    },
    putConference: async () => {
      throw graphError(putConference, {
        code: 'no_conferences',
        message: 'meetings are not created in Outlook calendars',
      });
    },
    deleteEvent: (connection, event, call) =>
      deleteEvent({ client, operation: removeEvent, connection, call }, event),
    rooms: createOutlookRooms(client),
  };
};
