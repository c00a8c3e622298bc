/** Tests that all processes share one token refresh, and what happens when the refreshing process is killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { atDepth } from '../harness/depth.ts';
import { startTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts';

const program = fileURLToPath(new URL('refresh-process.ts', import.meta.url));
const masterKey = randomBytes(32);
const processes = atDepth(10, 50);
const connection = { organization: 'org_1', id: 'conn_1' } as const;

let database: TestDatabase;
/** The compile cache that all processes share; without it, each of them would compile for seconds. */
let compiled: string;

beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'castmatch-compiled-'));
  database = await createTestDatabase(createKeyRing([{ id: 'test', key: masterKey }]));
});
afterAll(async () => {
  await database.drop();
  await rm(compiled, { recursive: true });
});
beforeEach(async () => {
  await database.repositories.connections.put({
    ...connection,
    provider: 'google',
    account: 'office',
    refreshToken: 'refresh-0',
  });
});

/** Processes start slowly while the other tests run in parallel. */
const slowStart = { timeout: 120_000 };

const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('answered') }),
  z.object({ kind: z.literal('token'), token: z.string() }),
  z.object({ kind: z.literal('fault'), fault: z.string(), code: z.string() }),
]);
type Message = z.infer<typeof messageSchema>;

interface RefreshProcess {
  readonly process: ChildProcess;
  readonly next: () => Promise<Message>;
  readonly requestToken: () => Promise<Message>;
}

/** Starts a process, and resolves when it is ready to request a token. */
const startRefreshProcess = async (
  { url }: TokenEndpoint,
  { stops = false }: { readonly stops?: boolean } = {},
): Promise<RefreshProcess> => {
  const child = fork(program, {
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compiled,
      TOKEN_DATABASE: database.url,
      TOKEN_MASTER_KEY: masterKey.toString('base64'),
      TOKEN_URL: url,
      ...(stops && { TOKEN_STOP: 'after the answer' }),
    },
    execArgv: [],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const next = async () => {
    const [message] = await once(child, 'message');
    return messageSchema.parse(message);
  };
  const requestToken = () => {
    const answer = next();
    child.send('go');
    return answer;
  };
  expect(await next()).toEqual({ kind: 'ready' });
  return { process: child, next, requestToken };
};

const startEndpoint = async (options: Parameters<typeof startTokenEndpoint>[0] = {}) => {
  const endpoint = await startTokenEndpoint(options);
  onTestFinished(() => endpoint.close());
  return endpoint;
};

/** Kills a process between the provider's response and the statement that stores it, and expires its lease. */
const killDuringRefresh = async (endpoint: TokenEndpoint) => {
  const doomed = await startRefreshProcess(endpoint, { stops: true });
  expect(await doomed.requestToken()).toEqual({ kind: 'answered' });
  doomed.process.kill('SIGKILL');
  await once(doomed.process, 'exit');
  await database.pool.query("UPDATE connections SET refresh_lease_until = now() - interval '1 second'");
};

test(`${processes} processes that request one expired token cause one refresh`, {
  timeout: 400_000,
}, async () => {
  const endpoint = await startEndpoint({ takesMs: 300 });
  const callers: RefreshProcess[] = [];
  while (callers.length < processes) {
    const some = Array.from({ length: Math.min(5, processes - callers.length) }, () =>
      startRefreshProcess(endpoint),
    );
    callers.push(...(await Promise.all(some)));
  }

  const answers = await Promise.all(callers.map((caller) => caller.requestToken()));

  expect(answers).toEqual(callers.map(() => ({ kind: 'token', token: 'access-1' })));
  expect(endpoint.refreshes).toEqual(['refresh-0']);
  expect(
    await database.repositories.connections.openCredential('org_1', 'conn_1', {
      purpose: 'test',
      correlationId: 'corr-1',
    }),
  ).toEqual({ kind: 'oauth', refreshToken: 'refresh-1' });
});

test(
  'a connection whose new refresh token was lost with its process needs reauthorization',
  slowStart,
  async () => {
    const endpoint = await startEndpoint();
    await killDuringRefresh(endpoint);

    const next = await startRefreshProcess(endpoint);

    expect(await next.requestToken()).toEqual({ kind: 'fault', fault: 'reconnect', code: 'refresh_lost' });
    expect(endpoint.refreshes).toEqual(['refresh-0', 'refresh-0']);
    expect(await database.repositories.connections.get('org_1', 'conn_1')).toMatchObject({
      status: 'needs_reauthorization',
      statusReason: 'refresh_lost',
    });
  },
);

test(
  'a killed process causes only one more refresh when the provider does not rotate refresh tokens',
  slowStart,
  async () => {
    const endpoint = await startEndpoint({ rotates: false });
    await killDuringRefresh(endpoint);

    const next = await startRefreshProcess(endpoint);

    expect(await next.requestToken()).toEqual({ kind: 'token', token: 'access-2' });
  },
);

test('a connection whose grant the provider rejects needs reauthorization', slowStart, async () => {
  const endpoint = await startEndpoint();
  await database.repositories.connections.put({
    ...connection,
    provider: 'google',
    account: 'office',
    refreshToken: 'revoked',
  });
  const [one, other] = [await startRefreshProcess(endpoint), await startRefreshProcess(endpoint)];

  const answers = await Promise.all([one.requestToken(), other.requestToken()]);

  expect(answers).toEqual(answers.map(() => ({ kind: 'fault', fault: 'reconnect', code: 'grant_refused' })));
  expect(endpoint.refreshes).toEqual(['revoked']);
});
