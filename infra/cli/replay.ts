/** `npm run replay -- …`: runs recorded auditions against the code as it is now. `--help` says the rest. */
import { open, waitForDebugger } from 'node:inspector';
import { resolve } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { Command } from 'commander';
import {
  ConfigurationError,
  loadTemporalClientConfiguration,
  type TemporalClientConfiguration,
} from '../../foundation/configuration/configuration.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { NotAHistory, saveHistory } from '../../workers/replay/history-file.ts';
import { createReplayer, type Replayed } from '../../workers/replay/replayer.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { reportLines, summaryOf } from './replay/report.ts';
import { NotOnServer, type Selection, selectHistories, TemporalUnreachable } from './replay/sources.ts';
import { wholeNumber } from './whole-number.ts';

interface Options extends Omit<Selection, 'targets'> {
  readonly save?: string | undefined;
  readonly inspect?: number | boolean | undefined;
  readonly workflows?: string | undefined;
}

/** Node's own. */
const debuggerPort = 9229;

const fromOneUp = wholeNumber('give a whole number from 1 up');

const program = new Command('replay')
  .description('Replays histories against the current workflow code. Exit code 1 when one does not replay.')
  .argument('[targets...]', 'workflow ids, audition ids, or files with a history')
  .option('--failed', 'every workflow that failed, timed out or was terminated')
  .option('--open', 'every workflow that is running: what a deployment would meet')
  .option('--query <query>', 'every workflow that matches a visibility query')
  .option('--corpus', 'every recorded scenario in tests/replay/histories')
  .option('--run-id <id>', 'one run of a workflow that has had several')
  .option('--limit <number>', 'the most histories to fetch for one list', fromOneUp, 1000)
  .option('--save <file>', 'write the history that was fetched, still encrypted, to replay it later')
  .option('--inspect [port]', 'wait for a debugger before the first event', fromOneUp)
  .option('--workflows <file>', 'replay against the workflows of this file instead of workflows/index.ts')
  .showHelpAfterError();

const replay = async (targets: readonly string[], options: Options): Promise<number> => {
  const selection = { ...options, targets };
  if (!isAsked(selection)) program.error('say what to replay: a workflow id, a file, or one of the lists');
  const access = loadTemporalClientConfiguration();
  const runtime = Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: silence,
  });
  try {
    return await replayAll(selection, access, options);
  } finally {
    await runtime.shutdown();
  }
};

/** The SDK reports a divergence in its log too; ours is the one with words. */
const silence = { logging: { filter: 'OFF', forward: {} } };

const replayAll = async (
  selection: Selection,
  access: TemporalClientConfiguration,
  options: Options,
): Promise<number> => {
  const logger = createLogger({ level: 'error', process: 'replay' });
  const workflowCode = await bundleWorkflows(logger, {
    readableErrors: true,
    ...(options.workflows !== undefined && { workflowsPath: resolve(options.workflows) }),
  });
  const replayer = createReplayer({ masterKeys: keysOf(access), workflowCode });
  if (options.inspect !== undefined) attachDebugger(options.inspect);
  const all: Replayed[] = [];
  for await (const recorded of selectHistories(selection, access.temporal)) {
    if (options.save !== undefined) await saveHistory(options.save, recorded);
    const replayed = await replayer.replay(recorded);
    for (const line of reportLines(replayed)) console.log(line);
    all.push(replayed);
  }
  await replayer.close();
  console.log(all.length === 0 ? 'nothing matches: no history was replayed' : summaryOf(all));
  return all.every(({ verdict }) => verdict.kind === 'same') ? 0 : 1;
};

const isAsked = ({ targets, failed, open: running, query, corpus }: Selection): boolean =>
  targets.length > 0 || [failed, running, corpus, query !== undefined].includes(true);

/** The corpus and what was saved from it lie under the published key. Keys of the deployment count first. */
const keysOf = ({ masterKeys }: TemporalClientConfiguration) => [
  ...masterKeys,
  ...corpusKeys.filter(({ id }) => !masterKeys.some((key) => key.id === id)),
];

const attachDebugger = (port: number | boolean): void => {
  open(port === true || port === false ? debuggerPort : port, '127.0.0.1');
  console.log('waiting for a debugger (chrome://inspect, or "attach" in the editor) …');
  waitForDebugger();
};

const isExpected = (error: unknown): error is Error =>
  error instanceof ConfigurationError ||
  error instanceof TemporalUnreachable ||
  error instanceof NotAHistory ||
  error instanceof NotOnServer;

program.action(async (targets: string[], options: Options) => {
  try {
    process.exitCode = await replay(targets, options);
  } catch (error) {
    if (!isExpected(error)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
});
await program.parseAsync();
