/** Creates databases for tests: migrated and empty, cloned from the template of `postgres.setup.ts`. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabaseClient, type DatabaseClient } from '../../db/client.ts';
import { createRepositories, type Repositories } from '../../db/index.ts';
import { createTrailCodes } from '../../db/trail/trail-codes.ts';
import type { TrailProtection } from '../../db/trail/trail-protection.ts';
import { createTrailTexts } from '../../db/trail/trail-texts.ts';
import { keyDatabaseUrlOf } from '../../foundation/configuration/key-database-url.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import { databaseUrl, execute, type PostgresServer } from './postgres-server.ts';

export interface TestDatabase extends Omit<DatabaseClient, 'close'> {
  readonly url: string;
  /** The key database. */
  readonly keys: Omit<DatabaseClient, 'close'>;
  readonly repositories: Repositories;
  /** What the repositories protect trails with. */
  readonly protection: TrailProtection;
  /** Closes the pool and drops the database, even when other clients are still connected. */
  drop(): Promise<void>;
}

/**
 * Creates a migrated, empty database. Pass `wrapping` when another process must decrypt what this one encrypts, and
 * `server` when the caller does not run under vitest.
 */
export const createTestDatabase = async (
  wrapping: KeyWrapping = throwawayKeyRing(),
  server: PostgresServer = inject('postgres'),
): Promise<TestDatabase> => {
  const name = `castmatch_test_${randomBytes(8).toString('hex')}`;
  for (const suffix of ['', '_keys']) {
    await execute(server.url, `CREATE DATABASE ${name}${suffix} TEMPLATE ${server.template}${suffix}`);
  }
  const url = databaseUrl(server.url, name);
  const keys = createDatabaseClient(keyDatabaseUrlOf(url), { poolSize: 5, applicationName: `${name}_keys` });
  const { db, pool, close } = createDatabaseClient(url, { poolSize: 20, applicationName: name });
  const repositories = createRepositories(db, wrapping, keys.db);
  return {
    url,
    db,
    pool,
    keys,
    repositories,
    protection: { texts: createTrailTexts(repositories.vault), codes: createTrailCodes(wrapping) },
    drop: async () => {
      await Promise.all([close(), keys.close()]);
      for (const suffix of ['', '_keys']) {
        await execute(server.url, `DROP DATABASE IF EXISTS ${name}${suffix} WITH (FORCE)`);
      }
    },
  };
};

/** Creates a database without tables, as it is before the first migration. */
export const createEmptyDatabase = async (): Promise<Pick<TestDatabase, 'url' | 'drop'>> => {
  const server = inject('postgres');
  const name = `castmatch_empty_${randomBytes(8).toString('hex')}`;
  await execute(server.url, `CREATE DATABASE ${name}`);
  return {
    url: databaseUrl(server.url, name),
    drop: async () => {
      for (const suffix of ['', '_keys']) {
        await execute(server.url, `DROP DATABASE IF EXISTS ${name}${suffix} WITH (FORCE)`);
      }
    },
  };
};

const throwawayKeyRing = (): KeyWrapping => createKeyRing([{ id: 'test', key: randomBytes(32) }]);

/** Claims the webhooks in the inbox for a minute, and returns them decrypted in the order in which they arrived. */
export const claimFromInbox = async ({ repositories }: TestDatabase) => {
  const claimed = await repositories.inbox.claim(100, 60_000);
  return Promise.all(
    claimed.map(async (webhook) => ({
      id: webhook.id,
      provider: webhook.provider,
      correlationId: webhook.correlationId,
      inboxEvent: await webhook.decrypt(),
    })),
  );
};
