/** Calendars. One queue per provider. */
import type { ConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { AuditionFactType } from '../../domain/audition/events.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { BusyInterval, RoomCalendar, Slot } from '../../domain/audition/slot.ts';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import type { EventOfOwner } from '../../domain/audition/written-event.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { CalendarProviderName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { AuditionCall, FailedItem } from './calls.ts';
import type { HoldChange } from './internal.ts';

export interface FindBusyInput extends AuditionCall {
  readonly provider: CalendarProviderName;
  readonly connection: ConnectionId;
  readonly calendarIds: readonly string[];
  /** The addresses of rooms, which are read with the same connection. */
  readonly rooms?: readonly string[] | undefined;
  /** Calendars that are only read, of the same connection. */
  readonly busyOnly?: readonly string[] | undefined;
  /** Whether tentative events count. Absent: they do. */
  readonly tentative?: ConflictRules['tentative'] | undefined;
  readonly window: { readonly from: Instant; readonly until: Instant };
}

/** The content of the calendar events of an audition, the same in each calendar. */
export interface EventContent {
  readonly slot: Slot;
  readonly revision: number;
  readonly summary: string;
  readonly description: string;
  readonly location?: string | undefined;
  /**
   * Whether the event states the join link of the audition, not that of a participant: several people can read the event. The
   * activity adds it.
   */
  readonly joinLink?: true | undefined;
  /** Milliseconds before the start. Absent: those of each calendar, or those that the event has. */
  readonly reminders?: readonly number[] | undefined;
}

export interface EventToWrite extends EventOfOwner {
  readonly key: string;
}

export interface WriteEventInput extends AuditionCall, EventToWrite {
  readonly content: EventContent;
}

export interface WriteEventsInput extends AuditionCall {
  readonly events: readonly EventToWrite[];
  readonly content: EventContent;
  /**
   * What the activity records when all events are written: facts, if the state of the audition still allows them and
   * its slot has the revision of the content, and the holds to release. Without the facts, no hold is released.
   */
  readonly whenAllWritten?: ({ readonly facts: readonly TrailFact[] } & HoldChange) | undefined;
}

export interface WriteEventsResult {
  /** The activity has appended `calendar_event_written` for each, under its key. */
  readonly written: readonly { readonly key: string; readonly eventId: string }[];
  readonly failed: readonly FailedItem[];
  /** Which facts of `whenAllWritten` are in the trail. Empty when an event failed. */
  readonly recorded: readonly AuditionFactType[];
}

export interface BookRoomInput extends AuditionCall {
  readonly key: string;
  readonly room: RoomCalendar;
  /** The name of the room. */
  readonly name: string;
  readonly content: EventContent;
}

export interface RemoveEventInput extends AuditionCall {
  /** The keys under which the event was, or may have been, written. */
  readonly keys: readonly string[];
  readonly calendar: WritableCalendarRef;
}

export type UndoResult = { readonly result: 'undone' | 'nothing_to_undo' };

export interface CalendarActivities {
  findBusy(input: FindBusyInput): Promise<readonly BusyInterval[]>;
  /** Creates or moves the event of the audition in the calendar. */
  writeEvent(input: WriteEventInput): Promise<{ readonly eventId: string }>;
  /** Writes the events of several calendars of one provider, of at most `largestEventGroup` connections. */
  writeEvents(input: WriteEventsInput): Promise<WriteEventsResult>;
  /**
   * Books the room, as a guest of the event of the audition in the main calendar of the room's connection. The room
   * answers later. When a participant has that calendar, both use one event. `removeEvent` ends the booking.
   */
  bookRoom(input: BookRoomInput): Promise<{ readonly eventId: string }>;
  removeEvent(input: RemoveEventInput): Promise<UndoResult>;
}
