/** Defines the errors of the repositories, and classifies errors of `pg`, which Drizzle wraps. */
import { DatabaseError } from 'pg';
import type { AuditionId } from '../domain/ids.ts';

/**
 * The trail contains numbered facts of another run of the workflow that the caller does not know. An operator has reset
 * the workflow, or another run has taken the audition over.
 */
export class TrailAhead extends Error {
  override readonly name = 'TrailAhead';
  readonly auditionId: AuditionId;
  /** The number of the last fact of another run. */
  readonly number: number;

  constructor(auditionId: AuditionId, number: number, known: number) {
    super(
      `the trail of ${auditionId} has ${number} facts, and this run of its workflow knows ${known}: another run must take the audition over`,
    );
    this.auditionId = auditionId;
    this.number = number;
  }
}

/** Another writer has appended to the trail between the read and the write. The append is tried again. */
export class TrailMoved extends Error {
  override readonly name = 'TrailMoved';

  constructor(auditionId: AuditionId) {
    super(`the trail of ${auditionId} was appended to concurrently: try again`);
  }
}

/** One idempotency key was used for two different requests. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused';
  readonly key: string;

  constructor(key: string) {
    super(`the operation key '${key}' was used before for another request: use a new key`);
    this.key = key;
  }
}

const overtakenBy = {
  undo: 'its undo',
  another_attempt: 'another attempt',
  time: 'the end of its lease',
} as const;

/**
 * The attempt no longer owns its operation. From `handOver`: the caller must not make the call. From `complete`: the
 * call was made in addition to another one or after the undo. The caller must undo its effect.
 */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
  readonly key: string;
  readonly by: keyof typeof overtakenBy;

  constructor(key: string, by: keyof typeof overtakenBy) {
    super(`an attempt at the operation '${key}' was overtaken by ${overtakenBy[by]}`);
    this.key = key;
    this.by = by;
  }
}

/** SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codes = {
  unique_violation: '23505',
  exclusion_violation: '23P01',
  read_only_sql_transaction: '25006',
  duplicate_database: '42P04',
} as const;

/** Returns whether this error, or one of its causes, is the PostgreSQL error of that name. */
export const isPostgresError = (error: unknown, name: keyof typeof codes): boolean => {
  if (error instanceof DatabaseError) return error.code === codes[name];
  return error instanceof Error && error.cause !== undefined && isPostgresError(error.cause, name);
};

/**
 * Returns whether the error is that of an address with a database that does not exist: 3D000 of PostgreSQL, or the text of
 * PgBouncer, which passes it on as 08P01.
 */
export const isMissingDatabase = (error: unknown): boolean =>
  error instanceof DatabaseError &&
  (error.code === '3D000' ||
    (error.code === '08P01' && /^(database ".*" does not exist|no such database)/.test(error.message)));

/** Codes of Node.js for a connection that failed. */
const transientNetworkCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/**
 * SQLSTATE codes of PostgreSQL (Appendix A of its manual): the classes 08, 53 and 57P. Also a server that is a standby
 * after a failover (25006), whose queries conflict with its recovery (40001), or whose disk fails (58030). Sessions and
 * transactions that the server ended by its timeouts (25P03, 25P04), and the errors of a single statement on a busy server:
 * statement timeout (57014), deadlock (40P01), lock not available (55P03).
 */
const transientSqlStates = /^(08...|53...|57P0.|25006|25P03|25P04|40001|58030|57014|40P01|55P03)$/;
/** Errors of `pg` that have a message but no code. */
const transientMessages =
  /Connection terminated|is not queryable|timeout exceeded when trying to connect|Query read timeout/;

const isTransient = (error: Error): boolean => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    transientNetworkCodes.test(code) || transientSqlStates.test(code) || transientMessages.test(error.message)
  );
};

/** Returns whether the error, or one of its causes, means that the database is temporarily unavailable. */
export const isDatabaseOutage = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isTransient(current)) return true;
    if (current instanceof AggregateError && current.errors.some(isDatabaseOutage)) return true;
  }
  return false;
};
