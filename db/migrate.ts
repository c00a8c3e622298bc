/** Brings the database to the newest migration. Also a program: `node db/migrate.ts`, with `DATABASE_URL`. */
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** Any number will do, as long as all versions of this service take the same. */
const migrationLock = 4_711_001;

/**
 * Applies what is missing, in one transaction, under an advisory lock: of several processes that start at once, one
 * migrates and the others wait for it and find nothing to do. Throws what `pg` throws, with nothing applied.
 */
export const migrate = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url, application_name: 'castmatch migrate' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await applyMigrations(drizzle(client), { migrationsFolder });
  } finally {
    // Ends the session, and the lock with it.
    await client.end();
  }
};

if (import.meta.main) {
  // oxlint-disable-next-line node/no-process-env -- runs before, and without, the rest of the configuration
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set: say which database to migrate');
  await migrate(url);
  process.stdout.write('The database is up to date.\n');
}
