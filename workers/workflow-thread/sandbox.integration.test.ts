/** Tests the changes to the SDK's sandbox with a replay, which runs the sandbox on the thread of the test. */

import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import vm from 'node:vm';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLogger } from '../../foundation/observability/logger.ts';
import { corpusKeys } from '../replay/corpus.ts';
import { readHistory } from '../replay/history-file.ts';
import { createReplayer } from '../replay/replayer.ts';
import { bundleWorkflows } from '../workflow-code.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../tests/fixtures/${path}`, import.meta.url));

it('disableCallStacksAndTimeouts leaves no promise hook and no timeout in the sandbox', async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const createHook = vi.spyOn(v8.promiseHooks, 'createHook');
  const runInContext = vi.spyOn(vm.Script.prototype, 'runInContext');
  const replayer = createReplayer({
    masterKeys: corpusKeys,
    workflowCode: await bundleWorkflows(createLogger({ level: 'silent', process: 'test' }), {
      workflowsPath: fixture('workflows/notice.ts'),
    }),
  });

  const { verdict } = await replayer.replay(await readHistory(fixture('histories/notice.json')));
  await replayer.close();

  expect(verdict).toEqual({ kind: 'same' });
  expect(globalHandlers.promiseHookInstalled).toBe(false);
  expect(createHook).not.toHaveBeenCalled();
  expect(runInContext.mock.calls.length).toBeGreaterThan(20);
  expect(runInContext.mock.calls.flatMap(([, options]) => options?.timeout ?? [])).toEqual([]);
});
