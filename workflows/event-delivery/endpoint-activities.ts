/** Options of the delivery activities, and the handling of rejected messages: the endpoint is disabled. */
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

/** An endpoint is disabled when it does not accept a message for this time. */
const deliveryTimeout = '3 days';

const common = {
  /** Covers two events with the slowest allowed responses, and the database queries. */
  startToCloseTimeout: '60 seconds',
  heartbeatTimeout: '20 seconds',
} as const;

/**
 * Returns the delivery activities with retries for 3 days. Failures of the receiver set their own retry delay
 * (`activities/platform-events/endpoint-failure.ts`); the retry policy here applies to internal failures. The fairness
 * key shares the queue among endpoints, if the server has fairness enabled.
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

/** Returns the delivery activities without retries, for callers that wait for the result. */
export const singleAttemptActivities = (endpoint: EndpointId, summary: string) =>
  proxyActivities<PlatformActivities>({
    ...common,
    taskQueue: taskQueue(platformTaskQueue),
    scheduleToCloseTimeout: '20 seconds',
    retry: { maximumAttempts: 1 },
    priority: { fairnessKey: endpoint },
    summary,
  });

/** The receiver's last response to a message that it did not accept. */
export interface DeliveryRejection {
  readonly message: string;
  readonly answer: string;
}

/** Returns the receiver's last response when the receiver caused the failure, undefined for internal failures. */
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
  const fields = typeof detail === 'object' && detail !== null ? detail : {};
  return {
    message: 'message' in fields ? String(fields.message) : 'a message',
    answer: 'answer' in fields ? String(fields.answer) : 'unknown',
  };
};

/** Returns why an endpoint is disabled: it did not accept a message within the delivery timeout. */
export const describeRejection = ({ message, answer }: DeliveryRejection): string =>
  `${message} was not accepted for 3 days; last response: ${answer}.`;

/** Returns why an endpoint is disabled: it asked for no more events (HTTP 410). */
export const endpointGoneReason = ({ message, answer }: DeliveryRejection): string =>
  `The receiver answered ${answer} to ${message}: it wants no more events.`;

/**
 * Disables the endpoint, and sends `endpoint.disabled` to the organization's other endpoints. Does nothing when the
 * endpoint is already disabled.
 */
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
    // Another delivery to the disabled endpoint has already started this notice.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};
