/**
 * Defines the ports that provider adapters implement. Code outside `providers/` sees only these types, never a vendor's
 * JSON. Every method reports failures as `ProviderError`.
 */
import type { Answer, Meeting } from '../domain/audition/events.ts';
import type { MeetingSettings, SettingName } from '../domain/audition/meeting-settings.ts';
import type { RoomAnswer } from '../domain/audition/room-booking.ts';
import type { BusyInterval, Slot } from '../domain/audition/slot.ts';
import type { BusyKind } from '../domain/calendars/busy-kind.ts';
import type { CalendarListing } from '../domain/calendars/calendar-listing.ts';
import type { AppPassword } from '../domain/connections/grant.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type {
  CalendarProviderName,
  channelVendors,
  HostedMeetingName,
  meetingVendors,
  ReadOnlyCalendarName,
  RecordedMeetingName,
  ServiceMeetingName,
  SynchronizedCalendarName,
  WritableCalendarName,
} from '../domain/providers/vendors.ts';
import type { ListedFile } from '../domain/recordings/recording.ts';
import type { Instant } from '../domain/time/instant.ts';

/** The context of a call to a provider. */
export interface CallContext {
  /** Aborted when the activity is cancelled, its worker shuts down, or the call's deadline has passed. */
  readonly signal: AbortSignal;
  readonly correlationId: string;
  /** The organization that the call is made for. It decides the share in the quota of a shared account. */
  readonly organization?: OrganizationId | undefined;
}

/** A connected account, as a provider is called with it. */
export interface ConnectedAccount {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly account: string;
  /** The scopes of the consent. Undefined: unknown, or the account has no scopes. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Returns a valid access token, refreshed first when it expires soon.
   *
   * @throws {ProviderError} `reconnect` when the owner must connect the account again.
   */
  accessToken(call: CallContext): Promise<string>;
  /** Reports that the provider rejected this token: the next `accessToken` returns another one. */
  reportRejectedToken(token: string): void;
  /** Reports that the consent behind this token does not cover the call: its owner is asked to consent again. */
  reportMissingScopes(token: string): Promise<void>;
  /**
   * Returns the server and the app-specific password of an account that was connected with one.
   *
   * @throws {ProviderError} `reconnect` when the owner must connect the account again.
   */
  appPassword(call: CallContext): Promise<AppPassword>;
  /** Reports that the server rejected the password: its owner is asked to connect again. */
  reportRejectedPassword(): Promise<void>;
  /**
   * Returns the secret address of a calendar feed. `version` distinguishes it from the addresses before it.
   *
   * @throws {ProviderError} `reconnect` when the owner must enter another address.
   */
  feedAddress(call: CallContext): Promise<{ readonly address: string; readonly version: number }>;
  /** Reports that there is no calendar at the address any more: its owner is asked for another one. */
  reportRejectedFeedAddress(): Promise<void>;
}

/**
 * What an event of ours is for. In one calendar an audition has one event. Several participants can use it, and the
 * meeting can use it as its conference. It is deleted with its last use.
 */
export interface EventUse {
  /** The user of the event, such as a participant. */
  readonly name: string;
  /** The idempotency key of the step that wrote the event for this user. A later step replaces it. */
  readonly key: string;
}

/** An event of ours in one calendar. */
export interface OurEvent {
  readonly calendarId: string;
  /** Derived from the audition, [0-9a-v]{5,1024}: a repeated insert conflicts with the first one. */
  readonly eventId: string;
  /** The audition. The event is marked with it; an event with another mark is not ours. */
  readonly reference: string;
}

/** Which uses of an event of ours end. */
export interface EventToDelete extends OurEvent {
  /** The keys of the steps that have begun the uses. `all`: every use, of an event that no step accounts for. */
  readonly keys: readonly string[] | 'all';
  /** The provider's id of the event, when only this one of several events of the audition is meant. */
  readonly only?: string | undefined;
}

/** A room that an event books, as one of its guests. */
export interface BookedRoom {
  /** In lower case. */
  readonly email: string;
  readonly name: string;
}

/** What is known of an event before it is written again. */
export interface KnownEvent {
  /** The times at which this service has written it, or has reported it to its audition. */
  readonly times: readonly { readonly start: Instant; readonly end: Instant }[];
  /** Whether the calendar has had the event, and no deletion of it is known. */
  readonly isPresent: boolean;
}

