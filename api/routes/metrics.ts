/** /metrics in the text format of Prometheus. */
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Api } from '../api.ts';

/** Registers /metrics, which serves the registry. */
export const metricsRoute = (api: Api, registry: Registry): void => {
  api.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        tags: ['Health'],
        summary: 'Metrics for Prometheus',
        security: [],
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } } },
      },
      serializerCompiler: () => (text: unknown) => String(text),
    },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
};
