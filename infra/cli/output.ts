/** Prints the result of a command: a table, or JSON with `--json`. */
import type { Command } from 'commander';

export interface Output {
  /** Prints `data` with `--json`, and `lines` otherwise. */
  show(data: unknown, lines: () => string): void;
}

/** Creates an output on standard output. It prints JSON if the program was called with `--json`. */
export const createOutput = (command: Command): Output => {
  const json = command.optsWithGlobals()['json'] === true;
  return { show: (data, lines) => console.log(json ? JSON.stringify(data, null, 2) : lines()) };
};

/** Returns an instant for a column: to the minute, which slots begin on. */
export const shortInstant = (instant: string): string => instant.replace(/:00(?:\.000)?Z$/, 'Z');

/** Returns an instant for a column, to the minute. */
export const instantToMinute = (instant: string): string => `${instant.slice(0, 16)}Z`;
