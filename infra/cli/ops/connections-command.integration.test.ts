import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { createTestApi } from '../../../tests/harness/api.ts';
import { createTestDatabase } from '../../../tests/harness/database.ts';

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));

const setup = async () => {
  const database = await createTestDatabase();
  const test = await createTestApi(database);
  onTestFinished(async () => {
    await test.api.close();
    await database.drop();
  });
  const url = await test.api.listen({ host: '127.0.0.1', port: 0 });
  const key = await test.keyFor('operator');
  const connected = { organization: 'org_north', provider: 'google', refreshToken: 'a-secret' } as const;
  await database.repositories.connections.put({ ...connected, id: 'conn_1', account: 'ann@example.com' });
  const ops = (...words: readonly string[]) =>
    execa(process.execPath, [program, ...words], {
      env: { CASTMATCH_API_URL: url, CASTMATCH_API_KEY: key },
      extendEnv: false,
      reject: false,
    });
  return { ops };
};

it('ops connections lists the accounts and prints the link to the connection page', {
  timeout: 60_000,
}, async () => {
  const { ops } = await setup();
  const listed = await ops('connections', 'list');
  const [first, second] = listed.stdout.split('\n').slice(3);
  expect(first).toMatch(/conn_1.*google.*connected/);
  expect(second).toMatch(/ann@example\.com.*the organization/);
  expect(listed.stdout).not.toContain('a-secret');
  expect((await ops('connections', 'list', '--owner', 'bea')).stdout).toBe('No account is connected.');

  const link = await ops('connections', 'page', '--owner', 'bea');
  expect(link.stdout).toMatch(/^https:\/\/\S+\/connections\/\S+\nValid until 20\S+Z/);
});

it('ops connections list names the statuses when it gets an unknown one', { timeout: 60_000 }, async () => {
  const { ops } = await setup();
  const { exitCode, stderr } = await ops('connections', 'list', '--status', 'asleep');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Allowed choices are connected, needs_reauthorization, disconnected.');
});
