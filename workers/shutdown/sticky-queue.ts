/**
 * The sticky queue of this process: the server puts the workflow tasks of the workflows that the process has cached on
 * it. When the process stops polling it, the server still uses it for 10 s, and each task on it waits for a timeout
 * (`stickyPollerUnavailableWindow` in temporalio/temporal, service/matching). `ShutdownWorker` ends that immediately.
 *
 * The SDK chooses a random name, does not tell it, and calls `ShutdownWorker` only after it has dropped its open polls.
 * So the name is read from the history of a workflow whose tasks this process has taken from the queue.
 */
import proto from '@temporalio/proto';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
type WorkflowService = proto.temporal.api.workflowservice.v1.WorkflowService;
const { TASK_QUEUE_KIND_STICKY } = proto.temporal.api.enums.v1.TaskQueueKind;

export interface StickyQueue {
  /** Remembers a workflow whose tasks this process may have taken from the queue. */
  remember(workflow: Workflow): void;
  /** Returns the name of the queue; undefined when none of the remembered workflows has used it. */
  findName(): Promise<string | undefined>;
  /** Ends the open polls of the queue. The server then puts the tasks on the normal queue, until the next poll. */
  unload(name: string): Promise<void>;
}

interface Workflow {
  readonly workflowId: string;
  readonly runId: string;
}

interface Dependencies {
  readonly workflowService: {
    getWorkflowExecutionHistoryReverse(
      request: proto.temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryReverseRequest,
    ): ReturnType<WorkflowService['getWorkflowExecutionHistoryReverse']>;
    shutdownWorker(
      request: proto.temporal.api.workflowservice.v1.IShutdownWorkerRequest,
    ): ReturnType<WorkflowService['shutdownWorker']>;
  };
  readonly namespace: string;
  /** The identity of the worker, which is in the events of the tasks that it started. */
  readonly identity: string;
}

const maxRemembered = 10;
/** The events of the last workflow tasks of an audition. */
const maxEvents = 50;

/** Creates the access to the sticky queue of the process. */
export const createStickyQueue = ({ workflowService, namespace, identity }: Dependencies): StickyQueue => {
  /** By run id, the newest last. */
  const workflows = new Map<string, Workflow>();

  return {
    remember(workflow) {
      workflows.delete(workflow.runId);
      workflows.set(workflow.runId, workflow);
      const [oldest] = workflows.keys();
      if (workflows.size > maxRemembered && oldest !== undefined) workflows.delete(oldest);
    },
    async findName() {
      for (const execution of [...workflows.values()].toReversed()) {
        const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
          namespace,
          execution,
          maximumPageSize: maxEvents,
        });
        const name = stickyQueueIn(history?.events ?? [], identity);
        if (name !== undefined) return name;
      }
      return undefined;
    },
    async unload(name) {
      await workflowService.shutdownWorker({
        namespace,
        identity,
        stickyTaskQueue: name,
        reason: 'the worker is shutting down',
      });
    },
  };
};

/**
 * Returns the activity interceptor that remembers the workflows of the activities. An activity on the queue of the
 * workflows usually runs in the process that ran the workflow task before it (eager execution).
 */
export const rememberWorkflows =
  (stickyQueue: Pick<StickyQueue, 'remember'>): ActivityInterceptorsFactory =>
  ({ info: { workflowExecution } }) => {
    if (workflowExecution) stickyQueue.remember(workflowExecution);
    return {};
  };

/** Returns the sticky queue from which this worker has taken a workflow task. */
const stickyQueueIn = (events: readonly HistoryEvent[], identity: string): string | undefined => {
  const started = new Set(
    events.flatMap(({ workflowTaskStartedEventAttributes: task }) =>
      task?.identity === identity ? [String(task.scheduledEventId)] : [],
    ),
  );
  const scheduled = events.find(
    ({ eventId, workflowTaskScheduledEventAttributes: task }) =>
      task?.taskQueue?.kind === TASK_QUEUE_KIND_STICKY && started.has(String(eventId)),
  );
  return scheduled?.workflowTaskScheduledEventAttributes?.taskQueue?.name ?? undefined;
};
