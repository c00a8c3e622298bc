import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { maxCachedWorkflows } from './cache-size.ts';
import { workerEnvironment, workerNodeOptions } from './process-options.ts';

it('workerNodeOptions limit the heap, and Node accepts them', async () => {
  const print = 'console.log(v8.getHeapStatistics().heap_size_limit / 1024 ** 2)';
  const { stdout } = await promisify(execFile)(process.execPath, [...workerNodeOptions, '-e', print]);

  expect(Number(stdout)).toBeGreaterThan(500);
  expect(Number(stdout)).toBeLessThan(600);
});

it('the runbook starts a worker with these options and this environment, and names the size of the cache', async () => {
  const runbook = await readFile(new URL('../docs/runbooks/workers.md', import.meta.url), 'utf8');

  const environment = Object.entries(workerEnvironment).map(([name, value]) => `${name}=${value}`);
  expect(runbook).toContain(`${environment.join(' ')} node ${workerNodeOptions.join(' ')} workers/main.ts`);
  expect(runbook).toContain(`The cache holds ${maxCachedWorkflows} of them`);
});

it('the cache leaves the heap of workflow code half empty', () => {
  const [, limitMb] = /--max-old-space-size=(\d+)/.exec(workerNodeOptions.join(' ')) ?? [];
  const measuredMbPerAudition = 0.5;

  expect(maxCachedWorkflows * measuredMbPerAudition).toBeLessThanOrEqual(Number(limitMb) / 2);
});
