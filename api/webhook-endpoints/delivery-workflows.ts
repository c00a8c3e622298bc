/** What the API has done about endpoints in Temporal: replays, and messages that somebody waits for. */
import {
  type Client,
  isGrpcDeadlineError,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { OrganizationId } from '../../domain/ids.ts';
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
  /** Starts it, unless this very range is being replayed already. Answers with the id of its workflow. */
  startReplay(input: EventReplayInput): Promise<string>;
  /** Sends one message once. Undefined when nobody knows yet what became of it. */
  deliverNotice(input: EndpointNoticeInput): Promise<EndpointNoticeResult | undefined>;
}

const startTimeoutMs = 8_000;
/** The receiver's 15 s, and what lies before and behind. */
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
          staticSummary: `Tell ${endpoint} of ${message.event.type}`,
          ...workflowMetadata(input),
        },
      ),
    );
    try {
      return await temporal.withDeadline(Date.now() + resultTimeoutMs, () => handle.result());
    } catch (error) {
      if (isGrpcDeadlineError(error) || error instanceof WorkflowFailedError) return undefined;
      throw error;
    }
  },
});
