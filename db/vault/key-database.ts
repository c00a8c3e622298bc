/**
 * Creates the tables of the key database. It contains the data keys, and nothing that they open. It is a database of its
 * own, so that a backup of the main database, restored, opens nothing whose key was destroyed since.
 */
import { Client } from 'pg';
import { grantKeysToApplication } from '../application-role.ts';
import { connectTimeoutMs } from '../client.ts';
import { isMissingDatabase, isPostgresError } from '../errors.ts';
import { refuseNewKeys } from './earlier-version.ts';

/** Each statement can be repeated, so a process that is killed between two of them continues at the next start. */
const statements = [
  `CREATE TABLE IF NOT EXISTS data_keys (
    id text PRIMARY KEY,
    master_key_id text NOT NULL,
    wrapped text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    rewrapped_at timestamptz
  )`,
  'CREATE INDEX IF NOT EXISTS data_keys_by_master_key ON data_keys (master_key_id)',
  // Says who was erased, so that the erasure can be repeated in a restored main database. Contains ids only.
  `CREATE TABLE IF NOT EXISTS erased_people (
    organization text NOT NULL,
    participant text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (organization, participant)
  )`,
];

/** The key database does not exist, and cannot be created by this process. */
class KeyDatabaseMissing extends Error {
  override readonly name = 'KeyDatabaseMissing';

  constructor(name: string, cause: unknown) {
    super(
      `the key database "${name}" does not exist and could not be created: create it, or set KEY_DATABASE_URL to an existing one`,
      { cause },
    );
  }
}

/** The address of the key database leads to the main database. Moving the keys would delete them. */
class KeyDatabaseIsMain extends Error {
  override readonly name = 'KeyDatabaseIsMain';

  constructor() {
    super(
      'KEY_DATABASE_URL leads to the main database: set it to another database, whose backups are separate, or leave it unset',
    );
  }
}

/**
 * Creates the key database and its tables, if they are missing, and moves the data keys of an earlier version of this
 * service out of the main database. From then on, the main database refuses new ones.
 * @param main is connected to the main database, after its migration
 * @param lock the advisory lock that `main` holds. Such a lock belongs to one database.
 * @param applicationRole the role of the service, when it is not the one of the address: gets the rights that it needs
 * @throws {KeyDatabaseIsMain} when the address leads to the main database
 * @throws {KeyDatabaseMissing} when the database does not exist and the role may not create it
 */
export const migrateKeyDatabase = async (
  main: Client,
  keyDatabaseUrl: string,
  lock: number,
  applicationRole?: string,
): Promise<void> => {
  const keys = await connectOrCreate(main, keyDatabaseUrl);
  try {
    const { rowCount: isOther } = await keys.query('SELECT WHERE pg_try_advisory_xact_lock($1)', [lock]);
    if (!isOther) throw new KeyDatabaseIsMain();
    for (const statement of statements) await keys.query(statement);
    await refuseNewKeys(main);
    await moveKeys(main, keys);
    if (applicationRole !== undefined && applicationRole !== keys.user)
      await grantKeysToApplication(keys, applicationRole);
  } finally {
    await keys.end();
  }
};

const defaultPort = 5432;

const connect = async (url: string): Promise<Client> => {
  const client = new Client({
    connectionString: url,
    application_name: 'castmatch migrate keys',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // An error while no query runs. The next query fails with it.
  client.on('error', () => {});
  await client.connect();
  return client;
};

const connectOrCreate = async (main: Client, url: string): Promise<Client> => {
  try {
    return await connect(url);
  } catch (error) {
    if (!isMissingDatabase(error)) throw error;
    const { hostname, port, pathname } = new URL(url);
    const name = decodeURIComponent(pathname.slice(1));
    const isSameServer =
      hostname.replaceAll(/^\[|\]$/g, '') === main.host && Number(port || defaultPort) === main.port;
    if (!isSameServer) throw new KeyDatabaseMissing(name, error);
    try {
      await main.query(`CREATE DATABASE ${main.escapeIdentifier(name)}`);
    } catch (cause) {
      // A pooler reports for some seconds what it has found before.
      if (!isPostgresError(cause, 'duplicate_database')) throw new KeyDatabaseMissing(name, cause);
    }
    return connect(url);
  }
};

/**
 * Copies the keys first and deletes what was copied, so that no crash loses one. A key that is in both databases is the
 * same key: only the main database has created keys until then.
 */
const moveKeys = async (main: Client, keys: Client): Promise<void> => {
  const { rows } = await main.query(
    'SELECT id, master_key_id, wrapped, created_at, rewrapped_at FROM data_keys ORDER BY id',
  );
  for (const { id, master_key_id, wrapped, created_at, rewrapped_at } of rows) {
    await keys.query(
      `INSERT INTO data_keys (id, master_key_id, wrapped, created_at, rewrapped_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO NOTHING`,
      [id, master_key_id, wrapped, created_at, rewrapped_at],
    );
    await main.query('DELETE FROM data_keys WHERE id = $1', [id]);
  }
};
