/** Converts durations and times between the domain and PostgreSQL. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { toInstant } from '../domain/time/epoch.ts';

/** Returns an SQL expression for an interval of `count` milliseconds. */
export const millisecondsInterval = (count: number): SQL => sql`${count} * interval '1 millisecond'`;

/**
 * Parses a `timestamptz` of a raw statement, which Drizzle returns as text in PostgreSQL's own format. Truncates it to
 * milliseconds.
 */
export const instantFromDatabase = z.coerce.date().transform((date) => toInstant(date.getTime()));
