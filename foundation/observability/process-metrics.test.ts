import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createProcessMetrics } from './process-metrics.ts';

it('the process metrics name the build and count the connections at the time of the scrape', async () => {
  const registry = new Registry();
  const pool = { totalCount: 1, idleCount: 1, waitingCount: 0, options: { max: 10 } };
  createProcessMetrics(registry, { revision: '91c290bf', pool });
  Object.assign(pool, { totalCount: 10, idleCount: 2, waitingCount: 3 });
  const text = await registry.metrics();
  expect(text).toContain(
    `castmatch_build_info{version="0.1.0",revision="91c290bf",node="${process.version}"} 1`,
  );
  expect(text).toContain('castmatch_database_pool_connections{use="idle"} 2');
  expect(text).toContain('castmatch_database_pool_connections{use="used"} 8');
  expect(text).toContain('castmatch_database_pool_limit 10');
  expect(text).toContain('castmatch_database_pool_waiting 3');
});
