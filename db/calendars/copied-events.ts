/** Tells copies that people have made from our events, on a page of a calendar whose vendor chooses the ids of events. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionId } from '../../domain/ids.ts';
import { isCopy } from '../../providers/event-copies.ts';
import type { EventCreation } from '../../providers/ports.ts';
import type { Database } from '../client.ts';
import { findCreations } from './own-event-uids.ts';
import type { EventToStore } from './page-to-store.ts';
import type { CalendarKey } from './sync-progress.ts';

/**
 * Returns the page with each copy as an event of its owner: it has the marks of its original, and is none of ours. An event
 * that this service has recorded is no copy. Of several events of a creation that is not known yet, the recorded one is ours,
 * or else the first one. An occurrence of a series whose creation is not known is ours if the series is recorded.
 */
export const withoutCopiedMarks = async (
  db: Pick<Database, 'execute'>,
  { connection, calendar }: CalendarKey,
  events: readonly EventToStore[],
): Promise<readonly EventToStore[]> => {
  const auditions = events.flatMap(({ audition, creation, isUnproven }) =>
    audition && (creation || isUnproven) ? [audition] : [],
  );
  if (auditions.length === 0) return events;
  const creations = await findCreations(db, auditions);
  const { rows } = await db.execute(sql`
    SELECT event_id AS "eventId" FROM synced_events WHERE connection = ${connection} AND calendar = ${calendar}
      AND audition_id = ANY(${sql.param([...new Set(auditions)])}::text[])
  `);
  const recorded = new Set(rows.map((row) => recordedSchema.parse(row).eventId));
  const known = new Map<AuditionId, EventCreation[]>(
    [...creations].map(([audition, found]) => [audition, [...found]]),
  );
  const copies = new Set<string>();
  const recordedFirst = [
    ...events.filter(({ id }) => recorded.has(id)),
    ...events.filter(({ id }) => !recorded.has(id)),
  ];
  for (const { id, series, event, audition, creation, isUnproven } of recordedFirst) {
    if (isUnproven && !recorded.has(series ?? id)) copies.add(id);
    if (!event || !audition || !creation) continue;
    const ours = known.get(audition) ?? [];
    if (!recorded.has(id) && isCopy(creation, ours)) copies.add(id);
    else known.set(audition, [...ours, creation]);
  }
  return events.map((event) => (copies.has(event.id) ? withoutMark(event) : event));
};

const recordedSchema = z.object({ eventId: z.string() });

const withoutMark = ({ id, series, event, uid, isPartial }: EventToStore): EventToStore => ({
  id,
  series,
  event,
  uid,
  isPartial,
});
