import { expect, it } from 'vitest';
import { createLogger } from '../foundation/observability/logger.ts';
import { loadWorkflowCode } from './workflow-code.ts';

const logger = createLogger({ level: 'silent', process: 'test' });

it('loadWorkflowCode names the build command when the bundle is missing', async () => {
  await expect(loadWorkflowCode(logger, 'build/nowhere.js')).rejects.toThrow('npm run build:bundle');
});

it('loadWorkflowCode resolves the bundle path relative to the project folder', async () => {
  expect(await loadWorkflowCode(logger, 'package.json')).toEqual({
    codePath: expect.stringMatching(/^\/.*package\.json$/),
  });
});
