/** Notifies the casting office of connections that fail, and of the end of each failure, through its webhook endpoints. */
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { workflowTaskQueue } from '../../activities/contract.ts';
import type { FailureReport } from '../../db/connections/connection-failures.ts';
import type { Repositories } from '../../db/index.ts';
import { minute } from '../../domain/time/units.ts';
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

const batchSize = 20;
const pollIntervalMs = minute;
const startTimeoutMs = 10_000;

interface RoundOptions {
  readonly repositories: Pick<Repositories, 'connectionFailures' | 'endpoints'>;
  /** Starts the delivery of a message. Idempotent by its id and its endpoint. @throws when Temporal does not answer */
  readonly deliver: (input: EndpointNoticeInput) => Promise<void>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** Returns a round. It resolves to whether there may be more reports. A report that fails is sent in a later round. */
export const createFailureReportRound =
  ({ repositories: { connectionFailures, endpoints }, deliver, logger }: RoundOptions) =>
  async (stopping: AbortSignal): Promise<boolean> => {
    await connectionFailures.update();
    const reports = await connectionFailures.listDue(batchSize);
    for (const report of reports) {
      if (stopping.aborted) return false;
      const { organization } = report;
      const message = messageOf(report);
      const all = await endpoints.list(organization);
      const enabled = all.filter(({ status }) => status === 'enabled');
      for (const { id: endpoint } of enabled) {
        await deliver({
          organization,
          endpoint,
          correlationId: message.id,
          message,
          evenIfDisabled: false,
          once: false,
        });
      }
      await connectionFailures.markReported(report);
      log(logger, report, enabled.length);
    }
    return reports.length === batchSize;
  };

const log = (
  logger: RoundOptions['logger'],
  { connection, organization, provider, state, failingSince, problems, ending }: FailureReport,
  endpoints: number,
): void => {
  const fields = { organization, connection, provider, failingSince, endpoints };
  if (state === 'beginning')
    logger.warn({ ...fields, problems: problems.map(({ kind }) => kind) }, 'connection failing');
  else logger.info({ ...fields, reason: ending }, 'connection failure ended');
};

const messageOf = ({
  connection,
  organization,
  provider,
  owner,
  episode,
  state,
  problems,
  failingSince,
  endedAt = failingSince,
  ending,
}: FailureReport): EndpointNoticeInput['message'] => {
  const data = {
    connection,
    organization,
    provider,
    ...(owner === undefined ? {} : { owner }),
    failingSince,
  };
  return {
    id: `msg_${connection}_failure_${episode}_${state}`,
    event:
      state === 'beginning'
        ? { type: 'connection.failing', timestamp: failingSince, data: { ...data, problems } }
        : {
            type: 'connection.failure_ended',
            timestamp: endedAt,
            data: { ...data, endedAt, reason: ending ?? 'recovered' },
          },
  };
};

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
export const startFailureReports = (
  { taskQueueSuffix }: Pick<Configuration, 'taskQueueSuffix'>,
  repositories: RoundOptions['repositories'],
  temporal: Client,
  logger: RoundOptions['logger'],
): Loop =>
  startRelay({
    name: 'connection failures',
    pollIntervalMs,
    round: createFailureReportRound({
      repositories,
      deliver: deliverWith(temporal, `${workflowTaskQueue}${taskQueueSuffix}`),
      logger,
    }),
    logger,
  });
