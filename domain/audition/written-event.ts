/** The fact that the event of an audition is in a connected calendar. */
import type { ParticipantId } from '../ids.ts';
import type { AuditionFact } from './events.ts';
import type { WritableCalendarRef } from './request.ts';

/** An event for one of the owners of its calendar. */
export interface EventOfOwner {
  readonly participant: ParticipantId;
  readonly calendar: WritableCalendarRef;
  /** The other owners of the calendar. Absent when no other participant has a calendar of the connection. */
  readonly sharedBy?: readonly ParticipantId[] | undefined;
}

/** Returns the fact that the event was written. It names connection and owners, as a calendar's id can be an email address. */
export const writtenFactOf = (
  { participant, calendar: { provider, connection }, sharedBy }: EventOfOwner,
  eventId: string,
): AuditionFact => ({
  type: 'calendar_event_written',
  participant,
  provider,
  connection,
  eventId,
  ...(sharedBy ? { sharedBy: [...sharedBy] } : {}),
});
