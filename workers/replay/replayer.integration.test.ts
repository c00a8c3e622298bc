/** Replays a recorded history against the unchanged workflow and against changed versions of it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { bundleWorkflows } from '../workflow-code.ts';
import { corpusKeys, replayCorpus } from './corpus.ts';
import { NotAHistory, readHistories, readHistory, saveHistory } from './history-file.ts';
import { createReplayer } from './replayer.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../tests/fixtures/${path}`, import.meta.url));
const workflowsPath = fixture('workflows/notice.ts');
const historyPath = fixture('histories/notice.json');
const logger = createLogger({ level: 'silent', process: 'test' });

beforeAll(() => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
});

/** The folder is beside the fixtures, so that the imports of a changed workflow resolve. */
const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(fixture('workflows/changed-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

const changedWorkflow = async (from: string, to: string): Promise<string> => {
  const code = await readFile(workflowsPath, 'utf8');
  expect(code).toContain(from);
  const path = join(await temporaryFolder(), 'notice.ts');
  await writeFile(path, code.replace(from, to));
  return path;
};

const replayAgainst = async (path: string, masterKeys = corpusKeys) => {
  const workflowCode = await bundleWorkflows(logger, { workflowsPath: path, readableErrors: true });
  const replayer = createReplayer({ masterKeys, workflowCode });
  const recorded = await readHistory(historyPath);
  const replayed = await replayer.replay(recorded);
  const repeated = await replayer.replay(recorded);
  await replayer.close();
  expect(repeated.verdict).toEqual(replayed.verdict);
  return replayed;
};

const send = 'const { deliveryId } = await sendNotice(input);';

describe('createReplayer', () => {
  it('accepts the unchanged workflow', async () => {
    expect(await replayAgainst(workflowsPath)).toMatchObject({
      workflowId: 'notice/recorded',
      events: 22,
      verdict: { kind: 'same' },
    });
  });

  it.each([
    {
      change: 'a timer before the activity',
      from: send,
      to: `await sleep('1m'); ${send}`,
      at: [16, 'ActivityTaskScheduled', 'schedule the activity sendNotice on email'],
      now: 'start a timer',
    },
    {
      change: 'another activity',
      from: send,
      to: `const retract = proxyActivities<AuditionActivities>({ startToCloseTimeout: '1s' }).retractNotice;
           const { result: deliveryId } = await retract({ ...input, sentAs: [] });`,
      at: [16, 'ActivityTaskScheduled', 'schedule the activity sendNotice on email'],
      now: 'schedule the activity retractNotice',
    },
    {
      change: 'a missing local activity',
      from: 'await local.confirmHold({ ...claim, revision: 1 });',
      to: '',
      at: [5, 'MarkerRecorded', 'run the local activity confirmHold'],
      now: 'not run this local activity',
    },
    {
      change: 'a workflow that never completes',
      // oxlint-disable-next-line no-template-curly-in-string -- it is code
      from: 'return `${deliveryId}',
      // oxlint-disable-next-line no-template-curly-in-string -- it is code
      to: 'await condition(() => false); return `${deliveryId}',
      at: [22, 'WorkflowExecutionCompleted', 'complete the workflow'],
      now: 'nothing: the code waits',
    },
  ])('reports $change as diverged, with the event', async ({ from, to, at, now }) => {
    const { verdict } = await replayAgainst(await changedWorkflow(from, to));
    const [eventId, eventType, recorded] = at;
    expect(verdict).toMatchObject({ kind: 'diverged', at: { eventId, eventType, recorded }, now });
  });

  it('reports the error that the code threw, and its position', async () => {
    const path = await changedWorkflow(send, `if (input) throw new TypeError('a bug'); ${send}`);
    const { verdict } = await replayAgainst(path);
    expect(verdict).toMatchObject({ kind: 'broken', at: { eventId: 15 } });
    expect(verdict.kind === 'broken' && verdict.reason).toMatch(/^a bug \(.*notice\.ts:\d+:\d+\)$/);
  });

  it('reports the id of a missing master key', async () => {
    const { verdict } = await replayAgainst(workflowsPath, [{ id: 'other', key: randomBytes(32) }]);
    expect(verdict).toMatchObject({ kind: 'broken', reason: expect.stringContaining('"local"') });
  });
});

describe('a history file', () => {
  it('contains the saved history, still encrypted', async () => {
    const path = join(await temporaryFolder(), 'saved.json');
    const recorded = await readHistory(historyPath);
    await saveHistory(path, recorded);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(await readFile(historyPath, 'utf8')));
    expect(await readFile(path, 'utf8')).not.toContain('Ada');
  });

  it.each(['', '{}', '[]', '{"events":[]}', '{"events":[{"eventId":7}]}', '{"events":[{"eventId":"1"}]}'])(
    'is rejected when it contains %s',
    async (content) => {
      const path = join(await temporaryFolder(), 'not-a-history.json');
      await writeFile(path, content);
      await expect(readHistory(path)).rejects.toThrow(NotAHistory);
    },
  );
});

it('replayCorpus replays the histories of a folder', async () => {
  const folder = await temporaryFolder();
  const recorded = await readHistory(historyPath);
  for (const name of ['b.json', 'a.json', 'notes.txt']) await saveHistory(join(folder, name), recorded);
  expect(await readHistories(folder)).toHaveLength(2);
  const replayed = await replayCorpus(
    await bundleWorkflows(logger, { workflowsPath, readableErrors: true }),
    folder,
  );
  expect(replayed.map(({ verdict }) => verdict.kind)).toEqual(['same', 'same']);
});
