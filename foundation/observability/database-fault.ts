/** Reads PostgreSQL's error codes, which Drizzle wraps. https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { DrizzleQueryError } from 'drizzle-orm';
import { DatabaseError } from 'pg';
import { z } from 'zod';

/**
 * The safe description of a failed statement. The error's own message quotes the statement's values, which
 * may be personal data.
 */
export interface DatabaseFault {
  readonly name: string;
  /** The SQLSTATE from PostgreSQL, or the system's error code for a connection error. */
  readonly code?: string | undefined;
}

/**
 * Returns the fault of a database error or of an error caused by one. Returns undefined for any other error.
 */
export const databaseFaultOf = (error: unknown): DatabaseFault | undefined => {
  if (error instanceof DatabaseError) return { name: 'DatabaseError', code: error.code };
  if (!(error instanceof Error)) return undefined;
  const inner = databaseFaultOf(error.cause);
  if (inner) return inner;
  return error instanceof DrizzleQueryError
    ? { name: 'DrizzleQueryError', code: codeSchema.safeParse(error.cause).data?.code }
    : undefined;
};

const codeSchema = z.object({ code: z.string() });
