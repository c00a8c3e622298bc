/** Sends the requests for auditions, and reads the lists, that docs/api.md shows. The end-to-end tests run all other commands. */
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestApi, type TestApi } from '../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { documentedBlocks } from '../tests/harness/documented-commands.ts';

const commands = documentedBlocks()
  .filter(({ document }) => document === 'docs/api.md')
  .flatMap(({ commands }) => commands)
  .filter((command) => /\$API\/v1\/auditions[? ]/.test(command));

let database: TestDatabase;
let test: TestApi;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.repositories.organizations.put({
    id: 'org_north',
    name: 'North',
    meetingProviders: ['zoom'],
  });
  test = await createTestApi(database);
  const API = await test.api.listen({ port: 0, host: '127.0.0.1' });
  env = { ...process.env, API, KEY: await test.keyFor('backend'), DAY: '2026-12-10' };
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const answerSchema = z.union([
  z.looseObject({ state: z.string() }),
  z.looseObject({ items: z.array(z.unknown()) }),
]);

it.each(commands)('the documented request is answered: %s', async (command) => {
  const { stdout } = await execa('bash', ['-c', command], { env });
  expect(answerSchema.safeParse(JSON.parse(stdout)).error, stdout).toBeUndefined();
});

it('the documents show requests in person, in windows, with preferences, and filtered lists', () => {
  const text = commands.join('\n');
  const shown = [
    '"room"',
    '"earliest"',
    '"quietHours"',
    '"locale"',
    '"reminders"',
    '"policy"',
    'needsAttention=',
  ];
  expect(shown.filter((part) => !text.includes(part))).toEqual([]);
});
