/**
 * Tests the API as a process under 60 hostile connections. Its own metrics show the delay of its event loop, and the
 * system shows its memory. The limits are coarse: other processes of the machine take part of the time.
 */
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { createKeyRing } from '../foundation/encryption/key-ring.ts';
import { loadConfiguration } from '../providers/configuration.ts';
import { createTestDatabase } from '../tests/harness/database.ts';
import { eventually } from '../tests/harness/eventually.ts';
import { findFreePort } from '../tests/harness/free-port.ts';

const key = 'hostile-test-key';

/** Starts the API process on a database with one API key. */
const startApi = async () => {
  const [port, closedPort] = [await findFreePort(), await findFreePort()];
  const env = {
    CASTMATCH_ENV: 'test',
    TEMPORAL_ADDRESS: `127.0.0.1:${closedPort}`,
    PORT: String(port),
    LOG_LEVEL: 'error',
  };
  const { masterKeys } = loadConfiguration({ ...env, DATABASE_URL: 'postgres://127.0.0.1/unused' });
  const database = await createTestDatabase(createKeyRing(masterKeys));
  await database.repositories.apiKeys.put({
    secret: key,
    role: 'backend',
    organization: 'org_north',
    label: 'backend of org_north',
  });
  const child = execa(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: { ...env, DATABASE_URL: database.url },
    reject: false,
    all: true,
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child;
    await database.drop();
  });
  const url = new URL(`http://127.0.0.1:${port}`);
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the API ended: ${(await child).all}`);
    return fetch(new URL('/healthz', url)).then(
      ({ ok }) => ok,
      () => false,
    );
  }, 20_000);
  return { pid: Number(child.pid), url };
};

/** Returns the resident memory of a process, in megabytes. */
const residentMegabytes = async (pid: number): Promise<number> => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
};

/** Returns the longest delay of the event loop since the last call, in milliseconds. */
const longestDelay = async (url: URL): Promise<number> => {
  const metrics = await (await fetch(new URL('/metrics', url))).text();
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics) ?? [];
  return Number(seconds) * 1_000;
};

/** Sends the text again and again, one byte at a time. */
const drip = async (socket: Socket, text: string): Promise<void> => {
  while (!socket.destroyed) {
    for (const character of text) {
      if (socket.destroyed) return;
      socket.write(character);
      await pause(100);
    }
  }
};

const attacks = {
  'pipelined requests that are never read': (socket: Socket) => {
    socket.pause().write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2_000));
  },
  'slow bodies': (socket: Socket) => {
    socket.write(
      `POST /v1/auditions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nIdempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n`,
    );
    void drip(socket, ' ');
  },
  'slow headers': (socket: Socket) => {
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n');
    void drip(socket, 'X-Slow: a\r\n');
  },
} as const satisfies Readonly<Record<string, (socket: Socket) => void>>;

/** Sends requests of a normal client for some time. Returns the longest wait for an answer, in milliseconds. */
const longestWait = async (url: URL, forMs: number): Promise<number> => {
  let longest = 0;
  for (const end = performance.now() + forMs; performance.now() < end; await pause(50)) {
    const start = performance.now();
    const answer = await fetch(new URL('/v1/auditions', url), {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(200);
    await answer.text();
    longest = Math.max(longest, performance.now() - start);
  }
  return longest;
};

it('60 hostile connections leave the API process responsive and small', {
  retry: 2,
  timeout: 60_000,
}, async () => {
  const { pid, url } = await startApi();
  await longestWait(url, 500);
  await longestDelay(url);
  const before = await residentMegabytes(pid);

  for (const attack of Object.values(attacks)) {
    for (let connection = 0; connection < 20; connection += 1) {
      const socket = connect(Number(url.port), url.hostname).on('error', () => {});
      onTestFinished(() => {
        socket.destroy();
      });
      attack(socket);
    }
  }
  const wait = await longestWait(url, 5_000);
  const delay = await longestDelay(url);
  const grown = (await residentMegabytes(pid)) - before;
  // Measured on two busy cores: 95 to 293 ms, 62 to 282 ms and 3 MB.
  expect({ wait, delay, grown }).toSatisfy(() => wait < 1_000 && delay < 500 && grown < 150);
});
