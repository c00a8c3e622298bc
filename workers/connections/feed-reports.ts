/** Notifies the casting office of calendar feeds that have been failing for a day, through its webhook endpoints. */
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { workflowTaskQueue } from '../../activities/contract.ts';
import type { FailingFeed } from '../../db/connections/failing-feeds.ts';
import type { Repositories } from '../../db/index.ts';
import { day, minute } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import {
  type EndpointNoticeInput,
  endpointNoticeWorkflowId,
  endpointNoticeWorkflowType,
} from '../../workflows/event-delivery/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';

const failingForMs = day;
const batchSize = 20;
const pollIntervalMs = minute;
const startTimeoutMs = 10_000;

interface RoundOptions {
  readonly repositories: Pick<Repositories, 'failingFeeds' | 'endpoints'>;
  /** Starts the delivery of a message. Idempotent by its id and its endpoint. @throws when Temporal does not answer */
  readonly deliver: (input: EndpointNoticeInput) => Promise<void>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Returns a round. It resolves to whether there may be more feeds. A feed whose report fails is reported in a later round. */
export const createFeedReportRound =
  ({ repositories: { failingFeeds, endpoints }, deliver, logger }: RoundOptions) =>
  async (stopping: AbortSignal): Promise<boolean> => {
    const feeds = await failingFeeds.listUnreported(failingForMs, batchSize);
    for (const feed of feeds) {
      if (stopping.aborted) return false;
      const { organization, id: connection, failingSince } = feed;
      const all = await endpoints.list(organization);
      const enabled = all.filter(({ status }) => status === 'enabled');
      for (const { id: endpoint } of enabled) {
        await deliver({
          organization,
          endpoint,
          correlationId: messageOf(feed).id,
          message: messageOf(feed),
          evenIfDisabled: false,
          once: false,
        });
      }
      await failingFeeds.markReported(feed);
      logger.warn(
        { organization, connection, failingSince, endpoints: enabled.length },
        'calendar feed failing for a day',
      );
    }
    return feeds.length === batchSize;
  };

const messageOf = ({
  id: connection,
  organization,
  owner,
  version,
  failingSince,
}: FailingFeed): EndpointNoticeInput['message'] => ({
  id: `msg_${connection}_failing_${version}`,
  event: {
    type: 'connection.failing',
    timestamp: failingSince,
    data: { connection, organization, provider: 'ics', ...(owner === null ? {} : { owner }), failingSince },
  },
});

const deliverWith =
  (temporal: Client, taskQueue: string): RoundOptions['deliver'] =>
  async (input) => {
    const { endpoint, message, organization, correlationId } = input;
    try {
      await temporal.withDeadline(Date.now() + startTimeoutMs, () =>
        temporal.workflow.start(endpointNoticeWorkflowType, {
          args: [input],
          workflowId: endpointNoticeWorkflowId(endpoint, message.id),
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          taskQueue,
          staticSummary: `Deliver ${message.event.type} to ${endpoint}`,
          typedSearchAttributes: new TypedSearchAttributes([
            { key: searchAttributes.organization, value: organization },
          ]),
          memo: { organization, correlationId },
        }),
      );
    } catch (error) {
      // An earlier round was interrupted before it recorded the report.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };

/** Starts the relay. `temporal` must stay usable until the relay has stopped. */
export const startFeedReports = (
  { taskQueueSuffix }: Pick<Configuration, 'taskQueueSuffix'>,
  repositories: RoundOptions['repositories'],
  temporal: Client,
  logger: Pick<Logger, 'warn'>,
): Loop =>
  startRelay({
    name: 'failing feeds',
    pollIntervalMs,
    round: createFeedReportRound({
      repositories,
      deliver: deliverWith(temporal, `${workflowTaskQueue}${taskQueueSuffix}`),
      logger,
    }),
    logger,
  });
