/** /healthz and /readyz for load balancers; /health/integrations for operators. */
import { z } from 'zod';
import { connectionProblemKinds } from '../../domain/connections/connection-problem.ts';
import { vendorNames } from '../../domain/providers/vendors.ts';
import type { Api } from '../api.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { createIntegrationHealthReader, createServiceHealthReader } from '../health/integration-health.ts';
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
  problems: z
    .array(
      z.object({
        kind: z.enum(connectionProblemKinds).describe('What is wrong, as in `problems` of a connection'),
        connections: count.describe('Accounts with this problem'),
        since: moment.describe('Since when the one that has had it longest has it'),
      }),
    )
    .readonly()
    .describe('The problems of connected accounts, such as a calendar that cannot be read'),
  revocations: z
    .object({
      pending: count.describe('Grants of disconnected accounts that are not revoked at the provider yet'),
      oldestSince: moment.optional().describe('Since when the oldest of them waits'),
    })
    .describe('The grants that are being revoked'),
  refusedSenders: count.describe('Organizations whose messages the provider does not accept from us'),
  refusedSubscriptions: count.describe('Calendars whose subscription the provider refuses. They are polled'),
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

const messageCounts = z.object({
  email: count.describe('Budgets of emails'),
  sms: count.describe('Budgets of texts'),
});
const seconds = z.number();

const service = z
  .object({
    summary: z.string().describe('What waits, in words'),
    whatToDo: z.string().describe('What an operator can do'),
    facts: z
      .object({
        attention: z
          .object({
            open: count.describe('Open attention items of all organizations'),
            oldestSeconds: seconds.describe('The age of the oldest, in seconds'),
          })
          .describe('The attention items'),
        outbox: z
          .object({
            waiting: count.describe('Auditions with events whose delivery is not started'),
            lagSeconds: seconds.describe('The age of the oldest, in seconds'),
          })
          .describe('The events for webhook endpoints'),
        budgets: z
          .object({
            nearlySpent: messageCounts.describe('Budgets of today that are nearly spent, or spent'),
            spent: messageCounts.describe('Budgets of today that are spent'),
          })
          .describe('The budgets of messages'),
        endpoints: z
          .object({
            enabled: count.describe('Enabled endpoints'),
            disabled: count.describe('Disabled endpoints'),
            disabledByFailures: count.describe('Endpoints that were disabled because deliveries failed'),
            failing: count.describe('Enabled endpoints whose last delivery failed'),
            failingSeconds: seconds.describe(
              'For how long the one that fails longest has failed, in seconds',
            ),
          })
          .describe('The webhook endpoints of the platform'),
      })
      .optional()
      .describe('Numbers; absent while the database does not respond'),
  })
  .meta({ id: 'ServiceHealth', description: 'What waits in the service and belongs to no provider' });

const integrationsSchema = z
  .object({
    integrations: z.array(integration).describe('One for each provider'),
    service: service.describe('What waits and belongs to no provider'),
  })
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
  const readServiceHealth = createServiceHealthReader(() => repositories.backlog.read());
  api.get(
    '/health/integrations',
    {
      schema: {
        operationId: 'integrations',
        tags: ['Health'],
        summary: 'Health of all integrations, and what waits for a person',
        security: [],
        response: { 200: jsonResponse('All integrations', integrationsSchema) },
      },
    },
    async () => {
      const [integrations, waiting] = await Promise.all([
        Promise.all(vendorNames.map(healthOf)),
        readServiceHealth(),
      ]);
      return { integrations, service: waiting };
    },
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
