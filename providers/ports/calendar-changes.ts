/** Ports: changes of calendars, and notifications about them. */
import type { Answer, CalendarText } from '../../domain/audition/events.ts';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import type { ProviderError } from '../../domain/errors.ts';
import type { SynchronizedCalendarName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { EventCreation } from './calendar-events.ts';
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
  /** Of an event of a vendor with `hasCreations`. The event is ours only if it is no copy. */
  readonly creation?: EventCreation | undefined;
  /** Whether the event is an occurrence whose series could not be read. It is ours only if its series is recorded as ours. */
  readonly isUnproven?: boolean | undefined;
  /** The texts that a person has edited since our last write. Absent: none, or that is unknown. */
  readonly edited?: readonly EditedText[] | undefined;
}

/** A text of an event of ours that a person has edited. */
export interface EditedText {
  readonly text: CalendarText;
  /** [0-9a-f]{16}. Identifies the edit: the text itself stays in the calendar. */
  readonly digest: string;
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
  /** Whether texts and the answer of the room are not known yet. What is stored of them stays. */
  readonly isPartial?: boolean | undefined;
}

/** Names events that a page contains, and that cannot be read. What is stored of them stays as it is. */
export type UnreadEvents =
  /** The event, or the occurrence, with this id. */
  | { readonly by: 'id'; readonly id: string }
  /** All events of the series. */
  | { readonly by: 'series'; readonly series: string }
  /** All events with this UID, in a calendar whose events have no other name. */
  | { readonly by: 'uid'; readonly uid: string }
  /** An event without a name: it can be any that the calendar has contained before, and does not list any more. */
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
      /** Why the page ended early. It is to be stored, and the next page is requested when the error allows it. */
      readonly interruptedBy?: ProviderError | undefined;
    }
  /** The vendor no longer knows the cursor or the page. Only a listing of all events helps. */
  | { readonly kind: 'cursor_expired' };

/** What is stored of a calendar. A server that reports no changes, or not all of them, is compared with it. */
export interface StoredEvents {
  /** Returns the etags of the series that have an event later than a day ago. @param series only of these; default: of all */
  etags(series?: readonly string[]): Promise<ReadonlyMap<string, string | undefined>>;
  /** Returns some of the series that have an event later than a day ago: others with each call, and at most this many. Up to half of them have events of ours. */
  sample(most: number): Promise<readonly string[]>;
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

/** A watch as the vendor lists it. */
export interface ListedWatch extends Pick<Watch, 'id' | 'resourceId'> {
  /** Undefined: the vendor does not say it. */
  readonly expiresAt: Instant | undefined;
  /** Whether it was opened or extended within the last minutes: a process that has opened it may not have stored it yet. */
  readonly isRecent: boolean;
}

/** Notifications of a vendor that can push them. */
export interface CalendarPush {
  /** The path of our receiver below the public URL. */
  readonly path: string;
  /**
   * Whether one watch notifies of changes in all of the account's own calendars, and of none in those that others share with it.
   * Absent: each calendar has a watch.
   */
  readonly ofOwnCalendars?: boolean | undefined;
  /**
   * Starts notifications. Not idempotent: two watches of a calendar both notify.
   *
   * @throws {ProviderError} with `conflict` when there is one already: with the same id, or with any if the vendor refuses a second one.
   */
  watch(connection: ConnectedAccount, request: WatchRequest, call: CallContext): Promise<Watch>;
  /** Returns whether an error of `watch` says that there are no notifications for the calendar. Absent: the vendor has no such calendars. */
  isUnsupported?(error: ProviderError): boolean;
  /**
   * Lists the account's watches that notify this address. Present when the vendor refuses a second watch of the same calendars, which
   * then must be ended first.
   */
  list?(connection: ConnectedAccount, address: string, call: CallContext): Promise<readonly ListedWatch[]>;
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
  /** The deadline of a page. Default: ten seconds; at most 35 s, because the activity has two minutes. */
  readonly pageDeadlineMs?: number | undefined;
  /** Returns how many requests the page makes at most, for the quota of the account. Default: as many as the catalog says. */
  requestsOf?(position: ListingPosition): number;
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
