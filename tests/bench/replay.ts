/** Measures how fast histories are replayed, as the replay before a deployment and a restarted worker do. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createLogger } from '../../foundation/observability/logger.ts';
import { corpusFolder, corpusKeys } from '../../workers/replay/corpus.ts';
import { readHistories } from '../../workers/replay/history-file.ts';
import { replayAll } from '../../workers/replay/replay-all.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { type Spread, spreadOf } from './statistics.ts';

export interface ReplayFigures {
  readonly histories: number;
  readonly rounds: number;
  readonly historiesPerSecond: Spread;
  readonly eventsPerSecond: Spread;
  readonly target: number;
  readonly isMet: boolean;
}

/** The target of the issue that requested the measurement, in histories per second. */
const target = 60;

/** Replays the whole corpus `rounds` times, after one warm-up round. */
export const measureReplay = async (rounds: number): Promise<ReplayFigures> => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const logger = createLogger({ level: 'error', process: 'bench' });
  const recorded = await readHistories(corpusFolder);
  const dependencies = { masterKeys: corpusKeys, workflowCode: await bundleWorkflows(logger) };
  const seconds: number[] = [];
  let replayed = 0;
  let events = 0;
  let roundStarted = performance.now();
  for await (const { workflowId, verdict, ...one } of replayAll(dependencies, repeat(recorded, rounds + 1))) {
    if (verdict.kind !== 'same')
      throw new Error(
        `the history of ${workflowId} does not replay; run npm run replay -- --corpus for the reason`,
      );
    replayed += 1;
    events += one.events;
    if (replayed % recorded.length !== 0) continue;
    seconds.push((performance.now() - roundStarted) / 1_000);
    roundStarted = performance.now();
  }
  const measured = seconds.slice(1);
  const historiesPerSecond = spreadOf(measured.map((round) => recorded.length / round));
  return {
    histories: recorded.length,
    rounds,
    historiesPerSecond,
    eventsPerSecond: spreadOf(measured.map((round) => events / seconds.length / round)),
    target,
    isMet: historiesPerSecond.median >= target,
  };
};

function* repeat<Item>(items: readonly Item[], times: number): Generator<Item, void, void> {
  for (let n = 0; n < times; n += 1) yield* items;
}
