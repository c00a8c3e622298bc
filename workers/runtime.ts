/** Installs the SDK's runtime, which exists once per process. */
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

/**
 * Returns a logger for the SDK that writes to the service's log. The field `error` becomes `err`. Fields of TRACE lines
 * are dropped, since they can contain payloads.
 */
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
 * Installs the runtime: it writes to the service's log and serves the SDK's metrics. Must be called once per process,
 * before the first worker or connection.
 * @param metricsAddress host:port for the SDK's own exporter.
 * @throws {IllegalStateError} when the runtime is already installed.
 */
export const installRuntime = (logger: Logger, metricsAddress: string): void => {
  Runtime.install({
    logger: sdkLogger(logger),
    // workers/main.ts handles the signals, since it also closes the relays, the health server and the database.
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
