/** Reads PostgreSQL's error codes, which Drizzle wraps. https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { DrizzleQueryError } from 'drizzle-orm';
import { DatabaseError } from 'pg';
import { z } from 'zod';

/** What may be told of a failed statement. Its own message quotes the statement's values, a person's among them. */
export interface DatabaseFault {
  readonly name: string;
  /** PostgreSQL's SQLSTATE, or the system's code of what broke on the way there. */
  readonly code?: string | undefined;
}

/** The fault of an error that came from the database or was caused by one; undefined for any other. */
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
