/** The API's client for recording workflows: resolves their attention items. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type RecordingResolution, resolveRecordingSignal } from '../../workflows/recording/messages.ts';

export interface RecordingWorkflows {
  /** Sends the decision of an operator. Resolves to `not_running` when the workflow has ended. */
  resolve(workflowId: string, resolution: RecordingResolution): Promise<'signaled' | 'not_running'>;
}

const signalTimeoutMs = 8_000;

/** Creates the client. */
export const createRecordingWorkflows = ({
  temporal,
}: {
  readonly temporal: Client;
}): RecordingWorkflows => ({
  async resolve(workflowId, resolution) {
    try {
      await temporal.withDeadline(Date.now() + signalTimeoutMs, () =>
        temporal.workflow.getHandle(workflowId).signal(resolveRecordingSignal, resolution),
      );
      return 'signaled';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'not_running';
      throw error;
    }
  },
});
