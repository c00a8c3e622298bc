/** Reads PostgreSQL's error codes, which Drizzle wraps. https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { DatabaseError } from 'pg';

const codes = { unique_violation: '23505', exclusion_violation: '23P01' } as const;

/** Whether this error, or one that caused it, is PostgreSQL's of that name. */
export const isPostgresError = (error: unknown, name: keyof typeof codes): boolean => {
  if (error instanceof DatabaseError) return error.code === codes[name];
  return error instanceof Error && error.cause !== undefined && isPostgresError(error.cause, name);
};
