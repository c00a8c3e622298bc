/** Prints the result of a command: a table, or JSON with `--json`. */
import Table from 'cli-table3';
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

const plainStyle = { head: [], border: [] };

/** Returns a table as text. */
export const renderTable = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const drawn = new Table({ head: [...head], wordWrap: true, style: plainStyle });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
};

/** Returns facts as text: a table of names and values, without a head. */
export const renderFacts = (facts: readonly (readonly [name: string, value: string])[]): string => {
  const drawn = new Table({ wordWrap: true, style: plainStyle });
  drawn.push(...facts.map((row) => [...row]));
  return drawn.toString();
};