/** An edit of a person, which was not known and was written over. Without times: the event lasted all day. */
export type OverwrittenEdit =
  | { readonly kind: 'moved'; readonly start?: Instant; readonly end?: Instant }
  | { readonly kind: 'deleted' };

export interface WrittenCalendarEvent {
  /** The provider's id of the event. */
  readonly eventId: string;
  readonly overwrote?: OverwrittenEdit | undefined;
}

export interface CalendarEvent extends OurEvent {
  /** Undefined for an event that was not written before. */
  readonly known?: KnownEvent | undefined;
  /** Set when the event is written for the room (`roomUser`). Any other step leaves the rooms of the event as they are. */
  readonly room?: BookedRoom | undefined;
  readonly use: EventUse;
  readonly summary: string;
  readonly description: string;
  readonly location?: string | undefined;
  readonly slot: Slot;
  /** iCalendar's SEQUENCE. */
  readonly revision: number;
}

/** An event of ours, for the step that only writes its conference. */
export interface ConferenceEvent extends OurEvent {
  /** The idempotency key of the step that has created the meeting. It ends the use of the event. */
  readonly key: string;
  /** The summary of a new event. An existing event keeps its own summary. */
  readonly topic: string;
  readonly slot: Slot;
  readonly revision: number;
  /** The same id always yields the same conference. */
  readonly requestId: string;
  readonly settings: MeetingSettings;
}

export interface Conference {
  readonly id: string;
  readonly joinUrl: string;
}

/** A conference as it was written. */
export interface WrittenConference extends Conference {
  /** The settings that the provider cannot honour. */
  readonly notHonored: readonly SettingName[];
}

/** An event that blocks time. */
export interface BusyEvent extends BusyInterval {
  readonly busy: Exclude<BusyKind, 'free'>;
  /** For an event of ours, our id. */
  readonly eventId: string;
  /** The mark of an event of ours. Another program can have copied it: the id decides. */
  readonly reference?: string | undefined;
}

/** The calendars of an account that hold events. */
interface CalendarList {
  /** The scopes of which a consent must have one before `list` is called. Empty: every consent permits it. */
  readonly scopes: readonly string[];
  /**
   * Returns the calendars that can be read, the main calendar first. A calendar that was removed is not one of them.
   *
   * @param scopes the scopes of the consent
   */
  list(
    connection: ConnectedAccount,
    scopes: readonly string[],
    call: CallContext,
  ): Promise<readonly CalendarListing[]>;
}

/** A room of the account's organization at the provider. */
export interface RoomListing {
  readonly email: string;
  /** The name at the provider; can be empty. */
  readonly name: string;
  readonly building?: string | undefined;
  /** How many people fit in. */
  readonly capacity?: number | undefined;
}

/**
 * A time at which a room is not free. With `eventId`, it is an event, and the id is ours when the event is one of ours.
 * `time`: one event whose id the vendor does not tell. `merged`: one or several events.
 */
export type RoomBusyTime = BusyInterval & {
  readonly busy: Exclude<BusyKind, 'free'>;
} & ({ readonly kind: 'event'; readonly eventId: string } | { readonly kind: 'time' | 'merged' });

/** The rooms of a provider. They are read and booked with a connected account. */
export interface RoomCalendars {
  /** Returns the times within [from, until) at which the room is not free. */
  busyTimes(
    connection: ConnectedAccount,
    email: string,
    window: { readonly from: Instant; readonly until: Instant },
    call: CallContext,
  ): Promise<readonly RoomBusyTime[]>;
  /** The scopes of which a consent must have one before `list` is called. */
  readonly listingScopes: readonly [string, ...string[]];
  /**
   * Returns the rooms that the account can see.
   *
   * @param scopes the scopes of the consent
   */
  list(
    connection: ConnectedAccount,
    scopes: readonly string[],
    call: CallContext,
  ): Promise<readonly RoomListing[]>;
}

