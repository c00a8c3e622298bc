/** Says since when a calendar cannot be read. */
import { sql } from 'drizzle-orm';
import { transientKinds, unreadableAnswer } from '../../domain/errors.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';

/** The errors that end with the next answer of the vendor that can be read. */
export const passingErrors: readonly string[] = [...transientKinds, unreadableAnswer];

const now = sql`date_trunc('milliseconds', now())`;

/**
 * Returns the time of the first failure. A fault that can end by itself, after one that cannot, is a new failure, and the
 * reverse: the time begins again.
 */
export const failingSince = (error: string) => {
  const isPassing = passingErrors.includes(error);
  const wasPassing = sql`${syncedCalendars.error} = ANY(${sql.param([...passingErrors])}::text[])`;
  return sql`CASE WHEN (${wasPassing}) = ${isPassing}::boolean THEN coalesce(${syncedCalendars.errorSince}, ${now}) ELSE ${now} END`;
};

/** Returns the columns of a calendar that cannot be read. */
export const failingColumns = (error: string) => ({ error, errorSince: failingSince(error) });

/** Returns the columns of a calendar whose vendor has sent an answer that cannot be read. Another error in between begins the time again. */
export const unreadableColumns = (fields: string) => ({
  ...failingColumns(unreadableAnswer),
  unreadableFields: fields,
  unreadableSince: sql`CASE WHEN ${syncedCalendars.error} = ${unreadableAnswer} THEN coalesce(${syncedCalendars.unreadableSince}, ${now}) ELSE ${now} END`,
});

/** Returns the fields that cannot be read. Those of an earlier answer say nothing about another error. */
export const unreadableFieldsOf = ({
  error,
  unreadableFields,
}: Pick<typeof syncedCalendars.$inferSelect, 'error' | 'unreadableFields'>): string | undefined =>
  error === unreadableAnswer ? (unreadableFields ?? undefined) : undefined;

/** For how long the calendar has failed, in milliseconds. */
export const failingMs = sql<number>`(extract(epoch FROM now() - ${syncedCalendars.errorSince}) * 1000)::float8`;

/** For how long the vendor has sent no answer that can be read, and no other error. In milliseconds. */
export const unreadableMs = sql<number>`(extract(epoch FROM now() - ${syncedCalendars.unreadableSince}) * 1000)::float8`;
