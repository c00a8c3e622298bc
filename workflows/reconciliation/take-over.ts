/** Starts the workflow that takes over an audition whose own workflow is gone. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { Repair } from '../../activities/contract.ts';
import { summaryOf } from '../../domain/audition/summary.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { type AuditionInput, auditionWorkflowType } from '../audition/messages.ts';
import { searchAttributes } from '../search-attributes.ts';

type Takeover = Extract<Repair, { kind: 'take_over' }>;

/**
 * Returns whether this call has started the workflow. It has not when another workflow of the audition runs or has
 * completed since the comparison. The child outlives this workflow.
 */
export const takeOver = async (
  { plan, cause, isCompleted }: Takeover,
  { correlationId, principal }: { readonly correlationId: string; readonly principal: string | undefined },
): Promise<boolean> => {
  const input: AuditionInput = { plan, takeover: { cause, correlationId, principal } };
  try {
    await startChild(auditionWorkflowType, {
      workflowId: auditionWorkflowId(plan.id),
      args: [input],
      workflowIdReusePolicy: isCompleted
        ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
        : WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: [
        { key: searchAttributes.organization, value: plan.organization },
        { key: searchAttributes.project, value: plan.project.id },
        { key: searchAttributes.role, value: plan.role.id },
        { key: searchAttributes.correlation, value: plan.correlationId },
      ],
      memo: { organization: plan.organization, correlationId },
      staticSummary: `${summaryOf(plan)}; taken over: its workflow was ${cause}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
};
