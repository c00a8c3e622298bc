/** Tests the API with its real dependencies. */

import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../foundation/observability/logger.ts';
import { loadConfiguration } from '../providers/configuration.ts';
import { createTestDatabase } from '../tests/harness/database.ts';
import { findFreePort } from '../tests/harness/free-port.ts';
import { startApi } from './server.ts';

it('the API reports draining during shutdown and still serves requests', async () => {
  const database = await createTestDatabase();
  const configuration = loadConfiguration({
    CASTMATCH_ENV: 'test',
    DATABASE_URL: database.url,
    // No Temporal server listens there.
    TEMPORAL_ADDRESS: `127.0.0.1:${await findFreePort()}`,
    PORT: '0',
  });
  const logger = createLogger({ level: 'silent', process: 'test' });
  const api = await startApi({ configuration, logger, host: '127.0.0.1' });
  onTestFinished(async () => {
    await api.close();
    await database.drop();
  });
  const readiness = async () => (await fetch(`${api.url}/readyz`)).json();

  expect(await readiness()).toEqual({ status: 'not_ready', database: 'up', temporal: 'down' });
  api.drain();
  expect(await readiness()).toEqual({ status: 'draining', database: 'up', temporal: 'down' });
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
});
