/** Bundles the workflow code once for all test files and worker processes of a project (vitest global setup). */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { createLogger } from '../../foundation/observability/logger.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';

/** A bundle for `workflowBundle` of a Temporal worker. */
interface BundleFile {
  readonly codePath: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    workflowCode: {
      /** What production workers run. */
      readonly encrypted: BundleFile;
      /** For replay: its errors are not encrypted. */
      readonly readable: BundleFile;
    };
  }
}

const cache = fileURLToPath(new URL('../../.cache/', import.meta.url));

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const logger = createLogger({ level: 'warn', process: 'bundle' });
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'workflow-code-'));
  const write = async (name: string, readableErrors: boolean): Promise<BundleFile> => {
    const codePath = join(folder, name);
    await writeFile(codePath, (await bundleWorkflows(logger, { readableErrors })).code);
    return { codePath };
  };
  project.provide('workflowCode', {
    encrypted: await write('encrypted.js', false),
    readable: await write('readable.js', true),
  });
  return () => rm(folder, { recursive: true, force: true });
};
