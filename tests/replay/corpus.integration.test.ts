/** Replays every recorded history against the current code. An audition that diverges would hang after a deployment. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { reportLines } from '../../infra/cli/replay/report.ts';
import { corpusFolder, corpusKeys, replayCorpus } from '../../workers/replay/corpus.ts';
import { readHistories } from '../../workers/replay/history-file.ts';
import { replayAll } from '../../workers/replay/replay-all.ts';
import type { Replayed } from '../../workers/replay/replayer.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';

/** The minimum size of the corpus. Raise it with the corpus, so that a lost scenario is noticed. */
const scenariosAtLeast = 200;

const logger = createLogger({ level: 'silent', process: 'test' });
const project = fileURLToPath(new URL('../..', import.meta.url));

beforeAll(() => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
});

// 200 histories take 7 s, and four times as long while other tests use all cores.
it('the current workflow code replays every recorded history', { timeout: 120_000 }, async () => {
  const replayed = await replayCorpus(await bundleWorkflows(logger, { readableErrors: true }));
  const different = replayed.filter(({ verdict }) => verdict.kind !== 'same');
  expect(different.flatMap(reportLines).join('\n')).toBe('');
  expect(replayed.length).toBeGreaterThanOrEqual(scenariosAtLeast);
});

type Edit = readonly [from: string, to: string];

/** The SDK, and what the SDK needs. */
const neededLibraries = ['@temporalio/workflow', '@temporalio/common', 'nexus-rpc', 'long', 'ms'];

it('the workflow bundle, which each workflow loads, contains no unneeded library', async () => {
  const { code } = await bundleWorkflows(logger);
  const libraries = new Set(
    [...code.matchAll(/node_modules\/(?<library>(?:@[\w-]+\/)?[\w-]+)\//g)].map(
      ({ groups }) => groups?.['library'],
    ),
  );
  expect(libraries).toContain('@temporalio/workflow');
  expect([...libraries].filter((library) => !neededLibraries.includes(library ?? ''))).toEqual([]);
});

/** Copies the workflow code into the project, so that its imports resolve, and edits the schedule step. */
const withChangedSchedule = async (edits: readonly Edit[]): Promise<string> => {
  await mkdir(join(project, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(project, '.cache', 'changed-workflows-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const part of [
    'workflows',
    'domain',
    'activities/contract.ts',
    'activities/contracts',
    'providers/catalog.ts',
  ])
    await cp(join(project, part), join(folder, part), { recursive: true });
  const path = join(folder, 'workflows/audition/steps/schedule.ts');
  let code = await readFile(path, 'utf8');
  for (const [from, to] of edits) {
    expect(code).toContain(from);
    code = code.replace(from, to);
  }
  await writeFile(path, code);
  return join(folder, 'workflows/index.ts');
};

describe('replay corpus', { timeout: 120_000 }, () => {
  const meet = '  await moveMeeting(run, at);\n';
  const write = '  await writeCalendarEvents(run, at, { completion });\n';

  it.each<{ readonly change: string; readonly edits: readonly Edit[] }>([
    {
      change: 'calendar events before the meeting',
      edits: [
        [meet, ''],
        [write, write + meet],
      ],
    },
    { change: 'a removed step', edits: [[meet, '']] },
    {
      change: 'a new timer',
      edits: [
        [
          'import { confirmWhenAccepted }',
          "import { sleep } from '@temporalio/workflow';\nimport { confirmWhenAccepted }",
        ],
        [meet, `  await sleep('1 minute');\n${meet}`],
      ],
    },
  ])('detects an incompatible change: $change', async ({ edits }) => {
    const workflowsPath = await withChangedSchedule(edits);
    const workflowCode = await bundleWorkflows(logger, { workflowsPath, readableErrors: true });
    const some = (await readHistories(corpusFolder)).filter((_, index) => index % 5 === 0);
    const verdicts: Replayed['verdict']['kind'][] = [];
    for await (const { verdict } of replayAll({ masterKeys: corpusKeys, workflowCode }, some))
      verdicts.push(verdict.kind);
    expect(verdicts.filter((kind) => kind === 'diverged').length).toBeGreaterThan(some.length / 4);
    expect(verdicts).not.toContain('broken');
  });
});