/** A provider whose calendars are read. */
export interface ReadableCalendarProvider {
  readonly name: CalendarProviderName;
  readonly calendarList: CalendarList;
  /** Returns the busy intervals of several calendars of one connection within [from, until). They can overlap, or be merged. */
  freeBusy(
    connection: ConnectedAccount,
    calendarIds: readonly string[],
    window: { readonly from: Instant; readonly until: Instant },
    call: CallContext,
  ): Promise<readonly BusyInterval[]>;
  /**
   * Returns the events of one calendar that block time within [from, until). More expensive than `freeBusy`, which
   * cannot tell our own events from others.
   */
  busyEvents(
    connection: ConnectedAccount,
    calendarId: string,
    window: { readonly from: Instant; readonly until: Instant },
    call: CallContext,
  ): Promise<readonly BusyEvent[]>;
  /**
   * Returns `primary` for any id of the account's main calendar, and every other id unchanged. Absent when the ids alone
   * tell which calendar they mean (`providers/calendar-names.ts`).
   */
  resolveAlias?(connection: ConnectedAccount, calendarId: string, call: CallContext): Promise<string>;
  /** Absent when the provider's rooms cannot be booked. */
  readonly rooms?: RoomCalendars | undefined;
}

/** A provider whose calendars are read and written. */
export interface CalendarProvider extends ReadableCalendarProvider {
  readonly name: WritableCalendarName;
  /**
   * Creates, updates or revives the event. Idempotent by `eventId`. Returns the provider's id of the event, which
   * differs from ours when ours cannot be used any more, and the edit that was written over. A repetition after a lost answer
   * finds no edit any more.
   */
  putEvent(
    connection: ConnectedAccount,
    event: CalendarEvent,
    call: CallContext,
  ): Promise<WrittenCalendarEvent>;
  /** Gives the event a conference and its time; `putEvent` writes its texts. Idempotent by `eventId`. */
  putConference(
    connection: ConnectedAccount,
    event: ConferenceEvent,
    call: CallContext,
  ): Promise<WrittenConference>;
  /**
   * Returns whether the event still has this conference. Absent when the provider's events have no conferences, or cannot
   * be asked.
   */
  checkConference?(
    connection: ConnectedAccount,
    event: OurEvent & Pick<Conference, 'id'>,
    call: CallContext,
  ): Promise<'present' | 'absent'>;
  /** Returns who was in the conference, after its end. Absent when the provider does not report it. */
  conferenceAttendance?(
    connection: ConnectedAccount,
    conference: Pick<Conference, 'id'>,
    call: CallContext,
  ): Promise<readonly Attendance[]>;
  /**
   * Ends the uses of the event that steps with these keys have begun. Deletes the event with its last use; otherwise
   * keeps it for the others, without its conference when the meeting no longer uses it. Idempotent: returns `absent`
   * when these uses do not exist.
   */
  deleteEvent(
    connection: ConnectedAccount,
    event: EventToDelete,
    call: CallContext,
  ): Promise<'deleted' | 'absent'>;
}

/** An event of a calendar, or one occurrence of a series. It has no texts and no people. */
export interface ListedEvent {
  /** For an event that lasts all day: where the days begin and end in the zone of the calendar. */
  readonly start: Instant;
  readonly end: Instant;
  /** IANA. */
  readonly zone: string;
  readonly isAllDay: boolean;
  /** Whether the event blocks its time, as in `busyEvents`. */
  readonly busy: BusyKind;
  readonly etag?: string | undefined;
  /** What the owner of the calendar answers to the event. Undefined without an answer. */
  readonly answer?: ListedAnswer | undefined;
}

interface ListedAnswer {
  readonly given: Answer;
  /** When it was given, if the vendor says so. Another time means another answer. */
  readonly givenAt?: Instant | undefined;
  /** When the event was last changed: the answer was not given later. */
  readonly changedAt?: Instant | undefined;
  /** Whether our write of another revision removes the answer. The same answer in it is then a new one. */
  readonly endsWithRevision: boolean;
}

/** What an event says about itself in our private properties. Another program can have copied them: the id decides. */
export interface EventMark {
  /** Our id of the event. */
  readonly eventId: string;
  readonly reference: string;
  /** The revision of the slot for which the event was last written. */
  readonly revision?: number | undefined;
}

export interface ListedChange {
  /** The provider's id of the event, unique in its calendar. */
  readonly id: string;
  /** The provider's id of the series that the occurrence belongs to. */
  readonly series?: string | undefined;
  /** Undefined: the event was deleted. When it is a series, every occurrence is gone that the page does not list. */
  readonly event?: ListedEvent | undefined;
  readonly mark?: EventMark | undefined;
  /** What the room that an event of ours books has answered. Undefined: the event books no room. */
  readonly roomAnswer?: RoomAnswer | undefined;
}

