/** What the repositories throw beside what `pg` throws, and how they read the errors of `pg`, which Drizzle wraps. */
import { DatabaseError } from 'pg';
import type { AuditionId } from '../domain/ids.ts';

/** The events do not continue the trail: another event stands at that place already, or one is missing before it. */
export class AuditConflict extends Error {
  override readonly name = 'AuditConflict';
  readonly auditionId: AuditionId;
  readonly sequence: number;
  readonly reason: 'different' | 'gap';

  constructor(auditionId: AuditionId, sequence: number, reason: 'different' | 'gap') {
    super(
      reason === 'different'
        ? `the trail of ${auditionId} has another event at ${sequence}`
        : `the trail of ${auditionId} has no event before ${sequence}`,
    );
    this.auditionId = auditionId;
    this.sequence = sequence;
    this.reason = reason;
  }
}

/** One idempotency key was used for two different requests. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused';
  readonly key: string;

  constructor(key: string) {
    super(`the operation key '${key}' was used before, for another request`);
    this.key = key;
  }
}

const overtakenBy = {
  undo: 'its undo',
  another_attempt: 'another attempt',
  time: 'the end of its lease',
} as const;

/**
 * The attempt does not own its operation any more. From `handOver`: do not make the call. From `complete`: the call
 * was made all the same, beside another one or after its undo, so take its effect back.
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

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codes = { unique_violation: '23505', exclusion_violation: '23P01' } as const;

/** Whether this error, or one that caused it, is PostgreSQL's of that name. */
export const isPostgresError = (error: unknown, name: keyof typeof codes): boolean => {
  if (error instanceof DatabaseError) return error.code === codes[name];
  return error instanceof Error && error.cause !== undefined && isPostgresError(error.cause, name);
};

/** Node's names of a connection that failed. */
const transientNetworkCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/**
 * PostgreSQL's (Appendix A of its manual): the classes 08, 53 and 57P, and what befalls a single statement on a busy
 * server: cancelled by its timeout (57014), a deadlock (40P01), a lock that was not to be had (55P03).
 */
const transientSqlStates = /^(08...|53...|57P0.|57014|40P01|55P03)$/;
/** pg says these in words only. */
const transientMessages = /Connection terminated|timeout exceeded when trying to connect|Query read timeout/;

const isTransient = (error: Error): boolean => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    transientNetworkCodes.test(code) || transientSqlStates.test(code) || transientMessages.test(error.message)
  );
};

/** Drivers wrap: the fact is somewhere down the chain of causes. */
export const isDatabaseOutage = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isTransient(current)) return true;
    if (current instanceof AggregateError && current.errors.some(isDatabaseOutage)) return true;
  }
  return false;
};
