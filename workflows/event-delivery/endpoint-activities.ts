/** The activities that send, and what follows when a receiver will not take a message. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import {
  type EndpointTarget,
  type PlatformActivities,
  platformTaskQueue,
} from '../../activities/contract.ts';
import type { EndpointId } from '../../domain/ids.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { endpointRecords } from '../internal-activities.ts';
import { taskQueue } from '../task-queues.ts';
import {
  type EndpointNoticeInput,
  endpointNoticeWorkflowId,
  endpointNoticeWorkflowType,
} from './messages.ts';

/** A message that is not taken for so long is not taken at all: its endpoint is disabled. */
const deliveryTimeout = '3 days';

const common = {
  /** Two events at most that wait for their answer to the last, and what the database needs. */
  startToCloseTimeout: '60 seconds',
  heartbeatTimeout: '20 seconds',
} as const;

/**
 * With each failure comes its own delay (`activities/platform-events/endpoint-failure.ts`); what is said here is for failures of
 * ours. Where the server is set to it, endpoints share the queue fairly.
 */
export const retriedActivities = (endpoint: EndpointId, summary: string) =>
  proxyActivities<PlatformActivities>({
    ...common,
    taskQueue: taskQueue(platformTaskQueue),
    scheduleToCloseTimeout: deliveryTimeout,
    retry: { initialInterval: '5 seconds', maximumInterval: '1 hour' },
    priority: { fairnessKey: endpoint },
    summary,
  });

export const singleAttemptActivities = (endpoint: EndpointId, summary: string) =>
  proxyActivities<PlatformActivities>({
    ...common,
    taskQueue: taskQueue(platformTaskQueue),
    scheduleToCloseTimeout: '20 seconds',
    retry: { maximumAttempts: 1 },
    priority: { fairnessKey: endpoint },
    summary,
  });

export interface DeliveryRejection {
  readonly message: string;
  readonly answer: string;
}

/** The receiver's last word, where it is the receiver who is at fault; undefined for every failure of ours. */
export const rejectionIn = (error: unknown): DeliveryRejection | undefined => {
  if (!(error instanceof ActivityFailure)) return undefined;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && cause.type === 'endpoint_failed') {
      return toDeliveryRejection(cause.details?.[0]);
    }
  }
  return undefined;
};

const toDeliveryRejection = (detail: unknown): DeliveryRejection => {
  const said = typeof detail === 'object' && detail !== null ? detail : {};
  return {
    message: 'message' in said ? String(said.message) : 'a message',
    answer: 'answer' in said ? String(said.answer) : 'unknown',
  };
};

export const deliveryFailedReason = ({ message, answer }: DeliveryRejection): string =>
  `${message} was not taken for 3 days; the last answer: ${answer}.`;

export const endpointGoneReason = ({ message, answer }: DeliveryRejection): string =>
  `The receiver answered ${answer} to ${message}: it wants nothing more.`;

/** Disables the endpoint, and tells the organization's others, if it has any. */
export const disableAndNotify = async (to: EndpointTarget, reason: string): Promise<void> => {
  const { organization, endpoint, correlationId } = to;
  const { disableEndpoint } = endpointRecords('Disable the endpoint');
  const disabled = await disableEndpoint({ organization, endpoint, correlationId, reason });
  if (!disabled) return;
  const message = {
    id: `msg_${endpoint}_disabled_${toEpochMs(disabled.at)}`,
    event: {
      type: 'endpoint.disabled',
      timestamp: disabled.at,
      data: { endpoint, organization, reason },
    },
  } as const;
  for (const other of disabled.others) {
    await startEndpointNotice({
      organization,
      endpoint: other,
      correlationId,
      message,
      evenIfDisabled: false,
      once: false,
    });
  }
};

const startEndpointNotice = async (input: EndpointNoticeInput): Promise<void> => {
  try {
    await startChild(endpointNoticeWorkflowType, {
      args: [input],
      workflowId: endpointNoticeWorkflowId(input.endpoint, input.message.id),
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    // Another delivery was given up for the same reason, and has told them.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};
