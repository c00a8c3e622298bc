/** Tests the API as a process, as it is deployed: starts it on an empty database, and stops it by signal. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createEmptyDatabase } from '../tests/harness/database.ts';
import { eventually } from '../tests/harness/eventually.ts';
import { findFreePort } from '../tests/harness/free-port.ts';

const startApi = async () => {
  const database = await createEmptyDatabase();
  const [port, closedPort] = [await findFreePort(), await findFreePort()];
  const child = execa(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: {
      CASTMATCH_ENV: 'test',
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: `127.0.0.1:${closedPort}`,
      PORT: String(port),
    },
    reject: false,
    all: true,
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child;
    await database.drop();
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the API ended: ${(await child).all}`);
    return fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }, 20_000);
  return { child, url, databaseUrl: database.url };
};

it('the API process migrates an empty database before it serves, and reports missing dependencies', async () => {
  const { child, url, databaseUrl } = await startApi();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  expect((await client.query('SELECT * FROM auditions')).rows).toEqual([]);
  await client.end();
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'not_ready', database: 'up', temporal: 'down' },
  ]);
  child.kill('SIGTERM');
  expect((await child).exitCode).toBe(0);
});
