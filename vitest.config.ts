import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { RunningFilesReporter } from './tests/harness/running-files-reporter.ts';

/**
 * Four kinds of test, distinguished by the suffix of the file name:
 * `*.test.ts` unit · `*.workflow.test.ts` time-skipping · `*.integration.test.ts` PostgreSQL, SMTP and the provider
 * sandbox · `tests/e2e/*.e2e.test.ts` everything, with a real Temporal server.
 */
const special = ['**/*.workflow.test.ts', '**/*.integration.test.ts', '**/*.e2e.test.ts'];
const never = ['**/node_modules/**', '**/.cache/**', '**/.data/**'];

/** The path of the JSON report from which `.ci/run` counts the tests. */
const report = process.env.VITEST_JSON_REPORT;

/**
 * The zone of processes that run unit tests. A machine in UTC does not notice code that reads a time in the zone of its process. The
 * clock of this zone changes by half an hour, in April and October. `npm run test:clock` tries other zones, on the days on which their
 * clocks change.
 */
const zone = 'Australia/Lord_Howe';

export default defineConfig({
  test: {
    // Half of a test is waiting for a server. Vitest would leave one of two cores free.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: [
      'default',
      new RunningFilesReporter(),
      ...(report ? [['json', { outputFile: report }] satisfies [string, object]] : []),
    ],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...never, ...special],
          isolate: false,
          env: { TZ: process.env.TZ ?? zone },
          // Property tests compare with slower libraries. Vitest's 5 s are too short for them on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'workflow',
          include: ['**/*.workflow.test.ts'],
          exclude: never,
          globalSetup: ['tests/harness/time-skipping.setup.ts', 'tests/harness/workflow-code.setup.ts'],
          // On a busy machine the time-skipping server sometimes loses a task that becomes due during a skip, and a test hangs.
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          isolate: false,
          include: ['**/*.integration.test.ts'],
          exclude: never,
          globalSetup: ['tests/harness/postgres.setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // A busy machine takes seconds for what takes milliseconds otherwise.
          expect: { poll: { timeout: 10_000 } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.e2e.test.ts'],
          exclude: never,
          globalSetup: [
            'tests/harness/postgres.setup.ts',
            'tests/harness/temporal.setup.ts',
            'tests/harness/workflow-code.setup.ts',
          ],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
