/** Tests the listener of the monitoring routes, with the real dependencies of the API. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../foundation/observability/logger.ts';
import { loadConfiguration } from '../providers/configuration.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { findFreePort } from '../tests/harness/free-port.ts';
import { startApi } from './server.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const start = async (monitoring: Readonly<Record<string, string>>) => {
  const configuration = loadConfiguration({
    CASTMATCH_ENV: 'test',
    DATABASE_URL: database.url,
    // No Temporal server listens there.
    TEMPORAL_ADDRESS: `127.0.0.1:${await findFreePort()}`,
    PORT: '0',
    ...monitoring,
  });
  const api = await startApi({
    configuration,
    logger: createLogger({ level: 'silent', process: 'test' }),
    host: '127.0.0.1',
  });
  onTestFinished(() => api.close());
  return api;
};

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;
const monitoringPaths = ['/metrics', '/docs/', '/openapi.json', '/health/integrations'];

describe('the monitoring routes', () => {
  it('are served on the port of the API by default', async () => {
    const { url, monitoringUrl } = await start({});
    expect(monitoringUrl).toBeUndefined();
    expect(await Promise.all(monitoringPaths.map((path) => statusOf(`${url}${path}`)))).toEqual([
      200, 200, 200, 200,
    ]);
  });

  it('are served on the monitoring port only, when one is configured', async () => {
    const { url, monitoringUrl } = await start({ MONITORING_PORT: '0' });
    expect(await Promise.all(monitoringPaths.map((path) => statusOf(`${url}${path}`)))).toEqual([
      404, 404, 404, 404,
    ]);
    expect(await Promise.all(monitoringPaths.map((path) => statusOf(`${monitoringUrl}${path}`)))).toEqual([
      200, 200, 200, 200,
    ]);
    expect(await statusOf(`${monitoringUrl}/v1/auditions`)).toBe(404);
  });

  it('leave the probes of load balancers on both ports', async () => {
    const { url, monitoringUrl } = await start({ MONITORING_PORT: '0' });
    for (const address of [url, monitoringUrl]) {
      expect(await statusOf(`${address}/healthz`)).toBe(200);
      expect(await statusOf(`${address}/readyz`)).toBe(503);
    }
  });

  it('describe and measure the routes of the API from the monitoring port', async () => {
    const { url, monitoringUrl } = await start({ MONITORING_PORT: '0' });
    await fetch(`${url}/v1/auditions`);
    expect(await (await fetch(`${monitoringUrl}/openapi.json`)).json()).toHaveProperty([
      'paths',
      '/v1/auditions',
    ]);
    expect(await (await fetch(`${monitoringUrl}/metrics`)).text()).toContain('route="/v1/auditions"');
  });
});
