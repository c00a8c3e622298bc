/** Creates the event delivery of a worker process: its activities, and the outbox relay that starts its workflows. */
import { workflowTaskQueue } from '../../activities/contract.ts';
import { createEndpointActivities } from '../../activities/index.ts';
import { outboxChannel } from '../../db/endpoints/outbox.ts';
import type { Repositories } from '../../db/index.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import { createOutboundDispatcher } from '../../providers/outbound/dispatcher.ts';
import { createPlatformClient } from '../../providers/platform/client.ts';
import type { Loop } from '../loop.ts';
import type { ServiceMetrics } from '../metrics.ts';
import { startRelay } from '../relay.ts';
import type { RunningWorkers } from '../worker.ts';
import { createOutboxRound } from './outbox-round.ts';

/** The connections of one process to one server. Further requests wait, within their deadline. */
const connectionsPerServer = 50;
const connectTimeoutMs = 10_000;

/** Opens the event delivery. `close` closes its HTTP connections and must be called after the workers have stopped. */
export const openOutbox = (
  configuration: Pick<Configuration, 'allowedPrivateNetworks' | 'databaseUrl' | 'taskQueueSuffix'>,
  { endpoints, endpointProgress, outbox }: Pick<Repositories, 'endpoints' | 'endpointProgress' | 'outbox'>,
  metrics: Pick<ServiceMetrics, 'endpointTried'>,
) => {
  const dispatcher = createOutboundDispatcher({
    allowedPrivateNetworks: configuration.allowedPrivateNetworks,
    agent: { connections: connectionsPerServer },
    connect: { timeout: connectTimeoutMs },
  });
  return {
    activities: createEndpointActivities({
      endpoints,
      progress: endpointProgress,
      client: createPlatformClient(dispatcher),
      reportAttempt: ({ outcome, at }) => {
        const lagSeconds = outcome === 'accepted' ? (Date.now() - Date.parse(at)) / 1_000 : undefined;
        metrics.endpointTried({ outcome, lagSeconds });
      },
    }),
    startRelay: ({ client }: Pick<RunningWorkers, 'client'>, logger: Logger): Loop =>
      startRelay({
        name: 'outbox',
        notifications: { databaseUrl: configuration.databaseUrl, channel: outboxChannel },
        round: createOutboxRound({
          outbox,
          temporal: client,
          taskQueue: `${workflowTaskQueue}${configuration.taskQueueSuffix}`,
        }),
        logger,
      }),
    close: () => dispatcher.close(),
  };
};
