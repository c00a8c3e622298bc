/** Reads when calendars are busy, and names them as resources. */
import { cancellationSignal } from '@temporalio/activity';
import type { ConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { AuditionId, ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { isRoomProvider } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { calendarNames, roomCalendarName } from '../../providers/calendar-names.ts';
import type { CallContext, ReadableCalendarProvider } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { CalendarToRead, StepFailure } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toStepFailure } from '../step-failure.ts';
import { distinctCalendars } from './distinct-calendars.ts';
import { withOrigin } from './event-origin.ts';
import { createForeignEvents, createOwnUids } from './foreign-events.ts';
import { cutOff, withoutOwnTimes } from './own-times.ts';
import { createRoomReader } from './room-reader.ts';
import { readVisibleTimes, type VisibleTime } from './visible-times.ts';

export interface Window {
  readonly from: Instant;
  readonly until: Instant;
}

/**
 * `free_busy`: one cheap query per connection. It counts our own events as busy, so it is for an audition without events.
 * `events`: the events are read. Those of this audition do not count, nor those of our other auditions: their holds tell
 * when they need the calendar.
 */
export type Precision = 'free_busy' | 'events';

export interface CalendarReadings {
  readonly busy: readonly BusyInterval[];
  /** The connections whose calendars could not be read. */
  readonly failures: readonly { readonly connection: ConnectionId; readonly failure: StepFailure }[];
}

interface Reader {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly call: CallContext;
  /** Whether tentative events count. Default: they do. Only `events` can tell them from others. */
  readonly tentative?: ConflictRules['tentative'] | undefined;
}

export interface CalendarReader {
  /** Returns the busy times of the calendars. Reads each connection once, all concurrently. */
  read(
    reader: Reader,
    calendars: readonly CalendarToRead[],
    window: Window,
    precision: Precision,
  ): Promise<CalendarReadings>;
  /**
   * Like `read` with the precision `events`, after a `read` with `free_busy`. A connection whose events cannot tell more is not
   * read again: its first times are returned. Those are feeds without an event of ours.
   */
  readAgain(
    reader: Reader,
    calendars: readonly CalendarToRead[],
    window: Window,
    first: CalendarReadings,
  ): Promise<CalendarReadings>;
  /** Like `read` with the precision `events`, for the calendars of one connection. @throws {ProviderError} */
  readEvents(
    reader: Reader,
    calendars: CalendarsOfConnection,
    window: Window,
  ): Promise<readonly BusyInterval[]>;
  /** Returns the names of the calendars for `slotResources`. Never fails because of a provider. */
  names(
    organization: OrganizationId,
    calendars: readonly CalendarToRead[],
    call: CallContext,
  ): Promise<readonly string[]>;
}

/** The calendars of one connection. */
type CalendarsOfConnection = readonly [CalendarToRead, ...CalendarToRead[]];

/** Creates the reader. */
export const createCalendarReader = ({
  repositories: { storedNames, connections, holds, writtenEvents, busyTimes },
  providers: { calendars: providers },
  accessTokens,
}: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>): CalendarReader => {
  const openDependencies = { connections, accessTokens };
  const roomReader = createRoomReader({ holds, writtenEvents, calendars: providers });
  const foreignEvents = createForeignEvents({ holds, writtenEvents });
  const ownUids = createOwnUids({ writtenEvents });

  const foreign = async (
    { auditionId, tentative = 'block' }: Reader,
    events: readonly FoundTime[],
  ): Promise<readonly BusyInterval[]> => {
    const found = await foreignEvents({ auditionId, tentative }, events.map(withOrigin));
    return found.map(({ start, end, connection, calendarId }) => ({ start, end, connection, calendarId }));
  };

  /** Opens the account of the calendars, unless there are none. */
  const open = ({ organization }: Reader, [account]: CalendarsOfConnection, purpose: string) =>
    openConnectionById(openDependencies, organization, account, purpose);

  /** Takes the event of the audition out of times that do not say what they are. */
  const withoutOwn = async (
    { organization, auditionId, call }: Reader,
    calendar: CalendarRef,
    times: readonly VisibleTime[],
    window: Window,
  ): Promise<readonly VisibleTime[]> => {
    const hidden = times.filter((time) => time.kind !== 'event');
    if (hidden.length === 0) return times;
    const { connection, provider, calendarId } = calendar;
    const named = (await connections.get(organization, connection)) ?? {
      id: connection,
      account: undefined,
    };
    const openIt = () => openConnectionById(openDependencies, organization, calendar, 'calendar.listEvents');
    const [name] = await calendarNames(providers[provider], named, calendarId, openIt, call);
    const stored = await storedNames();
    const about = { connection, calendar: stored.calendar(name), isBusyOnly: true };
    const own = await busyTimes.listOwn({ ...about, auditionId, isRoom: false });
    const events = times.filter((time) => time.kind === 'event');
    return [...events, ...withoutOwnTimes(hidden, [...own, ...cutOff(own, window)])];
  };

  const readListed = async (
    reader: Reader,
    calendars: CalendarsOfConnection,
    window: Window,
  ): Promise<readonly BusyInterval[]> => {
    const [{ connection, provider: name }] = calendars;
    const opened = await open(reader, calendars, 'calendar.listEvents');
    const provider = providers[name];
    const named = calendars.map(({ calendarId, isBusyOnly = false }) => ({ calendarId, isBusyOnly }));
    const times = await Promise.all(
      distinctCalendars(name, opened, named).map(async ({ calendarId, isBusyOnly }) => {
        const read = isBusyOnly ? readVisibleTimes : readEvents;
        const found = await read(provider, opened, calendarId, window, reader.call);
        const visible = await withoutOwn(reader, { provider: name, connection, calendarId }, found, window);
        return visible.map((time) => ({
          ...time,
          connection,
          calendarId,
          isBusyOnly,
        }));
      }),
    );
    return foreign(reader, times.flat());
  };

  const readFreeBusy = async (
    reader: Reader,
    calendars: CalendarsOfConnection,
    window: Window,
  ): Promise<readonly BusyInterval[]> => {
    const [{ connection, provider }] = calendars;
    const opened = await open(reader, calendars, 'calendar.freeBusy');
    const busy = await providers[provider].freeBusy(opened, idsOf(calendars), window, reader.call);
    return busy.map((interval) => ({ ...interval, connection }));
  };

  /** Reads rooms always with the same precision: a free/busy query would not tell our bookings from others. */
  const readRooms = async (
    reader: Reader,
    rooms: CalendarsOfConnection,
    window: Window,
  ): Promise<readonly BusyInterval[]> => {
    const { call, auditionId, tentative = 'block' } = reader;
    const [{ provider }] = rooms;
    if (!isRoomProvider(provider)) throw new Error(`the rooms of ${provider} cannot be read`);
    const opened = await open(reader, rooms, 'calendar.freeBusy');
    const busy = await Promise.all(
      idsOf(rooms).map((email) =>
        roomReader.read(opened, {
          room: { provider, email },
          window,
          call,
          auditionId,
          tentative,
        }),
      ),
    );
    return busy.flat();
  };

  const readAll = async (
    reader: Reader,
    calendars: CalendarsOfConnection,
    window: Window,
    precision: Precision,
  ): Promise<readonly BusyInterval[]> => {
    const [rooms, others] = [calendars.filter(isRoom), calendars.filter((calendar) => !isRoom(calendar))];
    const readOthers = precision === 'events' ? readListed : readFreeBusy;
    const busy = await Promise.all([
      isNotEmpty(others) ? readOthers(reader, others, window) : [],
      isNotEmpty(rooms) ? readRooms(reader, rooms, window) : [],
    ]);
    return busy.flat();
  };

  /** Returns whether the events of the calendars can tell more than their busy times. */
  const canTellMore = async (
    reader: Reader,
    calendars: CalendarsOfConnection,
    isOurs: (uid: string) => boolean,
  ): Promise<boolean> => {
    const provider = providers[calendars[0].provider];
    if (!provider.hasEventNamed || reader.tentative === 'ignore' || calendars.some(isRoom)) return true;
    const opened = await open(reader, calendars, 'calendar.listEvents');
    return provider.hasEventNamed(opened, isOurs, reader.call);
  };

  return {
    readEvents: (reader, calendars, window) => readAll(reader, calendars, window, 'events'),

    read: (reader, calendars, window, precision) =>
      readEach(calendars, (ofConnection) => readAll(reader, ofConnection, window, precision)),

    readAgain: async (reader, calendars, window, first) => {
      const isOurs = await ownUids(reader.auditionId);
      return readEach(calendars, async (ofConnection) =>
        (await canTellMore(reader, ofConnection, isOurs))
          ? readAll(reader, ofConnection, window, 'events')
          : first.busy.filter(({ connection }) => connection === ofConnection[0].connection),
      );
    },

    names: async (organization, calendars, call) => {
      const named = await Promise.all(
        byConnection(calendars).map(async (group) => {
          const [first] = group;
          const stored = await connections.get(organization, first.connection);
          const connection = stored ?? { id: first.connection, account: undefined };
          const openFirst = () =>
            openConnectionById(openDependencies, organization, first, 'calendar.listEvents');
          return Promise.all(
            group.map(async ({ provider, calendarId, ...calendar }) =>
              isRoom(calendar) && isRoomProvider(provider)
                ? [roomCalendarName({ provider, email: calendarId })]
                : calendarNames(providers[provider], connection, calendarId, openFirst, call),
            ),
          );
        }),
      );
      cancellationSignal().throwIfAborted();
      return named.flat(2);
    },
  };
};

/** Reads each connection. The failure of one is part of the result. */
const readEach = async (
  calendars: readonly CalendarToRead[],
  readBusy: (ofConnection: CalendarsOfConnection) => Promise<readonly BusyInterval[]>,
): Promise<CalendarReadings> => {
  const readings = await Promise.all(
    byConnection(calendars).map(async (ofConnection): Promise<CalendarReadings> => {
      try {
        return { busy: await readBusy(ofConnection), failures: [] };
      } catch (error) {
        cancellationSignal().throwIfAborted();
        const failure = toStepFailure(error);
        return { busy: [], failures: [{ connection: ofConnection[0].connection, failure }] };
      }
    }),
  );
  return {
    busy: readings.flatMap(({ busy }) => busy),
    failures: readings.flatMap(({ failures }) => failures),
  };
};

type FoundTime = VisibleTime &
  Pick<CalendarRef, 'connection' | 'calendarId'> & { readonly isBusyOnly: boolean };

/** Reads a calendar to which events are written. The account sees all of its events, or the reading fails. */
const readEvents = async (
  provider: Pick<ReadableCalendarProvider, 'busyEvents'>,
  ...reading: Parameters<ReadableCalendarProvider['busyEvents']>
): Promise<readonly VisibleTime[]> => {
  const events = await provider.busyEvents(...reading);
  return events.map((event) => ({ kind: 'event', ...event }));
};

const isRoom = ({ isRoom: is }: Pick<CalendarToRead, 'isRoom'>): boolean => is === true;

const isNotEmpty = (calendars: readonly CalendarToRead[]): calendars is CalendarsOfConnection =>
  calendars.length > 0;

const idsOf = (calendars: readonly CalendarToRead[]): readonly string[] => [
  ...new Set(calendars.map(({ calendarId }) => calendarId)),
];

const byConnection = (calendars: readonly CalendarToRead[]): readonly CalendarsOfConnection[] => {
  const groups = new Map<ConnectionId, [CalendarToRead, ...CalendarToRead[]]>();
  for (const calendar of calendars) {
    const group = groups.get(calendar.connection);
    if (group) group.push(calendar);
    else groups.set(calendar.connection, [calendar]);
  }
  return [...groups.values()];
};
