/** /metrics, in Prometheus' text format. */
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Api } from '../api.ts';

export const metricsRoute = (api: Api, registry: Registry): void => {
  api.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        tags: ['Health'],
        summary: 'Figures for Prometheus',
        security: [],
        response: { 200: { description: 'Figures', content: { 'text/plain': { schema: z.string() } } } },
      },
      serializerCompiler: () => (text: unknown) => String(text),
    },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
};
