/** How far the listing of a calendar's events has come. */
import { type ConnectionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ListingPosition } from '../../providers/ports.ts';
import type { syncedCalendars } from '../schema/synced-calendars.ts';

/** Names a calendar of a connection without its id, which can be an email address. */
export interface CalendarKey {
  readonly connection: ConnectionId;
  readonly calendar: string;
}

/** Where a calendar's listing continues. */
export interface SyncProgress extends CalendarKey {
  /** Increases with each listing of all events. */
  readonly generation: number;
  readonly position: ListingPosition;
}

type Row = typeof syncedCalendars.$inferSelect;

/** Returns undefined when no listing has begun. */
export const progressOf = (
  key: CalendarKey,
  { cursor, page, listedSince, generation }: Pick<Row, 'cursor' | 'page' | 'listedSince' | 'generation'>,
): SyncProgress | undefined => {
  const next = page === null ? {} : { page };
  if (cursor !== null) return { ...key, generation, position: { kind: 'changes', cursor, ...next } };
  const since = listedSince === null ? undefined : toInstant(Date.parse(listedSince));
  return since && { ...key, generation, position: { kind: 'all', since, ...next } };
};
