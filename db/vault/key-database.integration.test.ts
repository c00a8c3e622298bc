import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { keyDatabaseUrlOf } from '../../foundation/configuration/key-database-url.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createEmptyDatabase } from '../../tests/harness/database.ts';
import { execute } from '../../tests/harness/postgres-server.ts';
import { createDatabaseClient } from '../client.ts';
import { migrate } from '../migrate.ts';
import { createVault } from './envelope-encryption.ts';

const setup = async () => {
  const { url, drop } = await createEmptyDatabase();
  const main = createDatabaseClient(url);
  const keys = createDatabaseClient(keyDatabaseUrlOf(url));
  onTestFinished(async () => {
    await Promise.all([main.close(), keys.close()]);
    await drop();
  });
  /** Makes the main database as an earlier version has left it: its processes create data keys there. */
  const becomeEarlier = () => main.pool.query('DROP TRIGGER data_keys_moved ON data_keys');
  return { url, main, keys, becomeEarlier };
};

test('the migration creates the key database, and can be repeated by several processes', async () => {
  const { url, keys } = await setup();
  await Promise.all([migrate(url), migrate(url)]);
  await migrate(url);
  expect((await keys.pool.query('SELECT * FROM data_keys')).rows).toEqual([]);
});

test('the migration moves the data keys of an earlier version out of the main database', async () => {
  const { url, main, keys, becomeEarlier } = await setup();
  await migrate(url);
  await becomeEarlier();
  const wrapping = createKeyRing([{ id: 'test', key: randomBytes(32) }]);
  const sealed = await createVault(main.db, wrapping).seal('conn_1', 'secret', 'place');

  await migrate(url);

  expect((await main.pool.query('SELECT id FROM data_keys')).rows).toEqual([]);
  expect(await createVault(keys.db, wrapping).open('conn_1', sealed, 'place')).toBe('secret');
});

test('the migration refuses to move the data keys while processes of an earlier version are connected', async () => {
  const { url, main, becomeEarlier } = await setup();
  await migrate(url);
  const api = createDatabaseClient(url, { applicationName: 'castmatch-api' });
  onTestFinished(() => api.close());
  await api.pool.query('SELECT 1');
  // A process of this version disturbs no later migration.
  await migrate(url);

  await becomeEarlier();
  await main.pool.query("INSERT INTO data_keys (id, master_key_id, wrapped) VALUES ('conn_1', 'test', 'w')");
  await expect(migrate(url)).rejects.toThrow(/earlier version .*castmatch-api: 1 connections.*: stop all/);
  expect((await main.pool.query('SELECT id FROM data_keys')).rowCount).toBe(1);
});

test('the main database refuses data keys of an earlier version that still runs', async () => {
  const { url, main } = await setup();
  await migrate(url);
  const insert = "INSERT INTO data_keys (id, master_key_id, wrapped) VALUES ('conn_1', 'test', 'w')";
  await expect(main.pool.query(insert)).rejects.toThrow(/key database: stop this process/);
});

test('the migration refuses the main database as the key database, and deletes no key', async () => {
  const { url, main, becomeEarlier } = await setup();
  await migrate(url);
  await becomeEarlier();
  await main.pool.query("INSERT INTO data_keys (id, master_key_id, wrapped) VALUES ('conn_1', 'test', 'w')");
  await expect(migrate(url, url)).rejects.toThrow(/KEY_DATABASE_URL leads to the main database/);
  expect((await main.pool.query('SELECT id FROM data_keys')).rowCount).toBe(1);
});

test('the migration names the key database that is missing on another server', async () => {
  const { url } = await setup();
  const elsewhere = new URL(keyDatabaseUrlOf(url));
  // The same server under another name.
  elsewhere.hostname = elsewhere.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  await expect(migrate(url, elsewhere.href)).rejects.toThrow(/key database "[^"]+_keys" does not exist/);
  await execute(url, 'SELECT 1');
});
