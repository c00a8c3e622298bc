/** Downloads the time-skipping server before the workflow tests (vitest global setup). Each test file starts its own. */
import type { TestProject } from 'vitest/node';
import { getTestServer } from '../../infra/stack/temporal-test-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** For `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`. */
    timeSkippingServer: string;
  }
}

export const setup = async (project: TestProject): Promise<void> => {
  project.provide('timeSkippingServer', await getTestServer((line) => process.stderr.write(`${line}\n`)));
};
