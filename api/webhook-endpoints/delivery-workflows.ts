/** The API's client for event delivery workflows: starts replays, and sends single events and waits for the result. */
import {
  type Client,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { OrganizationId } from '../../domain/ids.ts';
import { isDeadlineOver } from '../../foundation/temporal/call-deadline.ts';
import {
  type EndpointNoticeInput,
  type EndpointNoticeResult,
  type EventReplayInput,
  endpointNoticeWorkflowId,
  endpointNoticeWorkflowType,
  eventReplayWorkflowId,
  eventReplayWorkflowType,
} from '../../workflows/event-delivery/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

export interface DeliveryWorkflows {
  /** Starts a replay and returns its workflow ID. Idempotent while the same range is being replayed. */
  startReplay(input: EventReplayInput): Promise<string>;
  /** Sends one message once. Returns undefined when the result is not known before the timeout. */
  deliverNotice(input: EndpointNoticeInput): Promise<EndpointNoticeResult | undefined>;
}

const startTimeoutMs = 8_000;
/** The receiver's timeout of 15 s, plus the time that the workflow needs before and after it. */
const resultTimeoutMs = 25_000;

const workflowMetadata = ({
  organization,
  correlationId,
}: {
  organization: OrganizationId;
  correlationId: string;
}) => ({
  typedSearchAttributes: new TypedSearchAttributes([
    { key: searchAttributes.organization, value: organization },
  ]),
  memo: { organization, correlationId },
});

/** Creates the client. `taskQueue` is the queue of the delivery workflows. */
export const createDeliveryWorkflows = ({
  temporal,
  taskQueue,
}: {
  readonly temporal: Client;
  readonly taskQueue: string;
}): DeliveryWorkflows => ({
  startReplay: async (input) => {
    const { endpoint, from, until } = input;
    const workflowId = eventReplayWorkflowId(endpoint, from, until);
    await temporal.withDeadline(Date.now() + startTimeoutMs, () =>
      temporal.workflow.start(eventReplayWorkflowType, {
        args: [input],
        workflowId,
        taskQueue,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        staticSummary: `Replay to ${endpoint}`,
        ...workflowMetadata(input),
      }),
    );
    return workflowId;
  },

  deliverNotice: async (input) => {
    const { endpoint, message } = input;
    const handle = await temporal.withDeadline(Date.now() + startTimeoutMs, () =>
      temporal.workflow.start<(input: EndpointNoticeInput) => Promise<EndpointNoticeResult>>(
        endpointNoticeWorkflowType,
        {
          args: [input],
          workflowId: endpointNoticeWorkflowId(endpoint, message.id),
          taskQueue,
          staticSummary: `Deliver ${message.event.type} to ${endpoint}`,
          ...workflowMetadata(input),
        },
      ),
    );
    try {
      return await temporal.withDeadline(Date.now() + resultTimeoutMs, () => handle.result());
    } catch (error) {
      if (isDeadlineOver(error) || error instanceof WorkflowFailedError) return undefined;
      throw error;
    }
  },
});
