/**
 * Provides the workflow code to a worker: a prebuilt bundle in production, otherwise a bundle that another process builds at
 * the start.
 */
import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';
import type { Logger } from '../foundation/observability/logger.ts';
import { failureConverterPath } from '../foundation/temporal/data-converter.ts';
import { sdkLogger } from './runtime.ts';

const projectFolder = fileURLToPath(new URL('..', import.meta.url));
const auditionWorkflows = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

interface BundleOptions {
  /** The file whose exports are the workflows. */
  readonly workflowsPath?: string;
  /**
   * Leaves the errors of workflow tasks unencrypted. Only for replay, which shows the errors and does not store them.
   */
  readonly readableErrors?: boolean;
}

/** Bundling takes seconds, so the bundle of each kind is built once per process. */
const bundles = new Map<string, Promise<{ readonly code: string }>>();

/** Returns the bundle of the workflow code. Repeated calls with the same options return the same bundle. */
export const bundleWorkflows = (
  logger: Logger,
  { workflowsPath = auditionWorkflows, readableErrors = false }: BundleOptions = {},
): Promise<{ readonly code: string }> => {
  const kind = JSON.stringify([workflowsPath, readableErrors]);
  const existing = bundles.get(kind);
  if (existing) return existing;
  const bundle = bundleWorkflowCode({
    workflowsPath,
    // Otherwise each audition in the cache has a copy of every module: 200 kB, and 3 ms of CPU time at each replay
    // (https://typescript.temporal.io/api/interfaces/worker.BundleOptions#preloadmodules, decision 89).
    preloadModules: [workflowsPath],
    ...(!readableErrors && { failureConverterPath }),
    logger: sdkLogger(logger),
  });
  bundles.set(kind, bundle);
  return bundle;
};

const bundler = fileURLToPath(new URL('bundle.ts', import.meta.url));

/** Bundles in a process of its own: the bundler takes 300 MB, which the process of a worker would keep. */
const bundleInAnotherProcess = async (): Promise<{ readonly code: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'workflow-bundle-'));
  try {
    const path = join(folder, 'bundle.js');
    await promisify(execFile)(process.execPath, [bundler, path]);
    return { code: await readFile(path, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/**
 * Returns the workflow code: the prebuilt bundle, or a new one.
 * @param bundlePath the prebuilt bundle, relative to the project; undefined to bundle now.
 * @throws {Error} when the bundle does not exist; the message contains the command that builds it.
 */
export const loadWorkflowCode = async (bundlePath: string | undefined): Promise<WorkflowBundleOption> => {
  if (bundlePath === undefined) return bundleInAnotherProcess();
  const codePath = resolve(projectFolder, bundlePath);
  try {
    await access(codePath);
  } catch {
    throw new Error(`there is no workflow bundle at ${bundlePath}: build it with \`npm run build:bundle\``);
  }
  return { codePath };
};
