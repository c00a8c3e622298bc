/** The last workflow of an audition in Temporal, as operators see it. */
import { type Client, isGrpcServiceError } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { AuditionId } from '../../../domain/ids.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import type { Instant } from '../../../domain/time/instant.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { reconciliationWorkflowType } from '../../../workflows/reconciliation/messages.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

export interface AuditionWorkflow {
  /** Temporal's name of the status, in lower case; `unknown` when Temporal does not have the workflow. */
  readonly status: string;
  readonly isRunning: boolean;
  readonly runId?: string | undefined;
  readonly startedAt?: Instant | undefined;
  readonly endedAt?: Instant | undefined;
  readonly events?: number | undefined;
  /** How often the current workflow task was attempted. It fails again and again when the code does not replay. */
  readonly taskAttempt: number;
  /** Whether a reconciliation has started this run, to take the audition over from a workflow that is gone. */
  readonly isTakeover: boolean;
}

/** A workflow task that fails this often needs another version of the code, or another workflow. */
const stuckAttempt = 3;

/** Returns whether the workflow runs, but cannot continue. */
export const isStuck = ({ isRunning, taskAttempt }: AuditionWorkflow): boolean =>
  isRunning && taskAttempt >= stuckAttempt;

/** https://grpc.io/docs/guides/status-codes/ */
const notFoundCodes: ReadonlySet<number> = new Set([5]);

const instantOf = (time: Parameters<typeof tsToMs>[0]): Instant | undefined =>
  time ? toInstant(tsToMs(time)) : undefined;

/** Reads the workflow. Calls the service directly, so that it needs no key. */
export const describeAuditionWorkflow = async (
  { workflowService, options: { namespace } }: Client,
  id: AuditionId,
): Promise<AuditionWorkflow> => {
  try {
    const { workflowExecutionInfo: info, pendingWorkflowTask } =
      await workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId: auditionWorkflowId(id) },
      });
    const status = info?.status ?? WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED;
    return {
      status: WorkflowExecutionStatus[status].replace('WORKFLOW_EXECUTION_STATUS_', '').toLowerCase(),
      isRunning: status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
      runId: info?.execution?.runId ?? undefined,
      startedAt: instantOf(info?.startTime),
      endedAt: instantOf(info?.closeTime),
      events: Number(info?.historyLength ?? 0),
      taskAttempt: pendingWorkflowTask?.attempt ?? 0,
      isTakeover: info?.parentExecution?.workflowId?.startsWith(reconciliationWorkflowType) ?? false,
    };
  } catch (error) {
    const isNotFound = isGrpcServiceError(error) && notFoundCodes.has(error.code);
    if (isNotFound) return { status: 'unknown', isRunning: false, taskAttempt: 0, isTakeover: false };
    throw error;
  }
};
