/**
 * Implements `CalendarProvider` for Google Calendar.
 * https://developers.google.com/workspace/calendar/api/v3/reference
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SettingName } from '../../domain/audition/meeting-settings.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { transportError } from '../errors/transport-errors.ts';
import { operationOf } from '../operations.ts';
import { type FormerEvent, overwrittenEdit } from '../overwritten-edit.ts';
import type {
  CalendarEvent,
  CalendarProvider,
  ConferenceEvent,
  ConnectedAccount,
  WrittenConference,
} from '../ports.ts';
import type { ReportUnreadable } from '../unreadable-events.ts';
import { withKnownZone } from '../zone-fallback.ts';
import { queryBusyEvents } from './busy-events.ts';
import { listCalendars } from './calendar-list.ts';
import type { GoogleClient } from './client.ts';
import { conferenceOf } from './conference.ts';
import { readConferenceAttendance } from './conference-attendance.ts';
import { googleError } from './errors.ts';
import {
  type GoogleEvent,
  isDeleted,
  revisionOf,
  specForConference,
  specForEvent,
  textsOverwrittenIn,
} from './event.ts';
import {
  type CallScope,
  deleteEvent,
  findEvent,
  readEvent,
  type WrittenEvent,
  writeEvent,
} from './event-ids.ts';
import { queryFreeBusy, queryHiddenTimes } from './free-busy.ts';
import { canEndEarly } from './personal-account.ts';
import { createGoogleRooms } from './rooms.ts';
import { calendarListScope, calendarsPerQuery, conferencePollMs } from './settings.ts';
import { applySettings, isSpaceGone } from './spaces.ts';

const putEvent = operationOf('google', 'calendar.putEvent');
const putConference = operationOf('google', 'calendar.putConference');
const checkConference = operationOf('google', 'calendar.checkConference');
const conferenceAttendance = operationOf('google', 'calendar.conferenceAttendance');
const removeEvent = operationOf('google', 'calendar.deleteEvent');

/** Creates the provider. Every method throws `ProviderError`. @param reportUnreadable is called with events left out */
export const createGoogleCalendar = (
  client: GoogleClient,
  reportUnreadable: ReportUnreadable = () => {},
): CalendarProvider => ({
  name: 'google',
  calendarList: {
    scopes: [calendarListScope],
    list: (connection, _scopes, call) => listCalendars(client, connection, call),
  },
  freeBusy: async (connection, calendarIds, window, call) => {
    const busy: BusyInterval[] = [];
    for (let from = 0; from < calendarIds.length; from += calendarsPerQuery) {
      const batch = calendarIds.slice(from, from + calendarsPerQuery);
      busy.push(...(await queryFreeBusy(client, connection, batch, window, call)));
    }
    return busy;
  },
  busyEvents: (connection, calendarId, window, call) =>
    queryBusyEvents(client, connection, calendarId, window, call, reportUnreadable),
  hidden: {
    mostPerQuery: calendarsPerQuery,
    busyTimes: (connection, calendars, window, call) =>
      queryHiddenTimes(
        client,
        connection,
        calendars.map(({ calendarId }) => calendarId),
        window,
        call,
      ),
  },
  putEvent: async (connection, event, call) => {
    const written = await withKnownZone(event, (known) =>
      writeEvent(
        { client, operation: putEvent, connection, call },
        specForEvent(known, ownerOf(connection, known.calendarId)),
      ),
    );
    return {
      eventId: written.event.id,
      overwrote: overwrittenEdit(event, formerOf(written, event)),
      ...overwroteTextsOf(written, event),
    };
  },
  putConference: (connection, event, call) =>
    withKnownZone(event, (known) =>
      writeConference({ client, operation: putConference, connection, call }, known),
    ),
  checkConference: async (connection, event, call) => {
    const scope = { client, operation: checkConference, connection, call };
    const stored = await findEvent(scope, event);
    const conference = stored && conferenceOf(stored);
    if (conference?.kind !== 'ready' || conference.id !== event.id) return { status: 'absent' };
    if (await isSpaceGone(scope, event.id)) return { status: 'absent' };
    const { joinUrl, dialIn } = conference;
    return { status: 'present', access: { joinUrl, ...(dialIn === undefined ? {} : { dialIn }) } };
  },
  conferenceAttendance: (connection, { id }, call) =>
    readConferenceAttendance({ client, operation: conferenceAttendance, connection, call }, id),
  deleteEvent: (connection, event, call) =>
    deleteEvent({ client, operation: removeEvent, connection, call }, event),
  rooms: createGoogleRooms(client),
});

