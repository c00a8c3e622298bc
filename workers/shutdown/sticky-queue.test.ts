import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { createStickyQueue } from './sticky-queue.ts';

type ReverseHistoryRequest = proto.temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryReverseRequest;
type ShutdownRequest = proto.temporal.api.workflowservice.v1.IShutdownWorkerRequest;
const { HistoryEvent } = proto.temporal.api.history.v1;
const { TASK_QUEUE_KIND_NORMAL, TASK_QUEUE_KIND_STICKY } = proto.temporal.api.enums.v1.TaskQueueKind;
const { GetWorkflowExecutionHistoryReverseResponse, ShutdownWorkerResponse } =
  proto.temporal.api.workflowservice.v1;

/** Returns the events of a workflow task that the worker `identity` has started, newest first. */
const workflowTask = (
  scheduledEventId: number,
  taskQueue: { readonly kind: number; readonly name: string },
  identity: string,
) => [
  HistoryEvent.fromObject({
    eventId: scheduledEventId + 1,
    workflowTaskStartedEventAttributes: { scheduledEventId, identity },
  }),
  HistoryEvent.fromObject({
    eventId: scheduledEventId,
    workflowTaskScheduledEventAttributes: { taskQueue },
  }),
];

const normalQueue = { kind: TASK_QUEUE_KIND_NORMAL, name: 'castmatch' };
const stickyQueueOf = (worker: string) => ({ kind: TASK_QUEUE_KIND_STICKY, name: `sticky-${worker}` });

const setup = (histories: Readonly<Record<string, ReturnType<typeof workflowTask>>>) => {
  const read: string[] = [];
  const shutdowns: ShutdownRequest[] = [];
  const stickyQueue = createStickyQueue({
    namespace: 'default',
    identity: 'worker-1',
    workflowService: {
      getWorkflowExecutionHistoryReverse: async ({ execution }: ReverseHistoryRequest) => {
        const runId = execution?.runId ?? '';
        read.push(runId);
        return GetWorkflowExecutionHistoryReverseResponse.create({
          history: { events: histories[runId] ?? [] },
        });
      },
      shutdownWorker: async (request: ShutdownRequest) => {
        shutdowns.push(request);
        return ShutdownWorkerResponse.create();
      },
    },
  });
  return { stickyQueue, read, shutdowns };
};

describe('sticky queue', () => {
  it('is the queue from which this worker has taken a workflow task', async () => {
    const { stickyQueue } = setup({
      'run-1': [
        ...workflowTask(9, stickyQueueOf('worker-2'), 'worker-2'),
        ...workflowTask(5, stickyQueueOf('worker-1'), 'worker-1'),
        ...workflowTask(2, normalQueue, 'worker-1'),
      ],
    });
    stickyQueue.remember({ workflowId: 'audition/1', runId: 'run-1' });
    expect(await stickyQueue.findName()).toBe('sticky-worker-1');
  });

  it('is unknown while this worker has taken tasks from the normal queue only', async () => {
    const { stickyQueue } = setup({ 'run-1': workflowTask(2, normalQueue, 'worker-1') });
    stickyQueue.remember({ workflowId: 'audition/1', runId: 'run-1' });
    expect(await stickyQueue.findName()).toBeUndefined();
  });

  it('is searched in the last ten workflows, the newest first', async () => {
    const { stickyQueue, read } = setup({ 'run-5': workflowTask(5, stickyQueueOf('worker-1'), 'worker-1') });
    for (let n = 1; n <= 12; n += 1) stickyQueue.remember({ workflowId: `audition/${n}`, runId: `run-${n}` });
    stickyQueue.remember({ workflowId: 'audition/6', runId: 'run-6' });
    expect(await stickyQueue.findName()).toBe('sticky-worker-1');
    expect(read).toEqual(['run-6', 'run-12', 'run-11', 'run-10', 'run-9', 'run-8', 'run-7', 'run-5']);
  });

  it('is unloaded through the call that announces the shutdown of a worker', async () => {
    const { stickyQueue, shutdowns } = setup({});
    await stickyQueue.unload('sticky-worker-1');
    expect(shutdowns).toMatchObject([{ namespace: 'default', stickyTaskQueue: 'sticky-worker-1' }]);
  });
});
