/** Selects an event of a synchronized calendar by its key. */
import { and, eq } from 'drizzle-orm';
import { syncedEvents } from '../schema/synced-events.ts';
import type { CalendarKey } from './sync-progress.ts';

/** Returns the condition that selects the event. */
export const isEvent = ({ connection, calendar, eventId }: CalendarKey & { readonly eventId: string }) =>
  and(
    eq(syncedEvents.connection, connection),
    eq(syncedEvents.calendar, calendar),
    eq(syncedEvents.eventId, eventId),
  );
