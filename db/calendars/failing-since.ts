/** Says since when a calendar cannot be read. */
import { sql } from 'drizzle-orm';
import { transientKinds } from '../../domain/errors.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';

/**
 * Returns the time of the first failure. A fault that can end by itself, after one that cannot, is a new failure, and the
 * reverse: the time begins again.
 */
export const failingSince = (error: string) => {
  const isTransient = transientKinds.some((kind) => kind === error);
  const wasTransient = sql`${syncedCalendars.error} = ANY(${sql.param([...transientKinds])}::text[])`;
  const now = sql`date_trunc('milliseconds', now())`;
  return sql`CASE WHEN (${wasTransient}) = ${isTransient}::boolean THEN coalesce(${syncedCalendars.errorSince}, ${now}) ELSE ${now} END`;
};
