/** Ports: the events that this service writes to calendars. */
import type { CalendarText } from '../../domain/audition/events.ts';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { Instant } from '../../domain/time/instant.ts';

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

/**
 * The creation of an event of ours, at a vendor that chooses the ids of events. A copy that a person makes can have our
 * properties and the id of the creation. It never has the UID.
 */
export interface EventCreation {
  /** Chosen by us. One creation has one id. */
  readonly id: string;
  /** Chosen by the vendor. */
  readonly uid: string;
}

/** An event of ours in one calendar. */
export interface OurEvent {
  readonly calendarId: string;
  /** Derived from the audition, [0-9a-v]{5,1024}: a repeated insert conflicts with the first one. */
  readonly eventId: string;
  /** The audition. The event is marked with it; an event with another mark is not ours. */
  readonly reference: string;
  /** The known creations of events of the audition, so that no copy is taken for one. Only for `hasCreations`. */
  readonly created?: readonly EventCreation[] | undefined;
  /**
   * Returns the ids of the other calendars of the vendor in which steps of the audition have written its event, undone steps included.
   * Only for `hasAccountWideIds`.
   */
  readonly writtenElsewhere?: (() => Promise<readonly string[]>) | undefined;
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
  /** The UID (RFC 5545) of the event, from a vendor that chooses it. Copies of the event are published under it. */
  readonly uid?: string | undefined;
  /** The id of the creation, from a vendor with `hasCreations`. */
  readonly creation?: string | undefined;
  readonly overwrote?: OverwrittenEdit | undefined;
  /** The texts of a person that the write has replaced, because ours have changed. Absent: none. */
  readonly overwroteTexts?: readonly CalendarText[] | undefined;
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
  /**
   * The reminders that calendar programs show to the owner of the calendar, in whole minutes before the start. They are
   * written once: later changes of the owner stay. Undefined: those of the calendar, or those that the event has.
   */
  readonly reminders?: readonly number[] | undefined;
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
  /** Whether the event leaves its time free. Default: it blocks the time. */
  readonly isFree?: boolean | undefined;
}

export interface Conference {
  readonly id: string;
  readonly joinUrl: string;
  /** The telephone number with its code, if the conference has one. */
  readonly dialIn?: string | undefined;
}

/** A conference as it was written. */
export interface WrittenConference extends Conference {
  /** The provider's id of the event. */
  readonly eventId: string;
  /** The settings that the provider cannot honour. */
  readonly notHonored: readonly SettingName[];
}
