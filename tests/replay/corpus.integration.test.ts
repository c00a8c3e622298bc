/** Every recorded audition replays against the code of today: what fails here would be stuck after a deployment. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { linesOf } from '../../infra/cli/replay/report.ts';
import { createLogger } from '../../infra/observability/logger.ts';
import { replayCorpus } from '../../workers/replay/corpus.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';

/** Goes up with the corpus, so that no scenario is lost unnoticed. */
const scenariosAtLeast = 0;

it('the code of today replays every recorded history', async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  const logger = createLogger({ level: 'error', process: 'test' });
  const replayed = await replayCorpus(await bundleWorkflows(logger, { readableErrors: true }));
  const different = replayed.filter(({ verdict }) => verdict.kind !== 'same');
  expect(different.flatMap(linesOf).join('\n')).toBe('');
  expect(replayed.length).toBeGreaterThanOrEqual(scenariosAtLeast);
});
