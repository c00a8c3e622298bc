/** The worker as a process, without Temporal. The end-to-end tests run it with all dependencies. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createEmptyDatabase } from '../tests/harness/database.ts';
import { findFreePort } from '../tests/harness/free-port.ts';

it('the worker process migrates an empty database before it connects to Temporal', async () => {
  const database = await createEmptyDatabase();
  onTestFinished(() => database.drop());
  const { exitCode, all } = await execa(
    process.execPath,
    [fileURLToPath(new URL('./main.ts', import.meta.url))],
    {
      env: {
        CASTMATCH_ENV: 'test',
        DATABASE_URL: database.url,
        // No server listens on this port, so the process exits on its own.
        TEMPORAL_ADDRESS: `127.0.0.1:${await findFreePort()}`,
        WORKER_METRICS_PORT: '0',
      },
      reject: false,
      all: true,
    },
  );
  expect([exitCode, all]).toEqual([1, expect.stringContaining('TransportError')]);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  expect((await client.query('SELECT * FROM auditions')).rows).toEqual([]);
  await client.end();
});
