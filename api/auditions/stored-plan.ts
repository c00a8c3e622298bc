/** Reads the plan of an audition from Temporal, also after its workflow has ended. Nothing else stores the plan. */
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import { type AuditionInput, planQuery } from '../../workflows/audition/messages.ts';
import { isOutage } from '../problems/outages.ts';

/**
 * Returns the plan with all changes of the cast. When no worker can replay the workflow, for example because its code
 * is too old, returns the plan of the run's input, which lacks the changes since. Returns undefined when Temporal does
 * not have the workflow, or has deleted it after its retention.
 */
export const readStoredPlan = async (
  temporal: Client,
  handle: WorkflowHandle,
): Promise<AuditionPlan | undefined> => {
  try {
    return await handle.query(planQuery);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (isOutage(error)) throw error;
    return planOfInput(temporal, handle.workflowId);
  }
};

/** The first event of a run contains its input, encrypted. The codecs decode as the SDK does: first to last. */
const planOfInput = async (
  { workflowService, options }: Client,
  workflowId: string,
): Promise<AuditionPlan | undefined> => {
  const { history } = await workflowService.getWorkflowExecutionHistory({
    namespace: options.namespace,
    execution: { workflowId },
    maximumPageSize: 1,
  });
  const { payloadCodecs, payloadConverter } = options.loadedDataConverter;
  let payloads = [...(history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [])];
  try {
    for (const codec of payloadCodecs) payloads = await codec.decode(payloads);
  } catch (error) {
    // A person of the audition was erased: its history is unreadable.
    if (error instanceof NotAuthentic) return undefined;
    throw error;
  }
  const [input] = payloads;
  return input && payloadConverter.fromPayload<AuditionInput>(input).plan;
};
