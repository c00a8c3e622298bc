/** What a process does when it cannot start. It has no logger yet: the logger's level is a setting. */
import { ConfigurationError } from './configuration-error.ts';

/** Writes the error to stderr and exits with code 1. The stack is left out when the settings are wrong. */
export const failToStart = (error: unknown): void => {
  const text = error instanceof ConfigurationError || !(error instanceof Error) ? String(error) : error.stack;
  process.stderr.write(`${text}\n`);
  process.exit(1);
};
