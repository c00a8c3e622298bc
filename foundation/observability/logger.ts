import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { currentCorrelation } from './correlation.ts';
import { describeError } from './error-description.ts';
import { redact } from './redaction.ts';

export type { Logger } from 'pino';

/**
 * Creates a logger that writes one JSON object per line: time in ISO 8601, level by name, and the correlation
 * ids of the current work. Secrets and personal data are redacted (see redaction.ts).
 *
 * @param settings the lowest level to log, and the name of the process, which each line carries.
 * @param destination defaults to standard output.
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
