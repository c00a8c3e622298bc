/** Measures how fast histories are replayed, as the replay before a deployment and a restarted worker do. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createLogger } from '../../foundation/observability/logger.ts';
import { corpusFolder, corpusKeys, replayRate } from '../../workers/replay/corpus.ts';
import { readHistories } from '../../workers/replay/history-file.ts';
import { createReplayer, type Replayed } from '../../workers/replay/replayer.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { type Spread, spreadOf } from './statistics.ts';

export interface ReplayFigures {
  readonly histories: number;
  readonly rounds: number;
  readonly historiesPerSecond: Spread;
  readonly eventsPerSecond: Spread;
}

/** Replays the whole corpus `rounds` times, one history after the other, after one warm-up round. */
export const measureReplay = async (rounds: number): Promise<ReplayFigures> => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const logger = createLogger({ level: 'error', process: 'bench' });
  const recorded = await readHistories(corpusFolder);
  const replayer = createReplayer({ masterKeys: corpusKeys, workflowCode: await bundleWorkflows(logger) });
  const round = async () => {
    const replayed: Replayed[] = [];
    for (const history of recorded) replayed.push(await replayer.replay(history));
    const failed = replayed.find(({ verdict }) => verdict.kind !== 'same');
    if (failed)
      throw new Error(
        `the history of ${failed.workflowId} does not replay; run npm run replay -- --corpus for the reason`,
      );
    return replayRate(replayed);
  };
  try {
    await round();
    const rates: ReturnType<typeof replayRate>[] = [];
    for (let n = 0; n < rounds; n += 1) rates.push(await round());
    return {
      histories: recorded.length,
      rounds,
      historiesPerSecond: spreadOf(rates.map((rate) => rate.historiesPerSecond)),
      eventsPerSecond: spreadOf(rates.map((rate) => rate.eventsPerSecond)),
    };
  } finally {
    await replayer.close();
  }
};
