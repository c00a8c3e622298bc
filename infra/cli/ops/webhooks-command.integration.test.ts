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
  execa(process.execPath, [program, ...words], {
    env: {
      DATABASE_URL: database.url,
      CASTMATCH_ENV: 'test',
      CASTMATCH_MASTER_KEYS: `test:${key.toString('base64')}`,
    },
    extendEnv: false,
    reject: false,
  });

it('ops webhooks lists parked webhooks, shows content only with --content, and records reads and replays', {
  timeout: 120_000,
}, async () => {
  const { inbox } = database.repositories;
  await inbox.receive({
    kind: 'message.received',
    event: { id: 'SM1', from: '+33612345678', body: 'It is Ada' },
    provider: 'twilio',
    dedupeKey: 'SM1',
    correlationId: 'call-1',
  });
  const [claimed] = await inbox.claim(1, 60_000);
  const id = claimed?.id ?? '';
  await inbox.park(id, 'not_handled');

  const listed = (await ops('webhooks', 'list')).stdout;
  expect(listed).toMatch(/message\.received/);
  expect(listed).toMatch(/twilio: 0 waiting, the oldest for 0 s; 1 parked/);
  const shown = (await ops('webhooks', 'show', id)).stdout;
  expect(shown).toContain('not_handled');
  expect(listed + shown).not.toContain('Ada');
  expect((await ops('webhooks', 'show', id, '--content')).stdout).toContain('It is Ada');

  expect((await ops('webhooks', 'replay', '--reason', 'no_such_meeting')).stdout).toMatch(/^0 replayed/);
  expect((await ops('webhooks', 'replay', '--reason', 'not_handled')).stdout).toMatch(/^1 replayed/);
  expect((await inbox.claim(1, 60_000)).map((again) => again.id)).toEqual([id]);
  expect((await ops('webhooks', 'replay', id)).stderr).toMatch(/There is no webhook/);
  await inbox.park(id, 'not_handled');
  expect((await ops('webhooks', 'replay', id)).stdout).toMatch(/^1 replayed/);

  const acts = await database.pool.query(
    'SELECT act, target, by, organization FROM administrative_acts ORDER BY id',
  );
  expect(acts.rows).toEqual([
    { act: 'webhook.read', target: id, by: 'npm run ops', organization: null },
    { act: 'webhook.replayed', target: id, by: 'npm run ops', organization: null },
    { act: 'webhook.replayed', target: id, by: 'npm run ops', organization: null },
  ]);
});

it.each([
  [['show', 'whk_1'], /There is no webhook whk_1/],
  [['replay', 'whk_1'], /There is no webhook whk_1/],
  [['replay'], /No webhook selected/],
])('ops webhooks %j fails and prints the reason', { timeout: 60_000 }, async (words, sentence) => {
  const { exitCode, stderr } = await ops('webhooks', ...words);
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(sentence)]);
});
