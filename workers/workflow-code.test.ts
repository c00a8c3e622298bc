import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { loadWorkflowCode } from './workflow-code.ts';

it('loadWorkflowCode names the build command when the bundle is missing', async () => {
  await expect(loadWorkflowCode('build/nowhere.js')).rejects.toThrow('npm run build:bundle');
});

it('loadWorkflowCode resolves the bundle path relative to the project folder', async () => {
  expect(await loadWorkflowCode('package.json')).toEqual({
    codePath: expect.stringMatching(/^\/.*package\.json$/),
  });
});

it('loadWorkflowCode bundles without loading the bundler into its process', { timeout: 60_000 }, async () => {
  const before = Object.keys(createRequire(import.meta.url).cache).length;

  expect(await loadWorkflowCode(undefined)).toEqual({
    code: expect.stringContaining('globalThis.__webpack_module_cache__'),
  });

  expect(Object.keys(createRequire(import.meta.url).cache).length).toBe(before);
});
