/** What an orchestrator and Prometheus ask of a worker process. */
import fastify from 'fastify';
import type { Configuration } from '../../providers/configuration.ts';

interface HealthChecks {
  /** Reasons why this process cannot do its work now; empty when it can. */
  readonly notReady: () => Promise<readonly string[]>;
  /** In Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Prometheus' text format, version 0.0.4. */
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Nobody but this machine has business with a worker at somebody's desk. */
export const healthAddress = ({
  environment,
  workerMetricsPort: port,
}: Pick<Configuration, 'environment' | 'workerMetricsPort'>): ListenAddress => ({
  host: environment === 'local' ? '127.0.0.1' : '0.0.0.0',
  port,
});

/**
 * Serves `/healthz` (the process answers), `/readyz` (200, or 503 with the reasons) and `/metrics`.
 * @throws when the port is taken.
 */
export const startHealthServer = async (at: ListenAddress, checks: HealthChecks): Promise<HealthServer> => {
  const app = fastify({ logger: false });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reasons = await checks.notReady();
    if (reasons.length === 0) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', reasons });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metricsType).send(await checks.metrics()));
  const address = await app.listen(at);
  return { port: Number(new URL(address).port), close: () => app.close() };
};
