/**
 * `npm run replay -- …`: replays recorded auditions against the current workflow code. `--help` lists the
 * options.
 */
import { resolve } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { Command } from 'commander';
import { createDatabaseClient } from '../../db/client.ts';
import { createVault } from '../../db/vault/envelope-encryption.ts';
import {
  ConfigurationError,
  loadTemporalClientConfiguration,
  loadVaultConfiguration,
  type TemporalClientConfiguration,
} from '../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../foundation/encryption/configured-wrapping.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { NotAHistory, type RecordedHistory, saveHistory } from '../../workers/replay/history-file.ts';
import { replayAll } from '../../workers/replay/replay-all.ts';
import type { Replayed } from '../../workers/replay/replayer.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { DebuggerUnavailable, defaultDebuggerPort, openDebugger, untilAttached } from './replay/debugger.ts';
import { reportLines, summaryOf } from './replay/report.ts';
import { NotOnServer, type Selection, SelectionRejected, selectHistories } from './replay/sources.ts';
import { TemporalUnreachable } from './temporal.ts';
import { wholeNumber } from './whole-number.ts';

interface Options extends Omit<Selection, 'targets'> {
  readonly save?: string | undefined;
  readonly inspect?: number | boolean | undefined;
  readonly workflows?: string | undefined;
}

const positiveNumber = wholeNumber('use a whole number of 1 or more');
const highestPort = 65_535;
const portNumber = wholeNumber(`use a port from 1 to ${highestPort}`, highestPort);

const program = new Command('replay')
  .description(
    'Replays histories against the current workflow code. Exit code 1 when a history does not replay, 2 when one cannot be fetched or read, or none was selected.',
  )
  .argument('[targets...]', 'workflow ids, audition ids, or files with a history')
  .option('--failed', 'every workflow that failed, timed out or was terminated')
  .option('--open', 'every workflow that is running: those that a deployment affects')
  .option('--query <query>', 'every workflow that matches this visibility query')
  .option('--corpus', 'every recorded scenario in tests/replay/histories')
  .option('--run-id <id>', 'one run of a workflow that has several runs')
  .option('--limit <number>', 'the maximum number of histories to fetch for one list', positiveNumber, 1000)
  .option('--save <file>', 'save the fetched history, still encrypted, to replay it later')
  .option('--inspect [port]', 'wait for a debugger before the first event', portNumber)
  .option('--workflows <file>', 'replay against the workflows of this file instead of workflows/index.ts')
  .showHelpAfterError();

const replay = async (targets: readonly string[], options: Options): Promise<number> => {
  const selection = { ...options, targets };
  if (!selectsHistories(selection))
    program.error('nothing to replay: pass a workflow id, a file, or a list option', { exitCode: 2 });
  // The corpus is in the repository, so its replay needs neither a server nor the keys of a deployment.
  const access = readsCorpusOnly(selection) ? undefined : loadTemporalClientConfiguration();
  const runtime = Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: silence,
  });
  try {
    return await replaySelection(selection, access, options);
  } finally {
    await runtime.shutdown();
  }
};

/** Disables the log of the SDK, which would report each divergence a second time. */
const silence = { logging: { filter: 'OFF', forward: {} } };

const replaySelection = async (
  selection: Selection,
  access: TemporalClientConfiguration | undefined,
  options: Options,
): Promise<number> => {
  const { inspect = false } = options;
  // Before the workflows are bundled, which takes seconds.
  if (inspect !== false) openDebugger(inspect === true ? defaultDebuggerPort : inspect);
  const logger = createLogger({ level: 'error', process: 'replay' });
  const workflowCode = await bundleWorkflows(logger, {
    readableErrors: true,
    ...(options.workflows !== undefined && { workflowsPath: resolve(options.workflows) }),
  });
  if (inspect !== false) untilAttached();
  const histories = saved(selectHistories(selection, access?.temporal), options.save);
  const lanes = inspect === false ? undefined : 1;
  const started = performance.now();
  const all: Replayed[] = [];
  const keys = access?.hasDatabase ? openDataKeys() : undefined;
  try {
    for await (const replayed of replayAll(
      { masterKeys: keysOf(access?.masterKeys ?? []), dataKeys: keys?.vault, workflowCode },
      histories,
      lanes,
    )) {
      for (const line of reportLines(replayed)) console.log(line);
      all.push(replayed);
    }
  } finally {
    await keys?.close();
  }
  const elapsedMs = performance.now() - started;
  console.log(all.length === 0 ? 'no history matches: no history was replayed' : summaryOf(all, elapsedMs));
  return all.every(({ verdict }) => verdict.kind === 'same') ? 0 : 1;
};

/** Opens the keys of the payloads of the deployment. Those of an erased person no longer exist. */
const openDataKeys = () => {
  const access = loadVaultConfiguration();
  const { db, close } = createDatabaseClient(access.keyDatabaseUrl, {
    poolSize: 2,
    applicationName: 'castmatch-replay',
  });
  return { vault: createVault(db, createKeyWrapping(access)), close };
};

async function* saved(
  histories: AsyncIterable<RecordedHistory>,
  path: string | undefined,
): AsyncGenerator<RecordedHistory, void, void> {
  for await (const recorded of histories) {
    if (path !== undefined) await saveHistory(path, recorded);
    yield recorded;
  }
}

const readsCorpusOnly = ({ corpus, ...others }: Selection): boolean =>
  corpus === true && !selectsHistories(others);

const selectsHistories = ({ targets, failed, open: running, query, corpus }: Selection): boolean =>
  targets.length > 0 || [failed, running, corpus, query !== undefined].includes(true);

/**
 * The corpus and histories saved from it are encrypted under the public test keys. Keys of the deployment
 * take precedence.
 */
const keysOf = (masterKeys: TemporalClientConfiguration['masterKeys']) => [
  ...masterKeys,
  ...corpusKeys.filter(({ id }) => !masterKeys.some((key) => key.id === id)),
];

const isExpected = (error: unknown): error is Error =>
  error instanceof ConfigurationError ||
  error instanceof DebuggerUnavailable ||
  error instanceof TemporalUnreachable ||
  error instanceof NotAHistory ||
  error instanceof NotOnServer ||
  error instanceof SelectionRejected;

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
