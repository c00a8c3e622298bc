/** Starts the inbox relay of a worker process: it delivers stored webhooks to running workflows. */
import { workflowTaskQueue } from '../../activities/contract.ts';
import { inboxChannel } from '../../db/inbox/batch-insert.ts';
import type { Repositories } from '../../db/index.ts';
import { createReplyAddresses } from '../../foundation/links/reply-address.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import type { Loop } from '../loop.ts';
import type { ServiceMetrics } from '../metrics.ts';
import { createAuditionRuns } from '../reconciliation/audition-runs.ts';
import { startRelay } from '../relay.ts';
import type { RunningWorkers } from '../worker.ts';
import { deliver } from './deliver.ts';
import { createInboxRound } from './inbox-round.ts';
import { deliverPresenceTogether } from './presence.ts';
import { createWorkflowSignals } from './workflow-signals.ts';

/** Starts the relay. `client` must stay usable until the relay has stopped. */
export const startInboxRelay = (
  {
    databaseUrl,
    masterKeys,
    smtp,
    taskQueueSuffix,
  }: Pick<Configuration, 'databaseUrl' | 'masterKeys' | 'smtp' | 'taskQueueSuffix'>,
  repositories: Repositories,
  { client }: Pick<RunningWorkers, 'client'>,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: ServiceMetrics },
): Loop => {
  const workflowSignals = createWorkflowSignals(client, `${workflowTaskQueue}${taskQueueSuffix}`);
  const runs = createAuditionRuns(logger, () => client);
  const replyAddresses = smtp.replies && createReplyAddresses(masterKeys, smtp.replies.address);
  return startRelay({
    name: 'inbox',
    notifications: { databaseUrl, channel: inboxChannel },
    round: createInboxRound({
      inbox: repositories.inbox,
      deliver: (event, webhook) =>
        deliver({ repositories, replyAddresses, workflowSignals, metrics }, event, webhook),
      deliverPresence: (received) =>
        deliverPresenceTogether({ repositories, workflowSignals, runs }, received),
      correlationIdsOf: (auditions) => repositories.inboxRouting.correlationIdsOf(auditions),
      logger,
    }),
    logger,
  });
};
