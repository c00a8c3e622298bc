import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVault } from '../../db/vault/envelope-encryption.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

const oldKey = { id: 'k1', key: randomBytes(32) };
const newKey = { id: 'k2', key: randomBytes(32) };
const keyRingText = (...keys: readonly (typeof oldKey)[]) =>
  keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(',');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const program = fileURLToPath(new URL('vault.ts', import.meta.url));
const vault = (masterKeys: string, ...words: readonly string[]) =>
  execa(process.execPath, [program, ...words], {
    env: { CASTMATCH_ENV: 'test', DATABASE_URL: database.url, CASTMATCH_MASTER_KEYS: masterKeys },
    extendEnv: false,
    reject: false,
  });

const slow = { timeout: 120_000 };

it('npm run vault fails without the old master key, shows the status, and rotates', slow, async () => {
  const sealing = createVault(database.keys.db, createKeyRing([oldKey]));
  const sealed = await sealing.seal('conn_1', 'refresh-token', 'place');

  const refused = await vault(keyRingText(newKey), 'rotate');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('"k1" (1 data keys)');
  expect(refused.stderr).not.toContain('    at ');

  expect((await vault(keyRingText(newKey, oldKey), 'status')).stdout).toMatch(/k1 +│ 1 +│ to be rotated/);

  const rotated = await vault(keyRingText(newKey, oldKey), '--json', 'rotate');
  expect([rotated.exitCode, JSON.parse(rotated.stdout)]).toEqual([
    0,
    { newest: 'k2', rewrapped: 1, remaining: 0, unreadable: [] },
  ]);
  const opening = createVault(database.keys.db, createKeyRing([newKey]));
  expect(await opening.open('conn_1', sealed, 'place')).toBe('refresh-token');

  const { rows } = await database.pool.query('SELECT act, target, role, detail FROM administrative_acts');
  expect(rows).toEqual([
    {
      act: 'vault.rotated',
      target: 'k2',
      role: 'command_line',
      detail: { rewrapped: 1, remaining: 0, unreadable: 0 },
    },
  ]);
});