/**
 * Where a listing continues. `all`: every event that ends after `since`. `changes`: what has changed since the listing
 * that returned the cursor. `page` is the next page of the listing. Cursor and page are opaque texts of the vendor.
 */
export type ListingPosition =
  | { readonly kind: 'all'; readonly since: Instant; readonly page?: string | undefined }
  | { readonly kind: 'changes'; readonly cursor: string; readonly page?: string | undefined };

type ListingPage =
  | {
      readonly kind: 'page';
      readonly changes: readonly ListedChange[];
      /** Series of which the page has every occurrence. Their other occurrences no longer exist. */
      readonly wholeSeries?: readonly string[] | undefined;
      /** Where a listing of all events ends, when the vendor limits it: it omits events that begin later. */
      readonly listedUntil?: Instant | undefined;
      /** Undefined on the last page. */
      readonly nextPage?: string | undefined;
      /** On the last page. Undefined when the vendor gave none: the next listing is one of all events. */
      readonly nextCursor?: string | undefined;
    }
  /** The vendor no longer knows the cursor or the page. Only a listing of all events helps. */
  | { readonly kind: 'cursor_expired' };

/** What is stored of a calendar. A server that reports no changes is compared with it. */
export interface StoredEvents {
  /** Returns the etags of the series that have an event later than a day ago. */
  etags(): Promise<ReadonlyMap<string, string | undefined>>;
}

/** A request for push notifications about a calendar. */
interface WatchRequest {
  readonly calendarId: string;
  /** Proposed by us: at most 64 of [A-Za-z0-9-]. Some vendors choose their own. */
  readonly id: string;
  /** The vendor sends it with each notification. */
  readonly secret: string;
  readonly address: string;
  readonly expiresAt: Instant;
}

interface Watch {
  readonly id: string;
  /** The vendor's id of what is watched. Its presence says that the vendor has confirmed the watch. */
  readonly resourceId: string;
  /** Earlier than requested when the vendor allows less. */
  readonly expiresAt: Instant;
}

/** Notifications of a vendor that can push them. */
export interface CalendarPush {
  /** The path of our receiver below the public URL. */
  readonly path: string;
  /** Starts notifications. Not idempotent: two watches of a calendar both notify. */
  watch(connection: ConnectedAccount, request: WatchRequest, call: CallContext): Promise<Watch>;
  /**
   * Extends a watch. Returns its new end; undefined when the vendor does not know it any more. Absent when a watch cannot
   * be extended. Idempotent.
   */
  renew?(
    connection: ConnectedAccount,
    watch: { readonly id: string; readonly expiresAt: Instant },
    call: CallContext,
  ): Promise<Instant | undefined>;
  /** Ends notifications. Idempotent. */
  stopWatching(
    connection: ConnectedAccount,
    watch: { readonly id: string; readonly resourceId?: string | undefined },
    call: CallContext,
  ): Promise<void>;
}

/** The changes of a vendor's calendars. The calendar synchronisation depends on this port only. */
export interface CalendarChanges {
  readonly name: SynchronizedCalendarName;
  /** The deadline of a page. Default: ten seconds; at most 35 s, because the activity has a minute. */
  readonly pageDeadlineMs?: number | undefined;
  /** Returns one page. Occurrences of series are listed one by one. Deleted events are listed as changes. */
  listChanges(
    connection: ConnectedAccount,
    calendarId: string,
    position: ListingPosition,
    call: CallContext,
    stored: StoredEvents,
  ): Promise<ListingPage>;
  /** Undefined: the calendars are only polled. */
  readonly push?: CalendarPush | undefined;
}

export interface MeetingSpec {
  /** Our reference, stored at the provider and searchable. It replaces an idempotency key where a provider has none. */
  readonly reference: string;
  readonly topic: string;
  readonly slot: Slot;
  readonly settings: MeetingSettings;
}

/** The host of a meeting, as a provider is called for it. `MeetingHost` is the same host as it is stored. */
export type HostAccount =
  /** `user`: the id or the email address of a user of the service's own account, or `me`. */
  | { readonly kind: 'service'; readonly user: string }
  | { readonly kind: 'connected'; readonly connection: ConnectedAccount };

export interface CreatedMeeting {
  readonly meeting: Meeting;
  /** The settings that the provider cannot honour. */
  readonly notHonored: readonly SettingName[];
}

