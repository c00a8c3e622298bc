/** Google Calendar as a `CalendarProvider`. https://developers.google.com/workspace/calendar/api/v3/reference */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { ProviderError } from '../../domain/errors.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import type { Operation } from '../error-table.ts';
import { noAnswer } from '../no-answer.ts';
import type { CalendarEvent, CalendarProvider, CallContext, OpenConnection, WrittenEvent } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import { asGoogleEvent, conferenceOf, type StoredEvent, standing, storedEventSchema } from './event.ts';
import { calendarsPerQuery, conferencePollMs } from './settings.ts';

const freeBusyOperation: Operation = { name: 'calendar.freeBusy', writes: false };
const putOperation: Operation = { name: 'calendar.putEvent', writes: true };
const readOperation: Operation = { name: 'calendar.putEvent', writes: false };
const deleteOperation: Operation = { name: 'calendar.deleteEvent', writes: true };

/** Somebody may change the event between our reading and our writing it, but not for ever. */
const writeAttempts = 4;

/** Every method throws `ProviderError`. */
export const createGoogleCalendar = (client: GoogleClient): CalendarProvider => ({
  name: 'google',
  freeBusy: async (connection, calendarIds, window, call) => {
    const busy: BusyInterval[] = [];
    for (let from = 0; from < calendarIds.length; from += calendarsPerQuery) {
      const some = calendarIds.slice(from, from + calendarsPerQuery);
      busy.push(...(await queryFreeBusy(client, connection, some, window, call)));
    }
    return busy;
  },
  putEvent: async (connection, event, call) => {
    const stored = await writeEvent(client, connection, event, call);
    if (event.conferenceRequestId === undefined) return { eventId: stored.id };
    return withConference(client, connection, event, stored, call);
  },
  deleteEvent: async (connection, calendarId, eventId, call) => {
    try {
      await client.exchange(deleteOperation, connection, call, z.unknown(), (calendar, options) =>
        calendar.events.delete({ calendarId, eventId, sendUpdates: 'none' }, options),
      );
      return 'deleted';
    } catch (error) {
      if (hasFault(error, 'not_found')) return 'absent';
      throw error;
    }
  },
});

const instant = z.string().transform((text) => instantSchema.parse(new Date(text).toISOString()));

const freeBusySchema = z.object({
  calendars: z.record(
    z.string(),
    z.object({
      errors: z.array(z.object({ reason: z.string().default('unknown') })).optional(),
      busy: z.array(z.object({ start: instant, end: instant })).default([]),
    }),
  ),
});

/** A calendar that cannot be read is an error, not a free one: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
const queryFreeBusy = async (
  client: GoogleClient,
  connection: OpenConnection,
  calendarIds: readonly string[],
  window: { readonly from: string; readonly until: string },
  call: CallContext,
): Promise<readonly BusyInterval[]> => {
  const requestBody = {
    timeMin: window.from,
    timeMax: window.until,
    items: calendarIds.map((id) => ({ id })),
  };
  const { calendars } = await client.exchange(
    freeBusyOperation,
    connection,
    call,
    freeBusySchema,
    (calendar, options) => calendar.freebusy.query({ requestBody }, options),
  );
  const asked = calendarIds.map((id) => calendars[id] ?? { errors: [{ reason: 'notFound' }], busy: [] });
  const reason = asked.flatMap(({ errors }) => errors ?? []).at(0)?.reason;
  if (reason === undefined) return asked.flatMap(({ busy }) => busy);
  const passing = reason === 'internalError' || reason === 'backendError';
  throw googleError(freeBusyOperation, {
    code: passing ? 'calendar_busy' : 'calendar_unreadable',
    message: `a calendar could not be read: ${reason}`,
  });
};

/**
 * Inserts; where the id is taken, brings what is there up to date. A cancelled event keeps its id and is revived by
 * the same change. A later revision is left alone, also when it arrives between our reading and our writing (ETag).
 */
const writeEvent = async (
  client: GoogleClient,
  connection: OpenConnection,
  event: CalendarEvent,
  call: CallContext,
): Promise<StoredEvent> => {
  const { calendarId } = event;
  const conference = event.conferenceRequestId === undefined ? {} : { conferenceDataVersion: 1 };
  const target = { calendarId, sendUpdates: 'none', ...conference };
  try {
    return await client.exchange(putOperation, connection, call, storedEventSchema, (calendar, options) =>
      calendar.events.insert({ ...target, requestBody: asGoogleEvent(event) }, options),
    );
  } catch (error) {
    if (!hasFault(error, 'conflict')) throw error;
  }
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const stored = await readEvent(client, connection, event, call);
    const is = standing(stored, event);
    if (is === 'same' || is === 'newer') return stored;
    if (is === 'foreign') throw foreignEvent();
    try {
      return await client.exchange(putOperation, connection, call, storedEventSchema, (calendar, options) =>
        calendar.events.update(
          { ...target, eventId: event.eventId, requestBody: asGoogleEvent(event, stored) },
          stored.etag === undefined
            ? options
            : { ...options, headers: { ...options.headers, 'if-match': stored.etag } },
        ),
      );
    } catch (error) {
      if (!hasFault(error, 'conflict')) throw error;
    }
  }
  throw googleError(putOperation, {
    code: 'event_keeps_changing',
    message: 'somebody changed the event each time before we could',
  });
};

const foreignEvent = () =>
  googleError(putOperation, {
    code: 'event_of_another',
    message: 'the id is taken by an event that is not ours',
  });

const readEvent = (
  client: GoogleClient,
  connection: OpenConnection,
  { calendarId, eventId }: CalendarEvent,
  call: CallContext,
): Promise<StoredEvent> =>
  client.exchange(readOperation, connection, call, storedEventSchema, (calendar, options) =>
    calendar.events.get({ calendarId, eventId }, options),
  );

/** The conference is made after the event: asked for a few times, then left to the next attempt of the activity. */
const withConference = async (
  client: GoogleClient,
  connection: OpenConnection,
  event: CalendarEvent,
  written: StoredEvent,
  call: CallContext,
): Promise<WrittenEvent> => {
  let conference = conferenceOf(written);
  for (const delay of conferencePollMs) {
    if (conference.kind !== 'pending') break;
    await pause(delay, undefined, { signal: call.signal }).catch((error: unknown) => {
      throw noAnswer('google', putOperation, error, call);
    });
    conference = conferenceOf(await readEvent(client, connection, event, call));
  }
  if (conference.kind === 'ready') {
    return { eventId: event.eventId, conference: { id: conference.id, joinUrl: conference.joinUrl } };
  }
  throw googleError(putOperation, {
    code: `conference_${conference.kind}`,
    message: `the conference of the event is ${conference.kind}`,
  });
};

const hasFault = (error: unknown, kind: ProviderError['fault']['kind']): boolean =>
  error instanceof ProviderError && error.fault.kind === kind;
