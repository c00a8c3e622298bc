/** Tables for people, JSON for programs. */
import Table from 'cli-table3';
import type { Command } from 'commander';

export interface Output {
  /** `data` is what `--json` prints; `lines` what a person reads. */
  show(data: unknown, lines: () => string): void;
}

/** Prints to standard output: JSON when the program was called with `--json`. */
export const createOutput = (command: Command): Output => {
  const json = command.optsWithGlobals()['json'] === true;
  return { show: (data, lines) => console.log(json ? JSON.stringify(data, null, 2) : lines()) };
};

export const renderTable = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const drawn = new Table({ head: [...head], wordWrap: true, style: { head: [], border: [] } });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
};
