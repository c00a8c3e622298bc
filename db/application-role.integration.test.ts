import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyDatabaseUrlOf } from '../foundation/configuration/key-database-url.ts';
import { createKeyRing } from '../foundation/encryption/key-ring.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from '../tests/harness/audition-trail.ts';
import { createEmptyDatabase } from '../tests/harness/database.ts';
import { execute } from '../tests/harness/postgres-server.ts';
import { rebuildReadModel } from './auditions/rebuild.ts';
import { createDatabaseClient } from './client.ts';
import { createRepositories } from './index.ts';
import { migrate, migrateAtStart } from './migrate.ts';
import { createDatabaseCheck, createKeyDatabaseCheck } from './readiness.ts';

const program = fileURLToPath(new URL('./migrate.ts', import.meta.url));
const suffix = randomBytes(4).toString('hex');
const [ownerRole, appRole] = [`castmatch_owner_${suffix}`, `castmatch_app_${suffix}`];

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let ownerUrl: string;
let appUrl: string;

const as = (role: string): string => {
  const url = new URL(database.url);
  url.username = role;
  url.password = 'secret';
  return url.href;
};

const migrateAsOwner = (env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, DATABASE_URL: appUrl, DATABASE_OWNER_URL: ownerUrl, ...env },
  });

beforeAll(async () => {
  database = await createEmptyDatabase();
  [ownerUrl, appUrl] = [as(ownerRole), as(appRole)];
  const name = new URL(database.url).pathname.slice(1);
  await execute(database.url, `CREATE ROLE ${ownerRole} LOGIN PASSWORD 'secret' CREATEDB`);
  await execute(database.url, `CREATE ROLE ${appRole} LOGIN PASSWORD 'secret'`);
  await execute(database.url, `ALTER DATABASE ${name} OWNER TO ${ownerRole}`);
  await migrateAsOwner();
});

afterAll(async () => {
  const { url } = database;
  const server = new URL(url);
  server.pathname = '/postgres';
  await database.drop();
  await execute(server.href, `DROP ROLE ${appRole}`);
  await execute(server.href, `DROP ROLE ${ownerRole}`);
});

const queryAs = async (url: string, text: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
};

describe('the role of the service', { timeout: 60_000 }, () => {
  test('appends to trails, reads and verifies them, and uses the other tables', async () => {
    const { db, pool, close } = createDatabaseClient(appUrl);
    const keys = createDatabaseClient(keyDatabaseUrlOf(appUrl));
    const repositories = createRepositories(db, createKeyRing([{ id: 'k1', key: randomBytes(32) }]), keys.db);
    const id = newAuditionId();
    try {
      await createDatabaseCheck(pool)();
      await createKeyDatabaseCheck(keys.pool)();
      await storeEvents(repositories.events, id, trail(factsUntilScheduled(id)));
      await storeEvents(
        repositories.events,
        id,
        trail([{ type: 'cancelled', origin: 'api', reason: 'ill' }], { from: 7 }),
      );
      expect(await repositories.events.verify(id)).toEqual({ ok: true });
      expect(await repositories.events.read('org_north', id, { after: 6, limit: 1 })).toMatchObject([
        { fact: { reason: 'ill' } },
      ]);
      await rebuildReadModel(db);
      await repositories.administrativeActs.record({
        organization: 'org_north',
        by: 'operator-1',
        role: 'operator',
        act: 'connection.disconnected',
        target: 'conn_1',
        correlationId: 'c',
      });
      expect(await repositories.auditions.get('org_north', id)).toMatchObject({ state: 'closed' });
    } finally {
      await Promise.all([close(), keys.close()]);
    }
  });

  test.each([
    'UPDATE audit_events SET at = now()',
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only',
    'DROP TRIGGER audit_events_append_only ON audit_events',
    'CREATE TRIGGER forge BEFORE INSERT ON audit_events EXECUTE FUNCTION refuse_change()',
    'ALTER TABLE audit_events DROP CONSTRAINT audit_events_have_codes',
    'DROP TABLE audit_events',
    'ALTER TABLE audit_events OWNER TO CURRENT_USER',
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    'SET session_replication_role = replica',
    `SET ROLE ${ownerRole}`,
    'CREATE TABLE public.other (id int)',
    'UPDATE administrative_acts SET by = by',
    'DELETE FROM administrative_acts',
    'UPDATE credential_reads SET at = now()',
    'DELETE FROM drizzle.__drizzle_migrations',
  ])('may not: %s', async (statement) => {
    await expect(queryAs(appUrl, statement)).rejects.toThrow(/permission denied|must be owner|no privileges/);
  });

  test('starts on a migrated database, and waits for the owner on another', async () => {
    expect(await migrateAtStart(appUrl, { onRetry: () => {} })).toBe('separate');
    await queryAs(ownerUrl, 'CREATE TABLE kept AS SELECT * FROM drizzle.__drizzle_migrations');
    await queryAs(
      ownerUrl,
      'DELETE FROM drizzle.__drizzle_migrations WHERE id = (SELECT max(id) FROM drizzle.__drizzle_migrations)',
    );
    await expect(migrateAtStart(appUrl, { onRetry: () => {}, timeoutMs: -1 })).rejects.toThrow(
      'run db/migrate.ts with DATABASE_OWNER_URL',
    );

    const { promise: firstRetry, resolve } = Promise.withResolvers<unknown>();
    const starting = migrateAtStart(appUrl, { onRetry: resolve });
    await firstRetry;
    await queryAs(
      ownerUrl,
      'INSERT INTO drizzle.__drizzle_migrations SELECT * FROM kept ON CONFLICT DO NOTHING; DROP TABLE kept',
    );

    expect(await starting).toBe('separate');
  });

  test('is reported as the owner where it has migrated the tables itself', async () => {
    expect(await migrateAtStart(ownerUrl, { onRetry: () => {} })).toBe('owner');
  });

  test('gets its rights again at each migration, also in new tables', async () => {
    await queryAs(ownerUrl, `CREATE TABLE later (id int); REVOKE ALL ON auditions FROM ${appRole}`);

    await migrateAsOwner();

    expect(await queryAs(appUrl, 'SELECT FROM later')).toMatchObject({ rowCount: 0 });
    expect(await queryAs(appUrl, 'SELECT FROM auditions LIMIT 0')).toMatchObject({ rowCount: 0 });
    await queryAs(ownerUrl, 'DROP TABLE later');
  });
});

