import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createVault } from './envelope-encryption.ts';
import { createMasterKeyRotation, MasterKeysMissing } from './rotation.ts';

const oldKey = { id: 'k1', key: randomBytes(32) };
const newKey = { id: 'k2', key: randomBytes(32) };
const before = createKeyRing([oldKey]);
const after = createKeyRing([newKey, oldKey]);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(before);
});
afterAll(() => database.drop());
beforeEach(() => database.keys.pool.query('DELETE FROM data_keys'));

/** Creates a vault with an empty cache, as in a new process. */
const vaultOf = (wrapping = before) => createVault(database.keys.db, wrapping);
const dataKeyRows = async () =>
  (await database.keys.pool.query('SELECT id, master_key_id, wrapped FROM data_keys ORDER BY id')).rows;

const seed = async (count: number) => {
  const vault = vaultOf();
  const ids = Array.from({ length: count }, (_, at) => `conn_${String(at).padStart(4, '0')}`);
  return Promise.all(
    ids.map(async (id) => ({ id, sealed: await vault.seal(id, `secret of ${id}`, 'place') })),
  );
};

describe('vault', () => {
  test('opens in one process what another process has sealed', async () => {
    const sealed = await vaultOf().seal('conn_1', 'refresh-token', 'credential of conn_1');
    expect(sealed).not.toContain('refresh-token');
    expect(await vaultOf().open('conn_1', sealed, 'credential of conn_1')).toBe('refresh-token');
  });

  test('creates one data key when several processes seal simultaneously', async () => {
    const vaults = Array.from({ length: 8 }, () => vaultOf());
    const sealed = await Promise.all(
      vaults.map((vault, at) => vault.seal('conn_1', `secret ${at}`, 'place')),
    );
    expect(await dataKeyRows()).toHaveLength(1);
    const opened = await Promise.all(sealed.map((text) => vaultOf().open('conn_1', text, 'place')));
    expect(opened).toEqual(sealed.map((_text, at) => `secret ${at}`));
  });

  test('does not open a text with another context or under another data key', async () => {
    const vault = vaultOf();
    const sealed = await vault.seal('conn_1', 'refresh-token', 'credential of conn_1');
    await vault.seal('conn_2', 'other', 'credential of conn_2');
    for (const [dataKeyId, context] of [
      ['conn_1', 'credential of conn_2'],
      ['conn_2', 'credential of conn_1'],
      ['conn_3', 'credential of conn_1'],
    ] as const) {
      await expect(vault.open(dataKeyId, sealed, context)).rejects.toMatchObject({ name: 'NotAuthentic' });
    }
  });

  test('refuses an altered text, and a text that was never sealed', async () => {
    const vault = vaultOf();
    const sealed = await vault.seal('conn_1', 'refresh-token', 'place');
    const bytes = Buffer.from(sealed.slice('v1.'.length), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      const opening = vault.open('conn_1', `v1.${altered.toString('base64url')}`, 'place');
      await expect(opening).rejects.toMatchObject({ name: 'NotAuthentic' });
    }
    for (const text of ['', 'refresh-token', 'v1.', 'v2.AAAA', 'v1.AAAA', 'v1.AA==']) {
      await expect(vault.open('conn_1', text, 'place')).rejects.toMatchObject({ name: 'NotAuthentic' });
    }
  });

  test('reports the id of a missing master key', async () => {
    const sealed = await vaultOf().seal('conn_1', 'refresh-token', 'place');
    const opening = vaultOf(createKeyRing([newKey])).open('conn_1', sealed, 'place');
    await expect(opening).rejects.toMatchObject({ name: 'UnknownKey', keyId: 'k1' });
  });

  test('opens nothing after the data key was destroyed, even when it was in memory', async () => {
    const [here, elsewhere] = [vaultOf(), vaultOf()];
    const sealed = await here.seal('conn_1', 'refresh-token', 'place');
    await here.destroy('conn_1');
    for (const vault of [here, elsewhere]) {
      await expect(vault.open('conn_1', sealed, 'place')).rejects.toMatchObject({ name: 'NotAuthentic' });
    }
  });

  test('reads the data key again when another process has replaced it', async () => {
    const [here, elsewhere] = [vaultOf(), vaultOf()];
    await here.seal('conn_1', 'before', 'place');
    await elsewhere.destroy('conn_1');
    const sealed = await elsewhere.seal('conn_1', 'after', 'place');
    expect(await here.open('conn_1', sealed, 'place')).toBe('after');
  });
});

