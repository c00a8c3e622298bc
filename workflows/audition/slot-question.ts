/**
 * Questions about the present slot. A move withdraws those that are open. When the move is reverted, exactly those are
 * asked again.
 */
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type { Attention } from './attention.ts';
import type { SlotQuestion } from './open-question.ts';
import type { AuditionRun } from './run.ts';

/**
 * Raises an attention item in the background and calls `onResolved` with the operator's action. An item that is
 * withdrawn, because it is moot, the slot has moved or the audition has ended, is not resolved.
 */
export const askAboutSlot = (
  run: AuditionRun,
  question: Omit<Parameters<Attention['ask']>[0], 'isBackground'>,
  onResolved: (action: AttentionAction) => void,
): void => {
  const { revision } = run.journal.view;
  const isMoot = () => run.journal.view.revision !== revision || question.isMoot?.() === true;
  const open: SlotQuestion = {
    askAgain: () => {
      if (!question.isMoot?.()) askAboutSlot(run, question, onResolved);
    },
  };
  run.slotQuestions.add(open);
  void run.runInBackground(async (detach) => {
    try {
      const { action } = await run.attention.ask({ ...question, isMoot, isBackground: true }, detach);
      if (action !== 'withdrawn') onResolved(action);
    } finally {
      run.slotQuestions.delete(open);
    }
  });
};
