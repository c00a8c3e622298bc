/** /healthz and /readyz for load balancers; /health/integrations for operators. */
import { z } from 'zod';
import { vendorNames } from '../../domain/providers/vendors.ts';
import type { Api } from '../api.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { createIntegrationHealthReader } from '../health/integration-health.ts';
import { jsonResponse, problemResponses } from '../schemas/responses.ts';

const alive = z
  .object({ status: z.literal('ok').describe('The process is alive') })
  .meta({ id: 'Liveness', description: 'The process is alive' });

const componentStatus = z.enum(['up', 'down']);
const readiness = z
  .object({
    status: z
      .enum(['ready', 'not_ready', 'draining'])
      .describe('`draining`: the process shuts down, and new requests go to another one'),
    database: componentStatus.describe('Whether the database answers within two seconds'),
    temporal: componentStatus.describe('Whether Temporal answers within two seconds'),
  })
  .meta({ id: 'Readiness', description: 'Whether the process can serve requests' });

const moment = z.string().describe('An instant');
const count = z.number().int();

const facts = z.object({
  circuit: z
    .enum(['closed', 'open', 'half_open'])
    .describe('The worst state of all circuit breakers. open: calls of at least one group are held back'),
  heldBack: z
    .array(
      z.object({
        group: z.string().describe('The group of operations, such as `meetings`'),
        circuit: z.enum(['open', 'half_open']).describe('half_open: the next call probes the provider'),
        opensAgainAt: moment.describe('Time of the next probe call'),
      }),
    )
    .readonly()
    .describe('The groups of operations whose circuit breaker is not closed. The other groups work'),
  opensAgainAt: moment.optional().describe('Time of the next probe call, the latest of all groups'),
  accountsHeldBack: count.describe('Number of accounts whose calls are held back'),
  lastSuccessAt: moment.optional().describe('When a call last succeeded, in UTC'),
  lastFailureAt: moment.optional().describe('When a call last failed, in UTC'),
  lastFailure: z.string().optional().describe('Kind of the fault and HTTP status'),
  quotas: z
    .array(
      z.object({
        quota: z.string().describe('The name of the quota'),
        limit: count.describe('Calls that the provider allows in the period of the quota'),
        used: count.describe('Of the account that has used most'),
        about: z.string().describe('What the quota limits, in words'),
      }),
    )
    .readonly()
    .describe('The quotas of the provider'),
  closedUntil: moment
    .optional()
    .describe('End of the time for which the provider reports an exhausted quota'),
  connections: z
    .object({
      connected: count.describe('Accounts that are connected'),
      needReauthorization: count.describe('Accounts that their owners must reconnect'),
      nextTokenExpiry: moment
        .optional()
        .describe('When the next access token expires. It is refreshed automatically'),
    })
    .describe('The connected accounts'),
  webhooks: z
    .object({
      waiting: count.describe('Received and not processed yet'),
      oldestWaitingSince: moment.optional().describe('Since when the oldest of them waits'),
      parked: count.describe('Webhooks that match no audition and no account'),
    })
    .describe('The webhooks of the provider'),
  attention: z
    .object({
      open: count.describe('Attention items whose step has failed at the provider, in all organizations'),
    })
    .describe('The attention items of the provider'),
  subscriptions: z
    .object({
      active: count.describe('Subscriptions that send notifications'),
      expired: count.describe('Subscriptions that have expired and are renewed'),
      nextExpiry: moment.optional().describe('When the next one expires. It is renewed automatically'),
    })
    .describe('The subscriptions to changes in calendars'),
});

const integration = z
  .object({
    provider: z.enum(vendorNames).describe('The provider'),
    status: componentStatus.describe(
      'down: it does not answer, or calls of at least one group are held back',
    ),
    checkedAt: z.string().describe('An instant; results are cached for a short time'),
    fault: z.string().optional().describe('Kind of the fault'),
    summary: z.string().describe('Health in words'),
    whatToDo: z.string().describe('What an operator can do'),
    facts: facts.optional().describe('Numbers and times; absent while the database does not respond'),
  })
  .meta({ id: 'Integration', description: 'The health of a provider' });

const integrationsSchema = z
  .object({ integrations: z.array(integration).describe('One for each provider') })
  .meta({ id: 'Integrations', description: 'The health of all providers' });

const componentStatusOf = async (check: () => Promise<void>): Promise<z.infer<typeof componentStatus>> => {
  try {
    await check();
    return 'up';
  } catch {
    return 'down';
  }
};

/** Registers /healthz and /readyz. */
export const probeRoutes = (api: Api, { checks, isDraining }: ApiDependencies): void => {
  api.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        tags: ['Health'],
        summary: 'Liveness of the process',
        security: [],
        response: { 200: jsonResponse('The process is alive', alive) },
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
        summary: 'Readiness of the process: database and Temporal respond, and it is not shutting down',
        security: [],
        response: {
          200: jsonResponse('The process is ready', readiness),
          503: jsonResponse('The process is not ready', readiness),
        },
      },
    },
    async (_request, reply) => {
      const [database, temporal] = await Promise.all([
        componentStatusOf(checks.database),
        componentStatusOf(checks.temporal),
      ]);
      const isUp = database === 'up' && temporal === 'up';
      const status = isDraining() ? 'draining' : isUp ? 'ready' : 'not_ready';
      return reply.code(status === 'ready' ? 200 : 503).send({ status, database, temporal });
    },
  );
};

/** Registers /health/integrations. */
export const integrationHealthRoutes = (
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
        summary: 'Health of all integrations',
        security: [],
        response: { 200: jsonResponse('All integrations', integrationsSchema) },
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
        summary: 'Health of one integration: its provider, accounts and webhooks, and what to do',
        security: [],
        params: z.object({ provider: z.enum(vendorNames).describe('The provider') }),
        response: {
          ...problemResponses(),
          200: jsonResponse('The integration is up', integration),
          503: jsonResponse('The integration is down, or its calls are held back', integration),
        },
      },
    },
    async (request, reply) => {
      const health = await healthOf(request.params.provider);
      return reply.code(health.status === 'up' ? 200 : 503).send(health);
    },
  );
};
