import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.repositories.organizations.create({
    id: 'org_north',
    name: 'North',
    meetingProviders: ['zoom'],
  });
});
afterAll(() => database.drop());

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ops = async (...words: readonly string[]) =>
  execa(process.execPath, [program, ...words], {
    env: { DATABASE_URL: database.url },
    extendEnv: false,
    reject: false,
  });

const createdKeySchema = z.object({ id: z.string(), secret: z.string() });

it('ops keys creates a key, lists it without its secret, revokes it, and records both changes', {
  timeout: 60_000,
}, async () => {
  const words = ['--organization', 'org_north', '--role', 'backend', '--label', 'platform'];
  const { id, secret } = createdKeySchema.parse(
    JSON.parse((await ops('--json', 'keys', 'create', ...words)).stdout),
  );
  const { apiKeys, administrativeActs } = database.repositories;
  expect(await apiKeys.find(secret)).toMatchObject({ id, role: 'backend', label: 'platform' });

  const listed = (await ops('keys', 'list', '--organization', 'org_north')).stdout;
  expect(listed).toContain(id);
  expect(listed).not.toContain(secret);

  expect((await ops('keys', 'revoke', id)).exitCode).toBe(0);
  expect(await apiKeys.find(secret)).toMatchObject({ revoked: { id } });
  const { items } = await administrativeActs.list('org_north', { limit: 10 });
  expect(items.map(({ act, target, role }) => [act, target, role])).toEqual([
    ['key.revoked', id, 'command_line'],
    ['key.created', id, 'command_line'],
  ]);
  expect(JSON.stringify(items)).not.toContain(secret);
});

it.each([
  [['create', '--organization', 'north', '--role', 'backend', '--label', 'x'], /begins with org_/],
  [['create', '--organization', 'org_north', '--role', 'root', '--label', 'x'], /backend, operator, admin/],
  [['create', '--organization', 'org_north', '--role', 'backend'], /--label/],
  [
    ['create', '--organization', 'org_nowhere', '--role', 'admin', '--label', 'x'],
    /no organization org_nowhere/,
  ],
  [['revoke', 'key_0123456789abcdef'], /There is no key/],
])('ops keys %j fails and prints the reason', async (words, sentence) => {
  const { exitCode, stderr } = await ops('keys', ...words);
  expect(exitCode).not.toBe(0);
  expect(stderr).toMatch(sentence);
});
