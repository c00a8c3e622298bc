/** The workflow code as a worker takes it: bundled ahead for production, bundled at the start elsewhere. */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';
import type { Logger } from '../foundation/observability/logger.ts';
import { failureConverterPath } from '../foundation/temporal/data-converter.ts';
import { sdkLogger } from './runtime.ts';

const projectFolder = fileURLToPath(new URL('..', import.meta.url));
const auditionWorkflows = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

interface BundleOptions {
  /** The file whose exports are the workflows. */
  readonly workflowsPath?: string;
  /** Leaves the errors of workflow tasks unencoded, for replay: there they are shown, not stored. */
  readonly readableErrors?: boolean;
}

/** Bundling takes seconds: once for each kind, however many workers of one process ask. */
const bundles = new Map<string, Promise<{ readonly code: string }>>();

export const bundleWorkflows = (
  logger: Logger,
  { workflowsPath = auditionWorkflows, readableErrors = false }: BundleOptions = {},
): Promise<{ readonly code: string }> => {
  const kind = JSON.stringify([workflowsPath, readableErrors]);
  const known = bundles.get(kind);
  if (known) return known;
  const bundle = bundleWorkflowCode({
    workflowsPath,
    ...(!readableErrors && { failureConverterPath }),
    logger: sdkLogger(logger),
  });
  bundles.set(kind, bundle);
  return bundle;
};

/**
 * @param bundlePath a bundle built ahead, relative to the project; undefined to bundle now.
 * @throws {Error} saying how to build the bundle when there is none.
 */
export const loadWorkflowCode = async (
  logger: Logger,
  bundlePath: string | undefined,
): Promise<WorkflowBundleOption> => {
  if (bundlePath === undefined) return bundleWorkflows(logger);
  const codePath = resolve(projectFolder, bundlePath);
  try {
    await access(codePath);
  } catch {
    throw new Error(`there is no workflow bundle at ${bundlePath}: build it with \`npm run build:bundle\``);
  }
  return { codePath };
};
