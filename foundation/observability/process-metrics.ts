/** The metrics that every process has: what runs, and its connections to the database. */
import { Gauge, type Registry } from 'prom-client';
import packageJson from '../../package.json' with { type: 'json' };

/** The connection pool, as `pg` counts it. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max: number };
}

/**
 * Registers the metrics. The pool is read when they are rendered.
 * @param parts.revision the revision of the source, if the deployment has named it
 */
export const createProcessMetrics = (
  registry: Registry,
  { revision = 'unknown', pool }: { readonly revision?: string | undefined; readonly pool: Pool },
): void => {
  const registers = [registry];
  new Gauge({
    name: 'castmatch_build_info',
    help: 'Always 1. The labels say which version runs.',
    labelNames: ['version', 'revision', 'node'] as const,
    registers,
  }).set({ version: packageJson.version, revision, node: process.version }, 1);
  const connections = new Gauge({
    name: 'castmatch_database_pool_connections',
    help: 'Connections of this process to the database by use: idle, used.',
    labelNames: ['use'] as const,
    registers,
    collect: () => {
      connections.set({ use: 'idle' }, pool.idleCount);
      connections.set({ use: 'used' }, pool.totalCount - pool.idleCount);
    },
  });
  new Gauge({
    name: 'castmatch_database_pool_limit',
    help: 'The most connections that this process opens.',
    registers,
  }).set(pool.options.max);
  const waiting = new Gauge({
    name: 'castmatch_database_pool_waiting',
    help: 'Queries that wait for a connection of the pool.',
    registers,
    collect: (): void => waiting.set(pool.waitingCount),
  });
};
