/**
 * Replays the corpus in tests/replay/histories: a recorded history of every scenario and of every released version. Its
 * data is invented and encrypted with the published local key, so every developer can replay it.
 */
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { serviceVariables } from '../../foundation/configuration/defaults.ts';
import { masterKeyRing } from '../../foundation/configuration/master-keys.ts';
import { readHistories } from './history-file.ts';
import { createReplayer, type Replayed } from './replayer.ts';

export const corpusFolder = fileURLToPath(new URL('../../tests/replay/histories/', import.meta.url));

/** The master keys with which the histories of the corpus are encrypted. */
export const corpusKeys = masterKeyRing.parse(serviceVariables.local.CASTMATCH_MASTER_KEYS);

/** Replays every history of the folder in the order of the file names. */
export const replayCorpus = async (
  workflowCode: WorkflowBundleOption,
  folder: string = corpusFolder,
): Promise<readonly Replayed[]> => {
  const replayer = createReplayer({ masterKeys: corpusKeys, workflowCode });
  try {
    const replayed: Replayed[] = [];
    for (const recorded of await readHistories(folder)) replayed.push(await replayer.replay(recorded));
    return replayed;
  } finally {
    await replayer.close();
  }
};

/** Returns the speed of the replays. Leave out the first replay, since it also loads the workflow code. */
export const replayRate = (
  replayed: readonly Replayed[],
): { readonly historiesPerSecond: number; readonly eventsPerSecond: number } => {
  const seconds = replayed.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
  const events = replayed.reduce((sum, { events }) => sum + events, 0);
  return { historiesPerSecond: replayed.length / seconds, eventsPerSecond: events / seconds };
};
