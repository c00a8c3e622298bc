/** Reads the workflows of auditions in Temporal. */
import { getClient } from '@temporalio/activity';
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { z } from 'zod';
import type { AuditionRun, AuditionRuns } from '../../activities/reconciliation/audition-runs.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { parseStoredPlan } from '../../domain/audition/stored-plan.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import { planQuery } from '../../workflows/audition/messages.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

/** Keeps the query below the limits of the server. */
const idsPerQuery = 100;
const callTimeoutMs = 10_000;

const endedStatuses: ReadonlySet<number> = new Set([
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED,
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED,
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED,
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED,
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT,
]);

const inputSchema = z.object({ plan: z.unknown() });

/**
 * Creates the view on the workflows. Calls the service directly where the client would decrypt the memo: a workflow
 * under a key that this process lacks must not fail the others.
 * @param clientOf returns the client. Default: that of the worker which runs the activity
 */
export const createAuditionRuns = (
  logger: Pick<Logger, 'warn'>,
  clientOf: () => Client = getClient,
): AuditionRuns => ({
  async listRunning(ids) {
    const client = clientOf();
    const running = new Set<AuditionId>();
    for (let from = 0; from < ids.length; from += idsPerQuery) {
      const page = ids.slice(from, from + idsPerQuery);
      const found = await listRunningWorkflows(client, page.map(auditionWorkflowId));
      for (const id of page) if (found.has(auditionWorkflowId(id))) running.add(id);
    }
    return running;
  },

  async describe(id) {
    const client = clientOf();
    const { namespace } = client.options;
    const execution = { workflowId: auditionWorkflowId(id) };
    return unlessNotFound<AuditionRun>({ kind: 'unknown' }, async () => {
      const { workflowExecutionInfo } = await withTimeout(client, () =>
        client.workflowService.describeWorkflowExecution({ namespace, execution }),
      );
      const { status, execution: run } = workflowExecutionInfo ?? {};
      if (!status || !endedStatuses.has(status)) return { kind: 'running' };
      const isCompleted = status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED;
      return { kind: 'ended', runId: run?.runId ?? '', isCompleted };
    });
  },

  presentPlan: async (id, runId) =>
    unlessNotFound<AuditionPlan | undefined>(undefined, () => queryPlan(clientOf(), id, runId)),

  async findPlan(id, runId) {
    const client = clientOf();
    const noteFailure = (message: string) => (err: unknown) => {
      logger.warn({ err, auditionId: id }, message);
      return undefined;
    };
    const present = await queryPlan(client, id, runId).catch(
      noteFailure('query of an ended audition failed'),
    );
    if (present) return present;
    const payloads = await readStartPayloads(client, id, runId);
    return decodePlan(client, payloads).catch(noteFailure('input of an ended audition not readable'));
  },
});

const listRunningWorkflows = async (
  client: Client,
  workflowIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { namespace } = client.options;
  const list = workflowIds.map((id) => `"${id}"`).join(', ');
  const { executions } = await withTimeout(client, () =>
    client.workflowService.listWorkflowExecutions({
      namespace,
      pageSize: workflowIds.length,
      query: `WorkflowId IN (${list}) AND ExecutionStatus = "Running"`,
    }),
  );
  return new Set(executions.map(({ execution }) => execution?.workflowId ?? ''));
};

/** Temporal answers queries of ended workflows as well: a worker replays the history. */
const queryPlan = async (client: Client, id: AuditionId, runId: string): Promise<AuditionPlan | undefined> =>
  parseStoredPlan(
    await withTimeout(client, () =>
      client.workflow.getHandle(auditionWorkflowId(id), runId).query<unknown>(planQuery.name),
    ),
  );

/** Returns the input from the first event of the history. Its plan lacks later changes of the cast. */
const readStartPayloads = (client: Client, id: AuditionId, runId: string): Promise<readonly Payload[]> =>
  unlessNotFound<readonly Payload[]>([], async () => {
    const { history } = await withTimeout(client, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId: auditionWorkflowId(id), runId },
        maximumPageSize: 1,
      }),
    );
    return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  });

const decodePlan = async (
  client: Client,
  payloads: readonly Payload[],
): Promise<AuditionPlan | undefined> => {
  const input: unknown = await decodeFromPayloadsAtIndex(client.options.loadedDataConverter, 0, [
    ...payloads,
  ]);
  return parseStoredPlan(inputSchema.safeParse(input).data?.plan);
};

const withTimeout = <Result>(client: Client, call: () => Promise<Result>): Promise<Result> =>
  client.withDeadline(Date.now() + callTimeoutMs, call);

/** https://grpc.io/docs/guides/status-codes/ */
const notFoundCodes: ReadonlySet<number> = new Set([5]);

const unlessNotFound = async <Result>(absent: Result, call: () => Promise<Result>): Promise<Result> => {
  try {
    return await call();
  } catch (error) {
    const isAbsent =
      error instanceof WorkflowNotFoundError || (isGrpcServiceError(error) && notFoundCodes.has(error.code));
    if (isAbsent) return absent;
    throw error;
  }
};
