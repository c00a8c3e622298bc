/** Replays several histories simultaneously, among them some that do not replay. */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { bundleWorkflows } from '../workflow-code.ts';
import { corpusKeys } from './corpus.ts';
import { readHistory } from './history-file.ts';
import { replayAll } from './replay-all.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../tests/fixtures/${path}`, import.meta.url));
const logger = createLogger({ level: 'silent', process: 'test' });

beforeAll(() => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
});

/** Returns copies of the recorded history. Every third is that of a workflow that the code does not have. */
const histories = async (count: number) => {
  const { history } = await readHistory(fixture('histories/notice.json'));
  const [started, ...others] = history.events ?? [];
  const attributes = started?.workflowExecutionStartedEventAttributes;
  const unknown = {
    ...started,
    workflowExecutionStartedEventAttributes: { ...attributes, workflowType: { name: 'unknown' } },
  };
  return Array.from({ length: count }, (_, n) => ({
    workflowId: `notice/${n}`,
    history: n % 3 === 2 ? { ...history, events: [unknown, ...others] } : history,
  }));
};

it.each([undefined, 1])(
  'replayAll with %s lanes yields the results in the order of the histories',
  async (lanes) => {
    const dependencies = {
      masterKeys: corpusKeys,
      workflowCode: await bundleWorkflows(logger, {
        workflowsPath: fixture('workflows/notice.ts'),
        readableErrors: true,
      }),
    };
    const results: string[] = [];
    for await (const { workflowId, verdict } of replayAll(dependencies, await histories(8), lanes)) {
      results.push(`${workflowId} ${verdict.kind === 'same' ? 'replays' : 'fails'}`);
    }
    expect(results).toEqual([
      'notice/0 replays',
      'notice/1 replays',
      'notice/2 fails',
      'notice/3 replays',
      'notice/4 replays',
      'notice/5 fails',
      'notice/6 replays',
      'notice/7 replays',
    ]);
  },
);
