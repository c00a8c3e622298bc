import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { currentCorrelation } from './correlation.ts';
import { describeError } from './error-description.ts';
import { redact } from './redaction.ts';

export type { Logger } from 'pino';

/**
 * One JSON object a line: time in ISO 8601, level by its name, the correlation of the current work, and nothing
 * secret (see redaction.ts).
 * @param process which program speaks.
 * @param destination standard output when absent.
 */
export const createLogger = (
  settings: { readonly level: Level | 'silent'; readonly process: string },
  destination?: DestinationStream,
): Logger =>
  pino(
    {
      level: settings.level,
      base: { process: settings.process },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...currentCorrelation() }),
      serializers: { err: describeError },
      hooks: { streamWrite: redact },
    },
    destination,
  );
