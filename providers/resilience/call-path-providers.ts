/** Wraps the providers so that every call takes the call path (circuit breaker, quota, metrics). */
import {
  calendarVendors,
  channelVendors,
  hasServiceHosts,
  isHostedMeeting,
  isRoomProvider,
  meetingVendors,
  namesIn,
  type ReadOnlyCalendarName,
  type RoomProviderName,
  readOnlyCalendarProviders,
  type WritableCalendarName,
  writableCalendarProviders,
} from '../../domain/providers/vendors.ts';
import { type CallOperation, operationOf, withRequests } from '../operations.ts';
import type {
  CalendarChanges,
  CalendarProvider,
  CallContext,
  EmailProvider,
  FileStorage,
  HiddenCalendars,
  HostAccount,
  MeetingProvider,
  MeetingRegistrants,
  Providers,
  ReadableCalendarProvider,
  RecordingProvider,
  RoomCalendars,
  SharedAccounts,
  TextMessageProvider,
} from '../ports.ts';
import { ofConnection } from './account-of-connection.ts';
import type { CallAccount, CallPath } from './call-path.ts';

/** Returns providers whose calls are rejected while a circuit is open or a quota is exhausted. */
export const routeThroughCallPath = (
  { calendars, calendarChanges, meetings, textMessages, email, recordings, registrants, storage }: Providers,
  path: CallPath,
  accounts: SharedAccounts,
): Providers => ({
  calendars: calendarsOnPath(calendars, path),
  calendarChanges: eachKnown(calendarChanges, (changes) => changesOnPath(changes, path)),
  meetings: each(meetings, (provider) => meetingsOnPath(provider, path, accounts)),
  textMessages: textMessagesOnPath(textMessages, path, accounts),
  email: emailOnPath(email, path, accounts),
  recordings: each(recordings, (provider) => recordingsOnPath(provider, path, accounts)),
  registrants: each(registrants, (provider) => registrantsOnPath(provider, path, accounts)),
  storage: storageOnPath(storage, path),
});

/** Returns the table with every row replaced. */
const each = <Name extends string, Row>(
  table: Readonly<Record<Name, Row>>,
  replace: (row: Row) => Row,
): Readonly<Record<Name, Row>> => {
  const replaced: Record<Name, Row> = { ...table };
  for (const name of namesIn(table)) replaced[name] = replace(table[name]);
  return replaced;
};

/** Returns the table with every row replaced that it has. */
const eachKnown = <Name extends string, Row>(
  table: Readonly<Partial<Record<Name, Row>>>,
  replace: (row: Row) => Row,
): Readonly<Partial<Record<Name, Row>>> => {
  const replaced: Partial<Record<Name, Row>> = { ...table };
  for (const name of namesIn(table)) {
    const row = table[name];
    if (row) replaced[name] = replace(row);
  }
  return replaced;
};

const changesOnPath = (changes: CalendarChanges, path: CallPath): CalendarChanges => {
  const { name, pageDeadlineMs, changesRarely, push } = changes;
  const { vendor } = calendarVendors[name];
  const list = operationOf(vendor, 'calendar.listChanges');
  const watch = operationOf(vendor, 'calendar.watch');
  const stopWatching = operationOf(vendor, 'calendar.stopWatching');
  return {
    name,
    pageDeadlineMs,
    changesRarely,
    listChanges: (connection, calendarId, position, call, stored) =>
      path.run(withRequests(list, changes.requestsOf?.(position)), ofConnection(connection), call, () =>
        changes.listChanges(connection, calendarId, position, call, stored),
      ),
    push: push && {
      ...push,
      watch: (connection, request, call) =>
        path.run(watch, ofConnection(connection), call, () => push.watch(connection, request, call)),
      ...(push.list && {
        list: (connection, address, call) =>
          path.run(
            watch,
            ofConnection(connection),
            call,
            async () => (await push.list?.(connection, address, call)) ?? [],
          ),
      }),
      ...(push.renew && {
        renew: (connection, watched, call) =>
          path.run(watch, ofConnection(connection), call, async () =>
            push.renew?.(connection, watched, call),
          ),
      }),
      stopWatching: (connection, watched, call) =>
        path.run(stopWatching, ofConnection(connection), call, () =>
          push.stopWatching(connection, watched, call),
        ),
    },
  };
};

