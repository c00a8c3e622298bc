/** Looks for workflows that still use the data keys of an audition or a connection, and ends those that need not end well. */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

export interface PersonWorkflows {
  /** Returns whether a workflow with this id runs. Decrypts nothing. */
  isRunning(workflowId: string): Promise<boolean>;
  /** Terminates the workflow if it runs. Idempotent. */
  terminate(workflowId: string): Promise<void>;
}

const callTimeoutMs = 10_000;
/** https://grpc.io/docs/guides/status-codes/ */
const notFoundCodes: ReadonlySet<number> = new Set([5]);

/** Creates the client. It calls the service directly, because the SDK's client would decrypt the memo. */
export const createPersonWorkflows = (temporal: Client): PersonWorkflows => {
  const { namespace } = temporal.options;
  const unlessNotFound = async <Result>(absent: Result, call: () => Promise<Result>): Promise<Result> => {
    try {
      return await temporal.withDeadline(Date.now() + callTimeoutMs, call);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return absent;
      if (isGrpcServiceError(error) && notFoundCodes.has(error.code)) return absent;
      throw error;
    }
  };
  return {
    isRunning: (workflowId) =>
      unlessNotFound(false, async () => {
        const { workflowExecutionInfo } = await temporal.workflowService.describeWorkflowExecution({
          namespace,
          execution: { workflowId },
        });
        return workflowExecutionInfo?.status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
      }),
    terminate: (workflowId) =>
      unlessNotFound(undefined, async () => {
        await temporal.workflowService.terminateWorkflowExecution({
          namespace,
          workflowExecution: { workflowId },
          reason: 'a person was erased',
        });
      }),
  };
};
