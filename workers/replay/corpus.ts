/**
 * Replays the corpus in tests/replay/histories: a recorded history of every scenario and of every released version. Its
 * data is invented and encrypted with the published local key, so every developer can replay it.
 */
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { serviceVariables } from '../../foundation/configuration/defaults.ts';
import { masterKeyRing } from '../../foundation/configuration/master-keys.ts';
import { readHistories } from './history-file.ts';
import { replayAll } from './replay-all.ts';
import type { Replayed } from './replayer.ts';

export const corpusFolder = fileURLToPath(new URL('../../tests/replay/histories/', import.meta.url));

/** The master keys with which the histories of the corpus are encrypted. */
export const corpusKeys = masterKeyRing.parse(serviceVariables.local.CASTMATCH_MASTER_KEYS);

/** Replays every history of the folder in the order of the file names. */
export const replayCorpus = async (
  workflowCode: WorkflowBundleOption,
  folder: string = corpusFolder,
): Promise<readonly Replayed[]> => {
  const replayed: Replayed[] = [];
  const all = replayAll({ masterKeys: corpusKeys, workflowCode }, await readHistories(folder));
  for await (const one of all) replayed.push(one);
  return replayed;
};
