/**
 * Runs the SDK's downloader. It is a separate process because a download cannot be cancelled from JavaScript:
 * the parent kills the process when the download stalls. Usage: node sdk-download.ts dev-server|time-skipping
 * <folder>
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: sdk-download.ts dev-server|time-skipping <folder>');

const server = { executable: { type: 'cached-download', downloadDir: folder } } as const;
try {
  // Starting the server once verifies that the download is complete and runs on this machine.
  const environment =
    kind === 'dev-server'
      ? await TestWorkflowEnvironment.createLocal({ server })
      : await TestWorkflowEnvironment.createTimeSkipping({ server });
  await environment.teardown();
} catch {
  process.exitCode = 1;
}
