import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKeyRing } from '../../../foundation/encryption/key-ring.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

const key = randomBytes(32);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(createKeyRing([{ id: 'test', key }]));
});
afterAll(() => database.drop());

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ops = async (...words: readonly string[]) =>
  execa(process.execPath, [program, 'suppressions', ...words, '--organization', 'org_north'], {
    env: {
      DATABASE_URL: database.url,
      CASTMATCH_ENV: 'test',
      CASTMATCH_MASTER_KEYS: `test:${key.toString('base64')}`,
    },
    extendEnv: false,
    reject: false,
  });

it('ops suppressions lists the participant of a bounced email, and lifts the suppression once', {
  timeout: 60_000,
}, async () => {
  const { noticeDeliveries, administrativeActs } = database.repositories;
  const deliveryId = '<m1@castmatch>';
  await noticeDeliveries.put({
    id: deliveryId,
    organization: 'org_north',
    auditionId: 'aud_1',
    participant: 'ada',
    channel: 'email',
    address: 'Ada@Example.com',
  });
  const report = {
    inboxId: 'whk_1',
    deliveryId,
    channel: 'email',
    status: 'failed',
    code: 'bounced',
  } as const;
  await noticeDeliveries.report(report);
  expect((await ops('list')).stdout).toMatch(/aud_1.*ada.*bounced/);
  const lift = () => ops('lift', '--address', 'ada@example.com');
  expect(await lift()).toMatchObject({ exitCode: 0, stdout: 'The suppression is lifted.' });
  expect((await lift()).stderr).toContain('The address is not suppressed');
  expect((await ops('list')).stdout).toBe('No address is suppressed.');
  const { items } = await administrativeActs.list('org_north', { limit: 10 });
  expect(items).toMatchObject([{ act: 'suppression.lifted', role: 'command_line' }]);
  expect(JSON.stringify(items)).not.toContain('ada');
});
