/** Tests the start through a real PgBouncer. Skipped where it is not installed. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { keyDatabaseUrlOf } from '../foundation/configuration/key-database-url.ts';
import { createKeyRing } from '../foundation/encryption/key-ring.ts';
import { createEmptyDatabase } from '../tests/harness/database.ts';
import { findPgBouncer, type PoolMode, startPgBouncer } from '../tests/harness/pgbouncer.ts';
import { execute } from '../tests/harness/postgres-server.ts';
import { startRelay } from '../workers/relay.ts';
import { createDatabaseClient } from './client.ts';
import { createRepositories } from './index.ts';
import { migrate, migrateAtStart } from './migrate.ts';
import { assertOwnSessions } from './pooler.ts';

const program = await findPgBouncer();
const run = promisify(execFile);

const onRetry = (error: unknown): void => {
  throw error;
};

describe.skipIf(program === undefined)('PgBouncer (installed: apt install pgbouncer)', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());

  const start = async (mode: PoolMode, settings: Readonly<Record<string, string>> = {}): Promise<string> => {
    if (program === undefined) throw new Error('PgBouncer is not installed');
    const pooler = await startPgBouncer(program, database.url, mode, settings);
    onTestFinished(() => pooler.close());
    return pooler.url;
  };
  const ignored = {
    ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout,options',
  };

  it.each([
    ['transaction', {}],
    ['transaction', ignored],
    ['transaction', { server_round_robin: '1', min_pool_size: '5' }],
    ['statement', {}],
    ['statement', ignored],
  ] as const)('in %s mode with %o is refused by name, and nothing is changed', async (mode, settings) => {
    const url = await start(mode, settings);

    await expect(migrateAtStart(url, { onRetry })).rejects.toThrow(
      /^DATABASE_URL leads to a connection pooler that shares.* set pool_mode = session .* or set DATABASE_URL/,
    );

    const direct = createDatabaseClient(database.url);
    onTestFinished(() => direct.close());
    const { rows } = await direct.pool.query(`SELECT FROM pg_tables WHERE schemaname = 'public'
      UNION ALL SELECT FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
    expect(rows).toEqual([]);
  });

  it('in transaction mode is refused while other clients use its connections', async () => {
    const url = await start('transaction');
    const others = createDatabaseClient(url, { poolSize: 8 });
    onTestFinished(() => others.close());
    const over = new AbortController();
    const traffic = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!over.signal.aborted) await others.pool.query('SELECT pg_sleep(random() * 0.003)');
      }),
    );

    try {
      for (let attempt = 0; attempt < 10; attempt += 1)
        await expect(assertOwnSessions(url, 'DATABASE_URL')).rejects.toThrow('pool_mode = session');
    } finally {
      over.abort();
      await traffic;
    }
  });

  it('in transaction mode is refused for the key database too', async () => {
    await migrate(database.url);
    const pooled = await start('transaction');

    await expect(migrate(database.url, keyDatabaseUrlOf(pooled))).rejects.toThrow(
      /^KEY_DATABASE_URL leads to a connection pooler/,
    );
  });

  it('is named to the operator when it refuses a setting in the address', async () => {
    const url = new URL(await start('session'));
    url.searchParams.set('options', '-c search_path=public');

    await expect(migrateAtStart(url.href, { onRetry })).rejects.toThrow(
      /refuses a setting in the address \(unsupported startup parameter: options\): remove it/,
    );
  });

  it('in transaction mode ends the migration program with what to do', async () => {
    const url = await start('transaction');
    const migrating = run(process.execPath, [fileURLToPath(new URL('./migrate.ts', import.meta.url))], {
      env: { ...process.env, DATABASE_URL: url },
    });
    await expect(migrating).rejects.toThrow('set pool_mode = session for this database');
  });

  it('in session mode works: migration, timeouts, notifications and prepared statements', async () => {
    // PgBouncer remembers for 15 seconds by default that a database did not exist.
    const url = await start('session', { server_login_retry: '1' });
    await Promise.all([1, 2, 3].map(() => migrateAtStart(url, { onRetry: () => {} })));
    const client = createDatabaseClient(url, { poolSize: 3 });
    const keys = createDatabaseClient(keyDatabaseUrlOf(url), { poolSize: 3 });
    onTestFinished(async () => {
      await Promise.all([client.close(), keys.close()]);
    });

    const settings = await client.pool.query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(settings.rows).toEqual([{ statement: '15s', idle: '30s' }]);

    const { organizations } = createRepositories(
      client.db,
      createKeyRing([{ id: 'test', key: randomBytes(32) }]),
      keys.db,
    );
    const organization = { id: 'org_1', name: 'North', meetingProviders: ['zoom'] } as const;
    for (let round = 0; round < 5; round += 1) await organizations.put(organization);
    expect(await organizations.get('org_1')).toMatchObject({ name: 'North' });

    const { promise: notified, resolve } = Promise.withResolvers<void>();
    let rounds = 0;
    const relay = startRelay({
      name: 'pooled',
      notifications: { databaseUrl: url, channel: 'pooled' },
      pollIntervalMs: 60_000,
      round: async () => {
        rounds += 1;
        if (rounds > 1) resolve();
        return false;
      },
      logger: { warn: () => {} },
    });
    onTestFinished(() => relay.stop());
    await expect.poll(() => rounds).toBe(1);
    await execute(url, 'NOTIFY pooled');
    await notified;
  });
});
