/** /healthz, /readyz and /health/integrations: for load balancers, and for whoever asks what is down. */
import { z } from 'zod';
import { providerNames } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { watchIntegrations } from '../integration-health.ts';
import { json } from '../schemas/answers.ts';
import { problems } from '../schemas/problems.ts';

const alive = z.object({ status: z.literal('ok') });

const part = z.enum(['up', 'down']);
const readiness = z.object({
  status: z.enum(['ready', 'not_ready', 'draining']),
  database: part,
  temporal: part,
});

const integration = z
  .object({
    provider: z.enum(providerNames),
    status: part,
    checkedAt: z.string().describe('An instant; the answer is kept for a short while'),
    fault: z.string().optional().describe('What is wrong, by its kind'),
  })
  .meta({ id: 'Integration' });

const partOf = async (check: () => Promise<void>): Promise<z.infer<typeof part>> => {
  try {
    await check();
    return 'up';
  } catch {
    return 'down';
  }
};

const probes = (api: Api, { checks, isDraining }: ApiDependencies): void => {
  api.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        tags: ['Health'],
        summary: 'Whether the process lives',
        security: [],
        response: { 200: json('It does', alive) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  api.get(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        tags: ['Health'],
        summary: 'Whether the process can work: database and Temporal answer, and it is not about to end',
        security: [],
        response: { 200: json('It can', readiness), 503: json('It cannot', readiness) },
      },
    },
    async (_request, reply) => {
      const [database, temporal] = await Promise.all([partOf(checks.database), partOf(checks.temporal)]);
      const answers = database === 'up' && temporal === 'up';
      const status = isDraining() ? 'draining' : answers ? 'ready' : 'not_ready';
      return reply.code(status === 'ready' ? 200 : 503).send({ status, database, temporal });
    },
  );
};

const integrationHealth = (api: Api, { integrations, now }: ApiDependencies): void => {
  const healthOf = watchIntegrations(integrations, now);
  api.get(
    '/health/integrations',
    {
      schema: {
        operationId: 'integrations',
        tags: ['Health'],
        summary: 'How every provider answers',
        security: [],
        response: { 200: json('All of them', z.object({ integrations: z.array(integration) })) },
      },
    },
    async () => ({ integrations: await Promise.all(providerNames.map(healthOf)) }),
  );
  api.get(
    '/health/integrations/:provider',
    {
      schema: {
        operationId: 'integration',
        tags: ['Health'],
        summary: 'How one provider answers',
        security: [],
        params: z.object({ provider: z.enum(providerNames) }),
        response: {
          ...problems('invalid_body'),
          200: json('It is up', integration),
          503: json('It is down', integration),
        },
      },
    },
    async (request, reply) => {
      const health = await healthOf(request.params.provider);
      return reply.code(health.status === 'up' ? 200 : 503).send(health);
    },
  );
};

export const healthRoutes = (api: Api, dependencies: ApiDependencies): void => {
  probes(api, dependencies);
  integrationHealth(api, dependencies);
};