describe('rotation of the master key', () => {
  const never = new AbortController().signal;

  test('re-wraps every data key, so that the old master key is no longer needed', async () => {
    const secrets = await seed(25);
    const progress: number[] = [];
    const rotation = createMasterKeyRotation(database.keys.db, after);
    expect(await rotation.status()).toEqual([{ masterKeyId: 'k1', keys: 25, isKnown: true }]);

    const rotated = await rotation.rotate({
      signal: never,
      progress: ({ rewrapped }) => progress.push(rewrapped),
    });

    expect(rotated).toEqual({ rewrapped: 25, remaining: 0, unreadable: [] });
    expect(progress).toEqual([10, 20, 25]);
    const vaultWithNewKey = vaultOf(createKeyRing([newKey]));
    for (const { id, sealed } of secrets) {
      expect(await vaultWithNewKey.open(id, sealed, 'place')).toBe(`secret of ${id}`);
    }
  });

  test('fails no concurrent read or write when it is stopped and started again', async () => {
    const secrets = await seed(200);
    const load = new AbortController();
    let reads = 0;
    const written: { id: string; sealed: string }[] = [];
    const read = async (wrapping: typeof before) => {
      while (!load.signal.aborted) {
        // A new vault each time: its cache is empty, so it reads the current rows.
        const vault = vaultOf(wrapping);
        for (const { id, sealed } of secrets.slice(0, 60)) {
          expect(await vault.open(id, sealed, 'place')).toBe(`secret of ${id}`);
          reads += 1;
        }
      }
    };
    const write = async () => {
      const [old, fresh] = [vaultOf(createKeyRing([oldKey, newKey])), vaultOf(after)];
      for (let at = 0; !load.signal.aborted; at += 1) {
        const id = `new_${String(at).padStart(4, '0')}`;
        written.push({ id, sealed: await (at % 2 ? old : fresh).seal(id, `secret of ${id}`, 'place') });
        await setImmediate();
      }
    };
    const underLoad = Promise.all([read(after), read(after), read(after), write()]);

    const stopping = new AbortController();
    const rotation = createMasterKeyRotation(database.keys.db, after);
    const first = await rotation.rotate({
      signal: stopping.signal,
      progress: ({ rewrapped }) => {
        if (rewrapped >= 60) stopping.abort();
      },
    });
    expect(first.remaining).toBeGreaterThan(100);
    const second = await rotation.rotate({ signal: never, progress: () => {} });
    load.abort();
    await underLoad;
    const third = await rotation.rotate({ signal: never, progress: () => {} });

    expect(first.rewrapped + second.rewrapped).toBeGreaterThanOrEqual(200);
    expect(third.remaining).toBe(0);
    expect(reads).toBeGreaterThan(100);
    expect(written.length).toBeGreaterThan(5);
    const vaultWithNewKey = vaultOf(createKeyRing([newKey]));
    for (const { id, sealed } of [...secrets, ...written]) {
      expect(await vaultWithNewKey.open(id, sealed, 'place')).toBe(`secret of ${id}`);
    }
  });

  test('changes nothing when the master key of a data key is missing', async () => {
    await seed(3);
    const rows = await dataKeyRows();
    const rotation = createMasterKeyRotation(database.keys.db, createKeyRing([newKey]));
    const rotating = rotation.rotate({ signal: never, progress: () => {} });
    await expect(rotating).rejects.toThrow(MasterKeysMissing);
    await expect(rotating).rejects.toThrow('"k1" (3 data keys)');
    expect(await dataKeyRows()).toEqual(rows);
  });

  test('reports a data key that does not unwrap, leaves it unchanged and continues', async () => {
    await seed(12);
    await database.keys.pool.query(
      "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE id = 'conn_0001') WHERE id = 'conn_0000'",
    );
    const rotated = await createMasterKeyRotation(database.keys.db, after).rotate({
      signal: never,
      progress: () => {},
    });
    expect(rotated).toEqual({ rewrapped: 11, remaining: 1, unreadable: ['conn_0000'] });
  });

  test('does not overwrite a data key that was replaced meanwhile', async () => {
    await seed(1);
    const vault = vaultOf();
    let sealed = '';
    const interfering = {
      ...after,
      wrap: async (key: Uint8Array, context: string) => {
        await vault.destroy('conn_0000');
        sealed = await vault.seal('conn_0000', 'of the new key', 'place');
        return after.wrap(key, context);
      },
    };
    const rotation = createMasterKeyRotation(database.keys.db, interfering);
    const rotated = await rotation.rotate({ signal: never, progress: () => {} });
    expect(rotated).toEqual({ rewrapped: 0, remaining: 1, unreadable: [] });
    expect(await vaultOf().open('conn_0000', sealed, 'place')).toBe('of the new key');
  });

  test('keeps the old copy when the new one does not unwrap', async () => {
    await seed(1);
    const rows = await dataKeyRows();
    const broken = {
      ...after,
      unwrap: async (masterKeyId: string, wrapped: string, context: string) =>
        masterKeyId === 'k2' ? randomBytes(32) : after.unwrap(masterKeyId, wrapped, context),
    };
    const rotating = createMasterKeyRotation(database.keys.db, broken).rotate({
      signal: never,
      progress: () => {},
    });
    await expect(rotating).rejects.toThrow('unwrapped a different data key');
    expect(await dataKeyRows()).toEqual(rows);
  });
});
