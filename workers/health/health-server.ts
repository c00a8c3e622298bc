/** Serves the health checks and metrics of a worker process over HTTP. */
import type { Socket } from 'node:net';
import fastify from 'fastify';
import { headFaultOf } from '../../foundation/http/head-faults.ts';
import { createPipelines } from '../../foundation/http/pipelines.ts';
import type { Configuration } from '../../providers/configuration.ts';

interface HealthChecks {
  /** Returns the reasons why this process is not ready; empty when it is. */
  readonly notReady: () => Promise<readonly string[]>;
  /** Returns the metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The text format of Prometheus, version 0.0.4. */
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** In milliseconds. Probes and scrapers are close, and send a few headers. */
const timeouts = {
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 72_000,
};

/** By the error codes of Node's HTTP parser and timeouts. */
const errorStatuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers what is not HTTP, and closes the connection. */
const handleClientError = ({ code = '' }: NodeJS.ErrnoException, socket: Socket): void => {
  if (code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else
    socket.end(
      `HTTP/1.1 ${errorStatuses[code] ?? '400 Bad Request'}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
};

interface ListenAddress {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
}

/**
 * Returns the address of the health server: on a developer's machine only the loopback interface, otherwise all
 * interfaces.
 */
export const healthAddress = ({
  environment,
  workerMetricsPort: port,
}: Pick<Configuration, 'environment' | 'workerMetricsPort'>): ListenAddress => ({
  host: environment === 'local' ? '127.0.0.1' : '0.0.0.0',
  port,
});

/**
 * Starts the server with `/healthz` (200 while the process answers), `/readyz` (200, or 503 with the reasons) and
 * `/metrics`.
 * @throws when the port is in use.
 */
export const startHealthServer = async (at: ListenAddress, checks: HealthChecks): Promise<HealthServer> => {
  const pipelines = createPipelines(timeouts);
  const app = fastify({
    logger: false,
    serverFactory: pipelines.createServer,
    clientErrorHandler: pipelines.inTurn(handleClientError),
  });
  app.addHook('onRequest', async ({ raw }, reply) => {
    const fault = headFaultOf(raw);
    if (fault) await reply.code(fault.status).header('connection', 'close').send(fault);
  });
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
