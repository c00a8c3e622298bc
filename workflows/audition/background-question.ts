/** Asks an operator without blocking the main coroutine. */
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type { Attention } from './attention.ts';
import type { AuditionRun } from './run.ts';

/**
 * Raises an attention item in the background and calls `onResolved` with the operator's action. The end of the audition
 * withdraws the item.
 */
export const askInBackground = (
  run: AuditionRun,
  question: Omit<Parameters<Attention['ask']>[0], 'isBackground'>,
  onResolved: (action: AttentionAction) => void | Promise<void>,
): void => {
  void run.runInBackground(async (detach) => {
    const { action } = await run.attention.ask({ ...question, isBackground: true }, detach);
    await onResolved(action);
  });
};
