/** Describes the machine on which the benchmark runs. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { z } from 'zod';
import type { ServiceUnderTest } from '../harness/service.ts';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** The load average of the minute before the benchmark. When it is near the number of cores, the machine was busy. */
  readonly load: number;
  readonly node: string;
  readonly sdk: string;
  readonly temporal: string;
  readonly postgres: string;
}

/** Returns the description. Call it before the first measurement, because it contains the load. */
export const describeMachine = async (service: ServiceUnderTest): Promise<Machine> => {
  const load = loadavg()[0] ?? 0;
  const [system, answer, sdk] = await Promise.all([
    service.temporal.workflowService.getSystemInfo({}),
    service.database.pool.query('SHOW server_version'),
    readFile(new URL('../../node_modules/@temporalio/worker/package.json', import.meta.url), 'utf8'),
  ]);
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    load,
    node: process.versions.node,
    sdk: z.object({ version: z.string() }).parse(JSON.parse(sdk)).version,
    temporal: system.serverVersion ?? 'unknown',
    postgres: z.object({ server_version: z.string() }).parse(answer.rows[0]).server_version,
  };
};