const calendarsOnPath = (calendars: Providers['calendars'], path: CallPath): Providers['calendars'] => {
  const replaced: Record<WritableCalendarName, CalendarProvider> &
    Record<ReadOnlyCalendarName, ReadableCalendarProvider> = { ...calendars };
  for (const name of writableCalendarProviders) replaced[name] = calendarOnPath(calendars[name], path);
  for (const name of readOnlyCalendarProviders) replaced[name] = readingOnPath(calendars[name], path);
  return replaced;
};

const readingOnPath = (calendar: ReadableCalendarProvider, path: CallPath): ReadableCalendarProvider => {
  const { hasEventNamed, resolveAlias } = calendar;
  const { vendor } = calendarVendors[calendar.name];
  const freeBusy = operationOf(vendor, 'calendar.freeBusy');
  const listEvents = operationOf(vendor, 'calendar.listEvents');
  const listCalendars = operationOf(vendor, 'calendar.listCalendars');
  return {
    name: calendar.name,
    calendarList: {
      scopes: calendar.calendarList.scopes,
      list: (connection, scopes, call) =>
        path.run(listCalendars, ofConnection(connection), call, () =>
          calendar.calendarList.list(connection, scopes, call),
        ),
    },
    freeBusy: (connection, calendarIds, window, call) =>
      path.run(freeBusy, ofConnection(connection), call, () =>
        calendar.freeBusy(connection, calendarIds, window, call),
      ),
    busyEvents: (connection, calendarId, window, call) =>
      path.run(listEvents, ofConnection(connection), call, () =>
        calendar.busyEvents(connection, calendarId, window, call),
      ),
    ...(hasEventNamed && {
      hasEventNamed: (connection, isWanted, call) =>
        path.run(listEvents, ofConnection(connection), call, () => hasEventNamed(connection, isWanted, call)),
    }),
    ...(calendar.hidden && { hidden: hiddenOnPath(calendar.hidden, freeBusy, path) }),
    ...(resolveAlias && {
      resolveAlias: (connection, calendarId, call) =>
        path.run(listEvents, ofConnection(connection), call, () =>
          resolveAlias(connection, calendarId, call),
        ),
    }),
    ...(calendar.rooms &&
      isRoomProvider(calendar.name) && { rooms: roomsOnPath(calendar.name, calendar.rooms, path) }),
  };
};

const hiddenOnPath = (
  hidden: HiddenCalendars,
  operation: CallOperation,
  path: CallPath,
): HiddenCalendars => ({
  mostPerQuery: hidden.mostPerQuery,
  busyTimes: (connection, calendars, window, call) =>
    path.run(operation, ofConnection(connection), call, () =>
      hidden.busyTimes(connection, calendars, window, call),
    ),
});

/** The busy times of a room cost what a list of events costs. */
const roomsOnPath = (name: RoomProviderName, rooms: RoomCalendars, path: CallPath): RoomCalendars => {
  const { vendor } = calendarVendors[name];
  const listEvents = operationOf(vendor, 'calendar.listEvents');
  const listRooms = operationOf(vendor, 'rooms.list');
  return {
    listingScopes: rooms.listingScopes,
    busyTimes: (connection, email, window, call) =>
      path.run(listEvents, ofConnection(connection), call, () =>
        rooms.busyTimes(connection, email, window, call),
      ),
    list: (connection, scopes, call) =>
      path.run(listRooms, ofConnection(connection), call, () => rooms.list(connection, scopes, call)),
  };
};

const calendarOnPath = (calendar: CalendarProvider, path: CallPath): CalendarProvider => {
  const { vendor } = calendarVendors[calendar.name];
  const putEvent = operationOf(vendor, 'calendar.putEvent');
  const putConference = operationOf(vendor, 'calendar.putConference');
  const checkConference = operationOf(vendor, 'calendar.checkConference');
  const conferenceAttendance = operationOf(vendor, 'calendar.conferenceAttendance');
  const deleteEvent = operationOf(vendor, 'calendar.deleteEvent');
  return {
    ...readingOnPath(calendar, path),
    name: calendar.name,
    putEvent: (connection, event, call) =>
      path.run(putEvent, ofConnection(connection), call, () => calendar.putEvent(connection, event, call)),
    putConference: (connection, event, call) =>
      path.run(putConference, ofConnection(connection), call, () =>
        calendar.putConference(connection, event, call),
      ),
    ...(calendar.checkConference && {
      checkConference: (connection, event, call) =>
        path.run(
          checkConference,
          ofConnection(connection),
          call,
          async () => (await calendar.checkConference?.(connection, event, call)) ?? { status: 'absent' },
        ),
    }),
    ...(calendar.conferenceAttendance && {
      conferenceAttendance: (connection, conference, call) =>
        path.run(
          conferenceAttendance,
          ofConnection(connection),
          call,
          // Undefined is an answer: there is no report, so it is not known whether a person came.
          async () => calendar.conferenceAttendance?.(connection, conference, call),
        ),
    }),
    deleteEvent: (connection, event, call) =>
      path.run(deleteEvent, ofConnection(connection), call, () =>
        calendar.deleteEvent(connection, event, call),
      ),
  };
};

