/** /healthz, /readyz and /health/integrations: for load balancers, and for whoever asks what is down. */
import { z } from 'zod';
import { vendorNames } from '../../domain/providers/vendors.ts';
import type { Api } from '../api.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { createIntegrationHealthReader } from '../health/integration-health.ts';
import { jsonResponse, problemResponses } from '../schemas/responses.ts';

const alive = z.object({ status: z.literal('ok') });

const componentStatus = z.enum(['up', 'down']);
const readiness = z.object({
  status: z.enum(['ready', 'not_ready', 'draining']),
  database: componentStatus,
  temporal: componentStatus,
});

const moment = z.string().describe('An instant');
const count = z.number().int();

const facts = z.object({
  circuit: z.enum(['closed', 'open', 'half_open']).describe('open: calls are held back'),
  opensAgainAt: moment.optional().describe('When the next call may go through'),
  accountsHeldBack: count.describe('Accounts whose calls alone are held back'),
  lastSuccessAt: moment.optional(),
  lastFailureAt: moment.optional(),
  lastFailure: z.string().optional().describe('Its kind and its status'),
  quotas: z
    .array(
      z.object({
        quota: z.string(),
        limit: count,
        used: count.describe('By the account that has used most'),
        about: z.string(),
      }),
    )
    .readonly(),
  closedUntil: moment.optional().describe('Until when the provider has said that a quota is spent'),
  connections: z.object({
    connected: count,
    needReauthorization: count,
    nextTokenExpiry: moment.optional().describe('Access tokens are renewed by themselves'),
  }),
  webhooks: z.object({
    waiting: count,
    oldestWaitingSince: moment.optional(),
    parked: count.describe('They belong to nothing we know'),
  }),
  subscriptions: z.object({ active: count, expired: count, nextExpiry: moment.optional() }),
});

const integration = z
  .object({
    provider: z.enum(vendorNames),
    status: componentStatus,
    checkedAt: z.string().describe('An instant; the answer is kept for a short while'),
    fault: z.string().optional().describe('What is wrong, by its kind'),
    summary: z.string().describe('How it does, in words'),
    whatToDo: z.string(),
    facts: facts.optional().describe('Numbers and times; absent while the database cannot be asked'),
  })
  .meta({ id: 'Integration' });

const componentStatusOf = async (check: () => Promise<void>): Promise<z.infer<typeof componentStatus>> => {
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
        response: { 200: jsonResponse('It does', alive) },
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
        response: { 200: jsonResponse('It can', readiness), 503: jsonResponse('It cannot', readiness) },
      },
    },
    async (_request, reply) => {
      const [database, temporal] = await Promise.all([
        componentStatusOf(checks.database),
        componentStatusOf(checks.temporal),
      ]);
      const answers = database === 'up' && temporal === 'up';
      const status = isDraining() ? 'draining' : answers ? 'ready' : 'not_ready';
      return reply.code(status === 'ready' ? 200 : 503).send({ status, database, temporal });
    },
  );
};

const integrationHealth = (
  api: Api,
  { integrations, quotas = [], repositories, now }: ApiDependencies,
): void => {
  const healthOf = createIntegrationHealthReader({
    checks: integrations,
    facts: (provider, at) => repositories.providerHealth.facts(provider, at),
    quotas,
    now,
  });
  api.get(
    '/health/integrations',
    {
      schema: {
        operationId: 'integrations',
        tags: ['Health'],
        summary: 'How every integration does',
        security: [],
        response: { 200: jsonResponse('All of them', z.object({ integrations: z.array(integration) })) },
      },
    },
    async () => ({ integrations: await Promise.all(vendorNames.map(healthOf)) }),
  );
  api.get(
    '/health/integrations/:provider',
    {
      schema: {
        operationId: 'integration',
        tags: ['Health'],
        summary: 'How one integration does: its provider, its accounts, its webhooks, and what to do',
        security: [],
        params: z.object({ provider: z.enum(vendorNames) }),
        response: {
          ...problemResponses('invalid_body'),
          200: jsonResponse('It is up', integration),
          503: jsonResponse('It is down, or its calls are held back', integration),
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