describe('the migration as the owner', { timeout: 60_000 }, () => {
  test('refuses a role of the service that could change the trail', async () => {
    await execute(database.url, `GRANT ${ownerRole} TO ${appRole}`);
    await expect(migrateAsOwner()).rejects.toThrow('can change audit_events');
    await execute(database.url, `REVOKE ${ownerRole} FROM ${appRole}`);

    await expect(migrate(ownerUrl, undefined, ownerRole)).rejects.toThrow('can change audit_events');
    await migrateAsOwner();
  });

  test('refuses a role of the service that could replace the tables of the trail, or change them by another role', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const other = `castmatch_other_${suffix}`;
    await execute(database.url, `CREATE ROLE ${other} NOLOGIN`);
    const detours: readonly (readonly [string, string])[] = [
      // The owner of the schema, on PostgreSQL 15 also that of the database, can drop tables of others.
      [`ALTER SCHEMA public OWNER TO ${appRole}`, 'ALTER SCHEMA public OWNER TO pg_database_owner'],
      [`ALTER DATABASE ${name} OWNER TO ${appRole}`, `ALTER DATABASE ${name} OWNER TO ${ownerRole}`],
      // A member that does not inherit can SET ROLE.
      [
        `GRANT pg_write_all_data TO ${appRole} WITH INHERIT FALSE`,
        `REVOKE pg_write_all_data FROM ${appRole}`,
      ],
      // A program on the server runs as its superuser.
      [`GRANT pg_execute_server_program TO ${appRole}`, `REVOKE pg_execute_server_program FROM ${appRole}`],
      [
        `GRANT UPDATE (fact) ON audit_events TO ${other}; GRANT ${other} TO ${appRole}`,
        `REVOKE ALL ON audit_events FROM ${other}; REVOKE ${other} FROM ${appRole}`,
      ],
      [
        `GRANT DELETE ON administrative_acts TO ${other}; GRANT ${other} TO ${appRole}`,
        `REVOKE ALL ON administrative_acts FROM ${other}; REVOKE ${other} FROM ${appRole}`,
      ],
    ];
    const accepted: string[] = [];
    for (const [grant, revoke] of detours) {
      await execute(database.url, grant);
      const outcome = await migrate(database.url, undefined, appRole).then(
        () => 'accepted',
        (error: unknown) => String(error),
      );
      if (!outcome.includes('can change')) accepted.push(`${grant}: ${outcome}`);
      await execute(database.url, revoke);
    }
    await execute(database.url, `DROP ROLE ${other}`);
    expect(accepted).toEqual([]);
    await migrateAsOwner();
  });

  test('reports a role that does not exist, and an address without one', async () => {
    await expect(migrateAsOwner({ DATABASE_URL: as('nobody_here') })).rejects.toThrow('does not exist');
    await expect(
      migrateAsOwner({ DATABASE_URL: 'postgres://127.0.0.1/castmatch', PGUSER: undefined }),
    ).rejects.toThrow('names no user');
  });

  test('reports a malformed address', async () => {
    await expect(migrateAsOwner({ DATABASE_OWNER_URL: 'localhost' })).rejects.toThrow(
      'DATABASE_OWNER_URL is not an address',
    );
  });
});