/** A later revision was left as it is. */
const formerOf = ({ former }: WrittenEvent, { revision }: CalendarEvent): FormerEvent | undefined => {
  if (former === undefined || (former !== 'nothing' && revisionOf(former) > revision)) return undefined;
  if (former === 'nothing' || isDeleted(former)) return { kind: 'absent' };
  return {
    kind: 'present',
    start: toMilliseconds(former.start?.dateTime),
    end: toMilliseconds(former.end?.dateTime),
  };
};

/** A later revision was left as it is, and nothing was replaced where nothing was changed. */
const overwroteTextsOf = ({ former }: WrittenEvent, event: CalendarEvent) => {
  if (former === undefined || former === 'nothing' || revisionOf(former) > event.revision) return {};
  const overwroteTexts = textsOverwrittenIn(former, event);
  return overwroteTexts.length > 0 ? { overwroteTexts } : {};
};

const toMilliseconds = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time);

/** Returns the address of the owner of the account's main calendar; undefined for another calendar. */
const ownerOf = ({ account }: ConnectedAccount, calendarId: string): string | undefined =>
  account.includes('@') && (calendarId === 'primary' || calendarId.toLowerCase() === account.toLowerCase())
    ? account
    : undefined;

/**
 * Writes the event and waits for its conference. A conference that has failed, or that Meet no longer has, is replaced, under
 * another request id. Meet is asked only about a conference that the event had before: its code can have expired, which the event
 * does not show (https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces, `meetingCode`).
 */
const writeConference = async (scope: CallScope, event: ConferenceEvent): Promise<WrittenConference> => {
  const owner = ownerOf(scope.connection, event.calendarId);
  const write = async (gone?: string) => {
    const written = await writeEvent(scope, specForConference(event, owner, gone));
    const conference = await awaitConference(scope, event.calendarId, written.event, gone);
    return { eventId: written.event.id, conference, before: conferenceBefore(written) };
  };
  const found = await write();
  const { before } = found;
  let { eventId, conference } =
    before !== undefined && (await isSpaceGone(scope, before)) ? await write(before) : found;
  if (conference.kind === 'failed') ({ eventId, conference } = await write());
  if (conference.kind === 'ready') {
    const unmet = await applySettings(scope, conference.id, event.settings);
    const isShort = canEndEarly(scope.connection, event.slot);
    const notHonored: readonly SettingName[] = isShort ? [...unmet, 'duration'] : unmet;
    const { id, joinUrl, dialIn } = conference;
    return { id, joinUrl, notHonored, eventId, ...(dialIn === undefined ? {} : { dialIn }) };
  }
  throw googleError(scope.operation, {
    code: `conference_${conference.kind}`,
    message: `the conference of the event is ${conference.kind}`,
  });
};

/** Returns the id of the conference that the event had before it was written, and still has. */
const conferenceBefore = ({ event, former = event }: WrittenEvent): string | undefined => {
  const before = former === 'nothing' ? undefined : conferenceOf(former);
  const now = conferenceOf(event);
  return before?.kind === 'ready' && now.kind === 'ready' && before.id === now.id ? now.id : undefined;
};

/**
 * Polls for the conference, which Google creates after the event. The next attempt of the activity continues if needed.
 * @param gone the conference that is being replaced, which the event can have until then
 */
const awaitConference = async (
  scope: CallScope,
  calendarId: string,
  written: GoogleEvent,
  gone: string | undefined,
): Promise<ReturnType<typeof conferenceOf>> => {
  const read = (event: Pick<GoogleEvent, 'conferenceData' | 'hangoutLink'>) => {
    const conference = conferenceOf(event);
    return conference.kind === 'ready' && conference.id === gone
      ? ({ kind: 'pending' } as const)
      : conference;
  };
  let conference = read(written);
  for (const delay of conferencePollMs) {
    if (conference.kind !== 'pending') break;
    await pause(delay, undefined, { signal: scope.call.signal }).catch((error: unknown) => {
      throw transportError(scope.operation, error, scope.call);
    });
    conference = read((await readEvent(scope, calendarId, written.id)) ?? {});
  }
  return conference;
};
