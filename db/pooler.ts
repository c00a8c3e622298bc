/**
 * Refuses a connection pooler that shares the sessions of PostgreSQL between its clients, such as PgBouncer in transaction or
 * statement mode. Other clients would get prepared statements, timeouts and the lock of the migration, and LISTEN would
 * receive nothing. PgBouncer 1.21 and newer keeps prepared statements apart (`max_prepared_statements`), but not the rest.
 * A pooler in session mode works. Source: https://www.pgbouncer.org/features.html
 */
import { Client, DatabaseError } from 'pg';
import { connectTimeoutMs } from './client.ts';

export type DatabaseVariable = 'DATABASE_URL' | 'KEY_DATABASE_URL';

/** Not an outage: to try again does not help. */
export class PoolerRefused extends Error {
  override readonly name = 'PoolerRefused';
}

const sharesSessions = (variable: DatabaseVariable, cause?: unknown): PoolerRefused =>
  new PoolerRefused(
    `${variable} leads to a connection pooler that shares the sessions of PostgreSQL between clients, such as PgBouncer with pool_mode = transaction or statement: set pool_mode = session for this database in the pooler, or set ${variable} to the address of PostgreSQL itself (this service has a pool of its own)`,
    { cause },
  );

const refusesParameter = (variable: DatabaseVariable, { message }: Error): PoolerRefused =>
  new PoolerRefused(
    `${variable} leads to a connection pooler such as PgBouncer, which refuses a setting in the address (${message}): remove it from ${variable}, or add it to ignore_startup_parameters of the pooler`,
  );

/** The code of PgBouncer for all that it refuses. PostgreSQL itself uses it for broken messages only. */
const isPoolerError = (error: unknown, text: RegExp): error is DatabaseError =>
  error instanceof DatabaseError && error.code === '08P01' && text.test(error.message);

const sessionOf = async (client: Client): Promise<number | undefined> => {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
};

/**
 * Other clients of a busy pooler hide in up to one round of eleven that it shares sessions, and in up to four rounds in a
 * row (measured in 3,304 rounds beside eight clients without a pause). Twelve rounds are 60 short queries at each start.
 */
const rounds = 12;

/** Returns whether a transaction of `other` can use the session of `client`, or deprive it of this session. */
const shareSession = async (client: Client, other: Client): Promise<boolean> => {
  for (let round = 0; round < rounds; round += 1) {
    const own = await sessionOf(client);
    if (own === (await sessionOf(other))) return true;
    await other.query('BEGIN');
    const isOwn = own !== (await sessionOf(other)) && own === (await sessionOf(client));
    await other.query('COMMIT');
    if (!isOwn) return true;
  }
  return false;
};

/**
 * Checks that each connection to this address has a session of PostgreSQL for itself.
 * @param variable the name of the setting that contains the address
 * @throws {PoolerRefused} when it has not
 */
export const assertOwnSessions = async (url: string, variable: DatabaseVariable): Promise<void> => {
  const [client, other] = [connectionTo(url), connectionTo(url)];
  try {
    await client.connect();
    await other.connect();
    if (await shareSession(client, other)) throw sharesSessions(variable);
  } catch (error) {
    if (isPoolerError(error, /unsupported startup parameter/)) throw refusesParameter(variable, error);
    if (isPoolerError(error, /statement pooling mode/)) throw sharesSessions(variable, error);
    throw error;
  } finally {
    await Promise.all([client.end(), other.end()]);
  }
};

const connectionTo = (url: string): Client => {
  const client = new Client({
    connectionString: url,
    application_name: 'castmatch start',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: connectTimeoutMs,
  });
  // An error while no query runs. The next query fails with it.
  client.on('error', () => {});
  return client;
};
