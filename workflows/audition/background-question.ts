/** Questions to an operator that the main line does not wait for. */
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type { Attention } from './attention.ts';
import type { AuditionRun } from './run.ts';

/**
 * Raises an attention item in the background and calls `act` with what the operator decided. The end of the audition
 * withdraws the item.
 */
export const askBeside = (
  run: AuditionRun,
  question: Omit<Parameters<Attention['ask']>[0], 'isBackground'>,
  act: (action: AttentionAction) => void | Promise<void>,
): void => {
  void run.runInBackground(async (goOn) => {
    const { action } = await run.attention.ask({ ...question, isBackground: true }, goOn);
    await act(action);
  });
};
