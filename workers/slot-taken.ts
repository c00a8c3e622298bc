/** Signals auditions through the client of the worker that runs the activity. */
import { getClient } from '@temporalio/activity';
import type { AuditionId } from '../domain/ids.ts';
import { auditionWorkflowId } from '../domain/workflow-ids.ts';
import { slotTakenSignal } from '../workflows/audition/messages.ts';

/** The claim of the slot waits for it. */
const timeoutMs = 2_000;

/** Signals the audition that its slot was taken. @throws when the audition does not run, or Temporal does not answer */
export const signalSlotTaken = async (id: AuditionId): Promise<void> => {
  const client = getClient();
  await client.withDeadline(Date.now() + timeoutMs, () =>
    client.workflow.getHandle(auditionWorkflowId(id)).signal(slotTakenSignal),
  );
};
