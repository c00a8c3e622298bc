/** The SDK's runtime: one per process, which is why it is set up apart from the workers. */
import type { LogLevel, LogMetadata, Logger as SdkLogger } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import type { Level } from 'pino';
import type { Logger } from '../foundation/observability/logger.ts';

const levels: Readonly<Record<LogLevel, Level>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The SDK's log lines in our form; its `error` is our `err`. What it traces it shows with payloads: the words are left. */
export const sdkLogger = (logger: Logger): SdkLogger => {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}) => {
    const { error, ...rest } = level === 'TRACE' ? {} : meta;
    logger[levels[level]]({ ...rest, ...(error === undefined ? {} : { err: error }) }, message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
};

/**
 * Sends the SDK's log to ours and has it serve its metrics. Before the first worker or connection, once per process.
 * @param metricsAddress host:port for the SDK's own exporter.
 * @throws {IllegalStateError} when the runtime is there already.
 */
export const installRuntime = (logger: Logger, metricsAddress: string): void => {
  Runtime.install({
    logger: sdkLogger(logger),
    // Signals are handled by the program, which has more to close than the workers.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      metrics: {
        prometheus: {
          bindAddress: metricsAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
  });
};
