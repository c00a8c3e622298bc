/**
 * The SDK's own downloader, in a process of its own: the download cannot be cancelled from JavaScript, so the parent
 * kills this when nothing arrives. Usage: node sdk-download.ts dev-server|time-skipping <folder>
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: sdk-download.ts dev-server|time-skipping <folder>');

const server = { executable: { type: 'cached-download', downloadDir: folder } } as const;
try {
  // Starting it once proves that what arrived is whole and runs on this machine.
  const environment =
    kind === 'dev-server'
      ? await TestWorkflowEnvironment.createLocal({ server })
      : await TestWorkflowEnvironment.createTimeSkipping({ server });
  await environment.teardown();
} catch {
  process.exitCode = 1;
}