/** The presence of a person in a meeting that has ended. A person who left and came back has several. */
export interface Attendance {
  readonly name?: string | undefined;
  /** In lower case. Undefined for a person who joined without an account. */
  readonly email?: string | undefined;
  readonly joinedAt: Instant;
  /** Undefined: the vendor does not know it. */
  readonly leftAt?: Instant | undefined;
}

/** A provider of meetings that are independent of a calendar (Zoom). A Meet meeting is part of a calendar event. */
export interface MeetingProvider {
  readonly name: HostedMeetingName;
  /** The user of the service's own account who hosts the meetings of organizations that have chosen no host. */
  readonly defaultUser?: string | undefined;
  /**
   * Whether the vendor keeps a repeated `create` with the same reference from making a second meeting. `create` is then
   * repeated without `find`. `find` serves removals, and can create the meeting that it returns.
   */
  readonly createsOnce?: boolean | undefined;
  /** Returns all meetings of the host that carry our reference, oldest first. Earlier attempts may have created several. */
  find(host: HostAccount, reference: string, around: Slot, call: CallContext): Promise<readonly Meeting[]>;
  /**
   * Creates a meeting. Idempotent with `createsOnce`. Otherwise the ledger calls `find` first when an earlier outcome is
   * unknown.
   */
  create(host: HostAccount, spec: MeetingSpec, call: CallContext): Promise<CreatedMeeting>;
  /**
   * Returns the settings of the spec that a meeting of an earlier attempt does not have. Absent when they depend only on
   * the spec.
   */
  review?(
    host: HostAccount,
    meetingId: string,
    spec: MeetingSpec,
    call: CallContext,
  ): Promise<readonly SettingName[]>;
  /** Sets the time of the meeting. Idempotent, because the time is absolute. */
  move(host: HostAccount, meetingId: string, spec: MeetingSpec, call: CallContext): Promise<void>;
  /** Deletes the meeting. Idempotent: returns `absent` when it does not exist. */
  remove(host: HostAccount, meetingId: string, call: CallContext): Promise<'deleted' | 'absent'>;
  /** Returns whether the provider still has the meeting. For a check before the session. */
  check(host: HostAccount, meetingId: string, call: CallContext): Promise<'present' | 'absent'>;
  /** Returns who was in the meeting, after its end. Absent when the provider reports it by webhook only. */
  attendance?(host: HostAccount, meetingId: string, call: CallContext): Promise<readonly Attendance[]>;
}

/** A recording of one opening of a meeting, as its provider lists it. */
export interface ListedRecording {
  /** The provider's id of the opening. */
  readonly instance: string;
  readonly startedAt?: Instant | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  readonly files: readonly ListedFile[];
}