/** The quotas of hosts are separate: each user of a shared account has a quota. */
const meetingsOnPath = (
  provider: MeetingProvider,
  path: CallPath,
  accounts: SharedAccounts,
): MeetingProvider => {
  const { name, defaultUsers, createsOnce, identify, endsEarly } = provider;
  const { vendor } = meetingVendors[name];
  const find = operationOf(vendor, 'meetings.find');
  const create = operationOf(vendor, 'meetings.create');
  const move = operationOf(vendor, 'meetings.move');
  const remove = operationOf(vendor, 'meetings.remove');
  const check = operationOf(vendor, 'meetings.check');
  const attendance = operationOf(vendor, 'meetings.attendance');
  const end = operationOf(vendor, 'meetings.end');
  const lead = operationOf(vendor, 'meetings.setLeaders');
  const readUser = operationOf(vendor, 'users.read');
  const accountOf = (host: HostAccount): CallAccount =>
    host.kind === 'connected'
      ? ofConnection(host.connection)
      : { account: `${hasServiceHosts(name) ? accounts[meetingVendors[name].vendor] : vendor}/${host.user}` };
  return {
    name,
    defaultUsers,
    createsOnce,
    ...(identify && {
      identify: (host, call) => path.run(readUser, accountOf(host), call, () => identify(host, call)),
    }),
    find: (host, reference, around, call) =>
      path.run(find, accountOf(host), call, () => provider.find(host, reference, around, call)),
    create: (host, spec, call) =>
      path.run(create, accountOf(host), call, () => provider.create(host, spec, call)),
    ...(provider.review && {
      review: (host, meetingId, spec, call) =>
        path.run(
          check,
          accountOf(host),
          call,
          async () => (await provider.review?.(host, meetingId, spec, call)) ?? [],
        ),
    }),
    ...(endsEarly && {
      endsEarly: (host, slot, call) =>
        path.run(readUser, accountOf(host), call, () => endsEarly(host, slot, call)),
    }),
    ...(provider.end && {
      end: (host, meetingId, call) =>
        path.run(
          end,
          accountOf(host),
          call,
          async () => (await provider.end?.(host, meetingId, call)) ?? 'not_open',
        ),
    }),
    move: (host, meetingId, spec, call) =>
      path.run(move, accountOf(host), call, () => provider.move(host, meetingId, spec, call)),
    remove: (host, meetingId, call) =>
      path.run(remove, accountOf(host), call, () => provider.remove(host, meetingId, call)),
    check: (host, meetingId, call) =>
      path.run(check, accountOf(host), call, () => provider.check(host, meetingId, call)),
    ...(provider.setLeaders && {
      setLeaders: (host, meetingId, emails, call) =>
        path.run(
          lead,
          accountOf(host),
          call,
          async () => (await provider.setLeaders?.(host, meetingId, emails, call)) ?? false,
        ),
    }),
    ...(provider.attendance && {
      attendance: (host, meetingId, call) =>
        path.run(
          attendance,
          accountOf(host),
          call,
          // Undefined is an answer here, too.
          async () => provider.attendance?.(host, meetingId, call),
        ),
    }),
  };
};

const registrantsOnPath = (
  { name, ...provider }: MeetingRegistrants,
  path: CallPath,
  accounts: SharedAccounts,
): MeetingRegistrants => {
  const { vendor } = meetingVendors[name];
  const find = operationOf(vendor, 'registrants.find');
  const add = operationOf(vendor, 'registrants.add');
  const cancel = operationOf(vendor, 'registrants.cancel');
  const accountOf = (host: HostAccount): CallAccount =>
    host.kind === 'connected'
      ? ofConnection(host.connection)
      : { account: `${accounts[vendor]}/${host.user}` };
  return {
    name,
    find: (host, meetingId, reference, call) =>
      path.run(find, accountOf(host), call, () => provider.find(host, meetingId, reference, call)),
    add: (host, meetingId, person, call) =>
      path.run(add, accountOf(host), call, () => provider.add(host, meetingId, person, call)),
    cancel: (host, meetingId, registrantId, call) =>
      path.run(cancel, accountOf(host), call, () => provider.cancel(host, meetingId, registrantId, call)),
  };
};

