/** Ends a process that cannot start. No logger exists at this point, because the log level is a setting. */
import { ConfigurationError } from './configuration-error.ts';

/** Writes the error to stderr and exits with code 1. Prints no stack trace for a configuration error. */
export const failToStart = (error: unknown): void => {
  const text = error instanceof ConfigurationError || !(error instanceof Error) ? String(error) : error.stack;
  process.stderr.write(`${text}\n`);
  process.exit(1);
};
