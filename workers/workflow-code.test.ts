import { expect, it } from 'vitest';
import { createLogger } from '../foundation/observability/logger.ts';
import { loadWorkflowCode } from './workflow-code.ts';

const logger = createLogger({ level: 'silent', process: 'test' });

it('says how to build the bundle when it is not there', async () => {
  await expect(loadWorkflowCode(logger, 'build/nowhere.js')).rejects.toThrow('npm run build:bundle');
});

it('finds the bundle from the project, wherever the process was started', async () => {
  expect(await loadWorkflowCode(logger, 'package.json')).toEqual({
    codePath: expect.stringMatching(/^\/.*package\.json$/),
  });
});
