/** Ports: changes of calendars, and notifications about them. */
import type { Answer } from '../../domain/audition/events.ts';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import type { SynchronizedCalendarName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { CallContext, ConnectedAccount } from './calls.ts';

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
  /** The UID (RFC 5545, section 3.8.4.7). It is the same in copies of the event. */
  readonly uid?: string | undefined;
  /** What the room that an event of ours books has answered. Undefined: the event books no room. */
  readonly roomAnswer?: RoomAnswer | undefined;
}

/** Names events that a page contains, and that cannot be read. What is stored of them stays as it is. */
export type UnreadEvents =
  /** The event, or the occurrence, with this id. */
  | { readonly by: 'id'; readonly id: string }
  /** All events of the series. */
  | { readonly by: 'series'; readonly series: string }
  /** All events with this UID, in a calendar whose events have no other name. */
  | { readonly by: 'uid'; readonly uid: string }
  /** An event without a name: it can be any of the calendar. */
  | { readonly by: 'unknown' };

/** What could not be read of a page, or not completely. */
export interface LeftOutOfPage {
  /** The events that are not among the changes. */
  readonly events: readonly UnreadEvents[];
  /** Such as `no_start: DTSTART`. Never a text that a person wrote. */
  readonly faults: readonly string[];
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
      /** Undefined: everything was read. */
      readonly leftOut?: LeftOutOfPage | undefined;
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
  /** Whether such calendars are published every few minutes or hours, so that reading them more often finds nothing. */
  readonly changesRarely?: boolean | undefined;
  /** Undefined: the calendars are only polled. */
  readonly push?: CalendarPush | undefined;
}
