/** Recognizes the hashes that earlier versions have stored without a key. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';

/**
 * Returns the condition that a column has a hash without a key: 64 hexadecimal digits. It is the condition of partial indexes. PostgreSQL
 * uses them only for queries with the same literal, and not for a parameter.
 */
export const isUnkeyedHash = (column: SQLWrapper): SQL => sql`${column} ~ '^[0-9a-f]{64}$'`;

/** Returns the condition that a column has the name of a calendar or a room without a key. It is the condition of partial indexes, too. */
export const isUnkeyedResource = (column: SQLWrapper): SQL =>
  sql`${column} ~ '^(calendar|room):[0-9a-f]{64}$'`;
