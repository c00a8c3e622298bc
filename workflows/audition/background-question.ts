/** Asks an operator without blocking the main coroutine. */
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type { Attention } from './attention.ts';
import type { AuditionRun } from './run.ts';

/**
 * Raises an attention item in the background and calls `onResolved` with the operator's action. An item that is
 * withdrawn, because it is moot or the audition has ended, is not resolved.
 * @param onWithdrawn called when the question is moot
 */
export const askInBackground = (
  run: AuditionRun,
  question: Omit<Parameters<Attention['ask']>[0], 'isBackground'>,
  onResolved: (action: AttentionAction) => void | Promise<void>,
  onWithdrawn?: () => void,
): void => {
  void run.runInBackground(async (detach) => {
    const { action } = await run.attention.ask({ ...question, isBackground: true }, detach);
    if (action === 'withdrawn') onWithdrawn?.();
    else await onResolved(action);
  });
};