/** The bytes of a file from an offset on. */
export interface FileDownload {
  /** Where the bytes begin. 0 when the provider does not support ranges. */
  readonly offset: number;
  /** The size of the whole file. Undefined: the provider does not say. */
  readonly size?: number | undefined;
  /** Throws `ProviderError` when the connection breaks. The consumer sets the pace. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A provider whose recordings are stored. */
export interface RecordingProvider {
  readonly name: RecordedMeetingName;
  /** Returns the recordings of all openings of the meeting. Empty when there are none, or none any more. */
  list(host: HostAccount, meetingId: string, call: CallContext): Promise<readonly ListedRecording[]>;
  /** Returns whether recordings of the meeting are in the trash of its host. */
  isInTrash(host: HostAccount, meetingId: string, call: CallContext): Promise<boolean>;
  /** Sets whether the recording starts with the session. Idempotent, because the setting is absolute. */
  setAutomatic(host: HostAccount, meetingId: string, isAutomatic: boolean, call: CallContext): Promise<void>;
  /**
   * Opens a file of a recording at an offset. Asks the provider for a new address and a new token each time, because both
   * expire. The deadline of the call must cover the whole transfer.
   *
   * @throws {ProviderError} `not_found` when the recording no longer has the file.
   */
  download(
    host: HostAccount,
    file: { readonly instance: string; readonly file: string },
    offset: number,
    call: CallContext,
  ): Promise<FileDownload>;
  /** Moves all files of a recording to the trash, or deletes them. Idempotent: returns `absent` when there are none. */
  remove(
    host: HostAccount,
    instance: string,
    action: 'trash' | 'delete',
    call: CallContext,
  ): Promise<'deleted' | 'absent'>;
}

/** A file that is being written. One writer at a time. */
export interface FileUpload {
  /** How many bytes are in the storage, from earlier attempts. Writing continues after them. */
  readonly offset: number;
  /** Appends bytes. Resolves when more can be written. The chunk can be reused after that. */
  write(chunk: Uint8Array): Promise<void>;
  /** How many bytes are in the storage now. */
  readonly durable: number;
  /** Makes the file appear under its key, with all bytes. Idempotent. */
  complete(): Promise<void>;
  /** Waits for running writes and keeps what is in the storage, for the next attempt. */
  suspend(): Promise<void>;
}

/** A storage of large files. A file appears under its key when it is complete, and never changes. */
export interface FileStorage {
  readonly kind: 'file_system' | 's3';
  /** Returns the size of a complete file, in bytes. */
  find(key: string, call: CallContext): Promise<number | undefined>;
  /**
   * Begins a file, or continues where an earlier attempt has stopped.
   *
   * @param size the expected size, in bytes, when it is known.
   */
  upload(key: string, size: number | undefined, call: CallContext): Promise<FileUpload>;
  /**
   * Returns the bytes from `start` to `end`, both included.
   *
   * @throws {ProviderError} `not_found`
   */
  read(
    key: string,
    range: { readonly start: number; readonly end?: number | undefined },
    call: CallContext,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Deletes the file and all of its incomplete uploads. Idempotent. */
  remove(key: string, call: CallContext): Promise<'deleted' | 'absent'>;
}

export interface TextMessage {
  /** E.164. */
  readonly to: string;
  /** Contains the reference as a word. */
  readonly body: string;
  /** Unique among the messages to this number. */
  readonly reference: string;
  /** The URL to which the provider reports the delivery status of the message. */
  readonly statusCallback?: string | undefined;
}

type ChannelVendors = typeof channelVendors;

export interface TextMessageProvider {
  readonly name: ChannelVendors['sms']['vendor'];
  /** Returns the message to this number that carries the reference, when an attempt since `since` has sent it. */
  find(
    message: Pick<TextMessage, 'to' | 'reference'>,
    since: Instant,
    call: CallContext,
  ): Promise<{ readonly id: string } | undefined>;
  /** Sends the message. Not idempotent: the ledger calls `find` first when an earlier outcome is unknown. */
  send(message: TextMessage, call: CallContext): Promise<{ readonly id: string }>;
}

export interface EmailMessage {
  /** Derived from our idempotency key, with angle brackets. Receivers and journals deduplicate by it. */
  readonly messageId: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** An iMIP part (RFC 6047). The method must equal the METHOD inside the calendar. */
  readonly calendar?: { readonly method: 'REQUEST' | 'CANCEL'; readonly content: string } | undefined;
}

export interface EmailProvider {
  readonly name: ChannelVendors['email']['vendor'];
  /**
   * Looks for a message by its id in the configured journal mailbox. Returns `unknown` without a journal, because SMTP
   * has no query.
   */
  find(messageId: string, call: CallContext): Promise<'sent' | 'not_sent' | 'unknown'>;
  /**
   * Sends the message. `beforeHandover` is awaited after the server has accepted the recipient and before it can accept
   * the message: until it resolves, the message has certainly not been sent.
   */
  send(message: EmailMessage, beforeHandover: () => Promise<void>, call: CallContext): Promise<void>;
}

/** The providers, constructed once per process by `providers/registry.ts`. */
export interface Providers {
  readonly calendars: Readonly<Record<WritableCalendarName, CalendarProvider>> &
    Readonly<Record<ReadOnlyCalendarName, ReadableCalendarProvider>>;
  /** Calendars of a vendor without an entry are written and read, but not synchronized. */
  readonly calendarChanges: Readonly<Partial<Record<CalendarProviderName, CalendarChanges>>>;
  readonly meetings: Readonly<Record<HostedMeetingName, MeetingProvider>>;
  readonly textMessages: TextMessageProvider;
  readonly email: EmailProvider;
  readonly recordings: Readonly<Record<RecordedMeetingName, RecordingProvider>>;
  readonly storage: FileStorage;
}

/** The vendors that are called with one account of the service, shared by all organizations. */
type SharedVendor =
  | (typeof meetingVendors)[ServiceMeetingName]['vendor']
  | ChannelVendors[keyof ChannelVendors]['vendor'];

/** The identity of each vendor's shared account, such as its id at the vendor. */
export type SharedAccounts = Readonly<Record<SharedVendor, string>>;
