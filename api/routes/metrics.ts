/** /metrics in the text format of Prometheus. */
import type { FastifySchema } from 'fastify';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Api } from '../api.ts';

/** Shorter than the interval of any scraper. */
const sharedForMs = 1_000;

/**
 * Returns a function that renders the registry at most once a second. All requests of that second share the bytes: a
 * client that sends thousands of requests and reads no answer costs neither their time nor their memory.
 */
const createSharedRendering = (registry: Registry): (() => Promise<Buffer>) => {
  let rendered: { readonly until: number; readonly bytes: Promise<Buffer> } | undefined;
  return () => {
    if (rendered && performance.now() < rendered.until) return rendered.bytes;
    const bytes = registry.metrics().then((text) => Buffer.from(text));
    rendered = { until: performance.now() + sharedForMs, bytes };
    return bytes;
  };
};

/** Not inferred: the type would only allow text, and the bytes are sent as they are. */
const schema: FastifySchema = {
  operationId: 'metrics',
  tags: ['Health'],
  summary: 'Metrics for Prometheus',
  security: [],
  response: {
    200: { description: 'Metrics, at most a second old', content: { 'text/plain': { schema: z.string() } } },
  },
};

/** Registers /metrics, which serves the registry. */
export const metricsRoute = (api: Api, registry: Registry): void => {
  const render = createSharedRendering(registry);
  api.get('/metrics', { schema }, async (_request, reply) =>
    reply.type(registry.contentType).send(await render()),
  );
};
