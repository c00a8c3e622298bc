import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

/** How an update was refused; fails when it was not. */
export const refusalOf = async (
  update: Promise<unknown>,
): Promise<{ readonly code: string | null | undefined; readonly whatToDo: unknown }> => {
  const error: unknown = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
    throw new Error('it was not refused');
  const { type, details } = error.cause;
  return { code: type, whatToDo: details?.[0] };
};
