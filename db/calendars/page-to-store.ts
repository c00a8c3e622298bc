/** A page of a calendar, as it is stored. */
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { EditedText, EventCreation, LeftOutOfPage, ListedEvent } from '../../providers/ports.ts';

export interface EventToStore {
  readonly id: string;
  readonly series?: string | undefined;
  /** Undefined: the event was deleted. */
  readonly event?: ListedEvent | undefined;
  /** The audition that the event's mark names, if the id of the event proves it. */
  readonly audition?: AuditionId | undefined;
  readonly revision?: number | undefined;
  /** By which a copy of an event of ours is told from it. Undefined: the id tells it. */
  readonly creation?: EventCreation | undefined;
  /** Whether the event is ours only if its series is recorded as ours: the creation of the series is unknown. */
  readonly isUnproven?: boolean | undefined;
  /** The texts of an event of ours that a person has edited. Undefined: none, or that is unknown. */
  readonly edited?: readonly EditedText[] | undefined;
  /** The UID (RFC 5545), by which copies of our events are recognized. */
  readonly uid?: string | undefined;
  /** What the room has answered to the event. Undefined: the event books no room of ours. */
  readonly roomAnswer?: RoomAnswer | undefined;
  /** Whether texts and the answer of the room are not known yet. What is stored of them stays. */
  readonly isPartial?: boolean | undefined;
}

export interface PageToStore {
  readonly events: readonly EventToStore[];
  /** Series whose events are all in the page. Their other events are deleted. */
  readonly wholeSeries?: readonly string[] | undefined;
  /** What could not be read. What is stored of it stays, and it is reported on the connection. */
  readonly leftOut?: LeftOutOfPage | undefined;
  /** When the page was requested. */
  readonly requestedAt: Instant;
  /** Where a listing of all events ends. Undefined: it has no end. */
  readonly listedUntil?: Instant | undefined;
  /** Undefined on the last page. */
  readonly nextPage?: string | undefined;
  readonly nextCursor?: string | undefined;
}
