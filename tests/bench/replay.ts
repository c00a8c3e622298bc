/** How fast recorded auditions are replayed: what a deployment has to wait for, and what a worker does after a restart. */
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

/** The whole corpus, one history after another in one worker, so many times; one more to warm up. */
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
    const odd = replayed.find(({ verdict }) => verdict.kind !== 'same');
    if (odd) throw new Error(`${odd.workflowId} does not replay: npm run replay -- --corpus says why`);
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
