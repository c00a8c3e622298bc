/**
 * Builds the clients that people generate from the OpenAPI document, and uses each: request an audition, read it, list, and
 * read a problem document. The API is the real one, on a database; a fake takes the place of Temporal.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestApi, type TestApi } from '../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { requestAndRead } from './example.ts';
import { answerOf, createCastMatchClient, ProblemError, UnexpectedAnswer } from './index.ts';
import { pythonTool } from './python-tool.ts';

const timeout = 300_000;
const day = '2026-12-10';
const document = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));
const ofProject = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const ofClient = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let database: TestDatabase;
let test: TestApi;
let baseUrl: string;
let key: string;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  baseUrl = await test.api.listen({ port: 0, host: '127.0.0.1' });
  key = await test.keyFor('backend');
  folder = await mkdtemp(join(tmpdir(), 'castmatch-clients-'));
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const resultSchema = z.object({
  id: z.string(),
  read: z.string(),
  listed: z.array(z.string()),
  refusal: z.string(),
});

const resultOf = (output: string) => resultSchema.parse(JSON.parse(output));

it('the client of this repository runs its example', async () => {
  const { requested, audition, items, refusal } = await requestAndRead(baseUrl, key, day);
  expect(requested).toMatchObject({ project: 'night-ferry', role: 'captain' });
  expect(audition.id).toBe(requested.id);
  expect(items.map(({ id }) => id)).toEqual([requested.id]);
  expect(refusal).toBe('audition_not_found');
});

it('the client of this repository reports a refusal with its problem document, and any other answer', async () => {
  const stranger = createCastMatchClient({ baseUrl, key: 'unknown' });
  const refused = await answerOf(stranger.GET('/v1/auditions')).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ProblemError);
  expect(refused).toMatchObject({ code: 'unauthenticated', problem: { status: 401 } });

  const behindProxy = createCastMatchClient({
    baseUrl,
    key,
    fetch: async () => new Response('<html>', { status: 502 }),
  });
  const unexpected = await answerOf(behindProxy.GET('/v1/auditions')).catch((error: unknown) => error);
  expect(unexpected).toBeInstanceOf(UnexpectedAnswer);
  expect(unexpected).toMatchObject({ status: 502 });
});

it('a client of @hey-api/openapi-ts is built and used', { timeout }, async () => {
  const own = join(folder, 'hey-api');
  await execa(process.execPath, [
    '--import',
    ofClient('typescript-5.ts'),
    ofProject('node_modules/@hey-api/openapi-ts/dist/run.mjs'),
    '-i',
    document,
    '-o',
    join(own, 'sdk'),
    '-c',
    '@hey-api/client-fetch',
  ]);
  await cp(ofClient('fixtures/hey-api-example.ts'), join(own, 'main.ts'));
  await writeFile(join(own, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [ofProject('node_modules/@types')],
    outDir: 'built',
  };
  await writeFile(
    join(own, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['main.ts', 'sdk'] }),
  );
  await execa(ofClient('node_modules/.bin/tsc'), ['-p', join(own, 'tsconfig.json')]);
  const { stdout } = await execa(process.execPath, [join(own, 'built/main.js'), baseUrl, key, day]);
  const result = resultOf(stdout);
  expect(result).toEqual({
    id: result.id,
    read: result.id,
    listed: [result.id],
    refusal: 'audition_not_found',
  });
});

it('a client of openapi-python-client is built and used', { timeout }, async ({ skip }) => {
  const tools = await pythonTool('openapi-python-client==0.29.1', 'openapi-python-client');
  if (tools === undefined) return skip('needs Python 3.10 with venv, and its package registry');
  const own = join(folder, 'python');
  await execa(`${tools}/openapi-python-client`, [
    'generate',
    '--path',
    document,
    '--output-path',
    join(own, 'castmatch_client'),
    '--meta',
    'none',
  ]);
  const { stdout } = await execa(
    `${tools}/python`,
    [ofClient('fixtures/python_example.py'), baseUrl, key, day],
    { env: { PYTHONPATH: own } },
  );
  const result = resultOf(stdout);
  expect(result).toEqual({
    id: result.id,
    read: result.id,
    listed: [result.id],
    refusal: 'audition_not_found',
  });
});
