/** Tells where an event, or a busy time, of a calendar comes from. */
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { BusyEvent } from '../../providers/ports.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import type { EventOrigin } from './foreign-events.ts';
import type { VisibleTime } from './visible-times.ts';

/** Returns the time with its origin. A time without an event says nothing about what it is. */
export const withOrigin = <Time extends VisibleTime>(
  time: Time,
): Time & Pick<EventOrigin, 'ids' | 'audition' | 'creation'> =>
  time.kind === 'event'
    ? {
        ...time,
        ids: [time.eventId, ...(time.uid === undefined ? [] : [time.uid])],
        audition: markedAudition(time),
        ...(time.creation ? { creation: time.creation } : {}),
      }
    : { ...time, ids: [], audition: undefined };

/** Returns the audition that the event's mark names, if the id of the event proves it: people copy events with their marks. */
const markedAudition = ({ eventId, reference }: BusyEvent): AuditionId | undefined => {
  // A calendar has thousands of events without a mark.
  if (reference === undefined) return undefined;
  const audition = auditionIdSchema.safeParse(reference).data;
  return audition !== undefined && eventIdFor(audition) === eventId ? audition : undefined;
};
