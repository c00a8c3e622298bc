/** Ports: calendars that are read and written, and rooms. */
import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import type { CalendarListing } from '../../domain/calendars/calendar-listing.ts';
import type { HiddenKind } from '../../domain/calendars/seen-as.ts';
import type { ProviderError } from '../../domain/errors.ts';
import type { CalendarProviderName, WritableCalendarName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type {
  CalendarEvent,
  Conference,
  ConferenceEvent,
  EventCreation,
  EventToDelete,
  OurEvent,
  WrittenCalendarEvent,
  WrittenConference,
} from './calendar-events.ts';
import type { CallContext, ConnectedAccount } from './calls.ts';
import type { Attendance, MeetingPresence } from './meetings.ts';

/** An event that blocks time. */
export interface BusyEvent extends BusyInterval {
  readonly busy: Exclude<BusyKind, 'free'>;
  /** For an event of ours, our id. */
  readonly eventId: string;
  /** The UID (RFC 5545, section 3.8.4.7), if it is not the id. It is the same in copies of the event. */
  readonly uid?: string | undefined;
  /** The mark of an event of ours. Another program can have copied it: the id decides. */
  readonly reference?: string | undefined;
  /** Of an event with our mark, at a vendor with `hasCreations`. The event is ours only if it is no copy. */
  readonly creation?: EventCreation | undefined;
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
 * A busy time of a calendar whose events the account cannot read. Vendors that do not tell tentative events from others
 * report them as busy.
 */
export interface HiddenTime extends Pick<BusyInterval, 'start' | 'end'> {
  readonly kind: HiddenKind;
  readonly busy: Exclude<BusyKind, 'free'>;
}

export interface HiddenCalendar {
  readonly calendarId: string;
  /** Whether the calendar is that of a room, and the id is its address. */
  readonly isRoom: boolean;
}

/** What a query has found for one calendar. A calendar that cannot be read does not fail the others. */
export type HiddenTimes =
  | { readonly kind: 'times'; readonly times: readonly HiddenTime[] }
  | { readonly kind: 'failed'; readonly error: ProviderError };

/** Calendars of which the account may only see when they are busy. */
export interface HiddenCalendars {
  /** The most calendars in one query. */
  readonly mostPerQuery: number;
  /** Returns the busy times of each calendar within [from, until), in the order of the calendars. */
  busyTimes(
    connection: ConnectedAccount,
    calendars: readonly HiddenCalendar[],
    window: { readonly from: Instant; readonly until: Instant },
    call: CallContext,
  ): Promise<readonly HiddenTimes[]>;
}

/**
 * A time at which a room is not free. With `eventId`, it is an event, and the id is ours when the event is one of ours.
 */
export type RoomBusyTime =
  | (BusyInterval & {
      readonly busy: Exclude<BusyKind, 'free'>;
      readonly kind: 'event';
      readonly eventId: string;
    })
  | HiddenTime;

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
   * Returns whether the calendar has an event with such a UID. Absent when that is not cheaper than `busyEvents`. Where it
   * exists, `freeBusy` is computed from the same events.
   */
  readonly hasEventNamed?: (
    connection: ConnectedAccount,
    isWanted: (uid: string) => boolean,
    call: CallContext,
  ) => Promise<boolean>;
  /** Absent when all readable calendars show their events. */
  readonly hidden?: HiddenCalendars | undefined;
  /**
   * Returns `primary` for any id of the account's main calendar, and every other id unchanged. Absent when the ids alone
   * tell which calendar they mean (`providers/calendar-names.ts`).
   */
  readonly resolveAlias?: (
    connection: ConnectedAccount,
    calendarId: string,
    call: CallContext,
  ) => Promise<string>;
  /** Absent when the provider's rooms cannot be booked. */
  readonly rooms?: RoomCalendars | undefined;
}

/** A provider whose calendars are read and written. */
export interface CalendarProvider extends ReadableCalendarProvider {
  readonly name: WritableCalendarName;
  /** Present when the vendor chooses the ids of events, so that only the creation tells an event of ours from its copies. */
  readonly hasCreations?: true;
  /** Present when accounts exist at the vendor that permit each id once, in all of their calendars together. */
  readonly hasAccountWideIds?: true;
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
   * Returns whether the event still has this conference, and how people get into it. Absent when the provider's events have no conferences, or cannot
   * be asked.
   */
  checkConference?(
    connection: ConnectedAccount,
    event: OurEvent & Pick<Conference, 'id'>,
    call: CallContext,
  ): Promise<MeetingPresence>;
  /**
   * Returns who was in the conference, after its end. Undefined without a record of it, which does not tell whether a
   * person came. Absent when the provider does not report it.
   */
  conferenceAttendance?(
    connection: ConnectedAccount,
    conference: Pick<Conference, 'id'>,
    call: CallContext,
  ): Promise<readonly Attendance[] | undefined>;
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