/** A download is observed until its first byte. */
const recordingsOnPath = (
  provider: RecordingProvider,
  path: CallPath,
  accounts: SharedAccounts,
): RecordingProvider => {
  const { vendor } = meetingVendors[provider.name];
  const list = operationOf(vendor, 'recordings.list');
  const download = operationOf(vendor, 'recordings.download');
  const remove = operationOf(vendor, 'recordings.remove');
  const readSetting = operationOf(vendor, 'recordings.isAutomatic');
  const set = operationOf(vendor, 'recordings.setAutomatic');
  const stop = operationOf(vendor, 'recordings.stop');
  const { name } = provider;
  const sharedAccount =
    isHostedMeeting(name) && hasServiceHosts(name) ? accounts[meetingVendors[name].vendor] : vendor;
  const accountOf = (host: HostAccount): CallAccount =>
    host.kind === 'connected' ? ofConnection(host.connection) : { account: `${sharedAccount}/${host.user}` };
  return {
    name: provider.name,
    laterFiles: provider.laterFiles,
    list: (host, meetingId, call) =>
      path.run(list, accountOf(host), call, () => provider.list(host, meetingId, call)),
    absence: (host, meetingId, call) =>
      path.run(list, accountOf(host), call, () => provider.absence(host, meetingId, call)),
    isAutomatic: (host, meetingId, call) =>
      path.run(readSetting, accountOf(host), call, () => provider.isAutomatic(host, meetingId, call)),
    setAutomatic: (host, meetingId, isAutomatic, call) =>
      path.run(set, accountOf(host), call, () => provider.setAutomatic(host, meetingId, isAutomatic, call)),
    ...(provider.stop && {
      stop: (host: HostAccount, meetingId: string, call: CallContext) =>
        path.run(stop, accountOf(host), call, async () => provider.stop?.(host, meetingId, call)),
    }),
    download: (host, file, offset, call) =>
      path.run(download, accountOf(host), call, () => provider.download(host, file, offset, call)),
    remove: (host, copy, action, call) =>
      path.run(remove, accountOf(host), call, () => provider.remove(host, copy, action, call)),
  };
};

/** An upload is observed when it begins, and a read until its first byte. */
const storageOnPath = (storage: FileStorage, path: CallPath): FileStorage => {
  const account = { account: storage.kind };
  const find = operationOf('storage', 'files.find');
  const read = operationOf('storage', 'files.read');
  const store = operationOf('storage', 'files.store');
  const remove = operationOf('storage', 'files.remove');
  return {
    kind: storage.kind,
    find: (key, call) => path.run(find, account, call, () => storage.find(key, call)),
    upload: (key, size, call) => path.run(store, account, call, () => storage.upload(key, size, call)),
    read: (key, range, call) => path.run(read, account, call, () => storage.read(key, range, call)),
    remove: (key, call) => path.run(remove, account, call, () => storage.remove(key, call)),
  };
};

const textMessagesOnPath = (
  texts: TextMessageProvider,
  path: CallPath,
  accounts: SharedAccounts,
): TextMessageProvider => {
  const account = { account: accounts[texts.name] };
  const find = operationOf(texts.name, 'textMessages.find');
  const send = operationOf(texts.name, 'textMessages.send');
  const status = operationOf(texts.name, 'textMessages.status');
  return {
    name: texts.name,
    find: (message, since, call) => path.run(find, account, call, () => texts.find(message, since, call)),
    send: (message, call) => path.run(send, account, call, () => texts.send(message, call)),
    statusOf: (id, call) => path.run(status, account, call, () => texts.statusOf(id, call)),
  };
};

const emailOnPath = (email: EmailProvider, path: CallPath, accounts: SharedAccounts): EmailProvider => {
  const { vendor } = channelVendors.email;
  const account = { account: accounts[vendor] };
  const find = operationOf(vendor, 'email.find');
  const send = operationOf(vendor, 'email.send');
  return {
    name: email.name,
    find: (messageId, call) => path.run(find, account, call, () => email.find(messageId, call)),
    send: (message, beforeHandover, call) =>
      path.run(send, account, call, () => email.send(message, beforeHandover, call)),
  };
};
