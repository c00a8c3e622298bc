/**
 * Starts the time-skipping server. It can lose a task: an attempt of an activity that becomes due during a skip, or while
 * its worker stops. It then never releases the lock of that task, and never skips time again.
 */
import { isGrpcDeadlineError } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { inject } from 'vitest';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

/** Encrypts the payloads, so that recorded histories look like those of a real server. */
export const dataConverter = createDataConverter(corpusKeys);

/** Hides warnings: the time-skipping server reports too old a version, and core warns about it for each worker. */
const errorLogsOnly = { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } } as const;

/** Installs the runtime of the SDK, which logs errors only. */
export const installQuietRuntime = (): void => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: errorLogsOnly });
};

/** In real time. A skip takes as long as the activities that become due in it. */
const skipDeadlineMs = 40_000;

const lostTask = (): Error =>
  new Error(
    `the time-skipping server has not skipped time within ${skipDeadlineMs / 1_000} s: it has lost a task and holds its lock. ` +
      'Repeat the test file. If it fails again, skip to less than the next attempt of an activity, or use the real server.',
  );

/**
 * Starts a server for one test file. `sleep` throws after 40 real seconds, and immediately from then on: a lost task fails
 * the file within one test, and not each test by its timeout.
 */
export const startTimeSkippingServer = async (): Promise<TestWorkflowEnvironment> => {
  installQuietRuntime();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('timeSkippingServer') } },
    client: { dataConverter },
  });
  await registerSearchAttributes(environment);
  const { connection, sleep } = environment;
  let isLost = false;
  environment.sleep = async (duration) => {
    if (isLost) throw lostTask();
    try {
      await connection.withDeadline(Date.now() + skipDeadlineMs, () => sleep(duration));
    } catch (error) {
      if (!isGrpcDeadlineError(error)) throw error;
      isLost = true;
      throw lostTask();
    }
  };
  return environment;
};

/** Registers the search attributes without listing them first, which the time-skipping server does not support. */
const registerSearchAttributes = async ({
  connection,
  namespace,
}: TestWorkflowEnvironment): Promise<void> => {
  await connection.operatorService.addSearchAttributes({
    namespace: namespace ?? 'default',
    searchAttributes: Object.fromEntries(
      Object.values(searchAttributes).map(({ name, type }) => [name, indexedValueTypes[type]]),
    ),
  });
};

/** The values of temporal.api.enums.v1.IndexedValueType for the types in use. */
const indexedValueTypes = { KEYWORD: 2, DATETIME: 6 } as const;
