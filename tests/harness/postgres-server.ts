/** The server the tests share, and the two things one does to a server rather than to a database. */
import { Client } from 'pg';

export interface PostgresServer {
  readonly url: string;
  /** The migrated, empty database that others are cloned from. */
  readonly template: string;
}

/** The same server, another database. */
export const databaseUrl = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

/** One statement on a connection of its own: CREATE and DROP DATABASE run in no transaction and on no pool. */
export const execute = async (url: string, statement: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};
