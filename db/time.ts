/** Converts durations and times between the domain and PostgreSQL. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { toInstant } from '../domain/time/epoch.ts';
import type { Instant } from '../domain/time/instant.ts';

/** Returns an SQL expression for an interval of `count` milliseconds. */
export const millisecondsInterval = (count: number): SQL => sql`${count} * interval '1 millisecond'`;

/**
 * Parses a `timestamptz` of a raw statement, which Drizzle returns as text in PostgreSQL's own format. Truncates it to
 * milliseconds.
 */
export const instantFromDatabase = z.coerce.date().transform((date) => toInstant(date.getTime()));

/** PostgreSQL writes the year before 0001 as 1 BC, and reads no year 0000. */
const firstInstant: Instant = '0001-01-01T00:00:00.000Z';

/** Returns the instant; the first one that PostgreSQL reads for an earlier one. */
export const storableInstant = <Known extends Instant | undefined>(instant: Known): Known | Instant =>
  instant !== undefined && instant < firstInstant ? firstInstant : instant;
