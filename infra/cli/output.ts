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

/** A terminal of this width shows each table. A wider one is used. */
const leastWidth = 100;
/** A narrower column could not show a word. */
const leastColumn = 12;
/** cli-table3 puts a space on each side of a cell, and a line between the columns. */
const padding = 2;

const widest = (cell: string): number => Math.max(...cell.split('\n').map((line) => line.length));

/**
 * Returns the widths of the columns, with their padding. The widest columns give way until the table fits. The first one has
 * the ids, which people copy: it gives way last.
 */
const columnWidths = (rows: readonly (readonly string[])[]): number[] => {
  const widths = (rows[0] ?? []).map(
    (_cell, column) => padding + Math.max(...rows.map((row) => widest(row[column] ?? ''))),
  );
  const lines = widths.length + 1;
  const available = Math.max(leastWidth, process.stdout.columns ?? 0) - lines;
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, 0);
    const [first = 0, ...others] = widths;
    const most = Math.max(...others);
    const column = most > leastColumn ? widths.indexOf(most, 1) : 0;
    const width = column === 0 ? first : most;
    if (total <= available || width <= leastColumn) return widths;
    widths[column] = width - 1;
  }
};

const draw = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const drawn = new Table({
    head: [...head],
    // Ids and addresses are longer than a narrow column, and have no word boundary.
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: plainStyle,
    colWidths: columnWidths(head.length > 0 ? [head, ...rows] : rows),
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
};

/** Returns an instant for a column: to the minute, which slots begin on. */
export const shortInstant = (instant: string): string => instant.replace(/:00(?:\.000)?Z$/, 'Z');

/** Returns a table as text, at most 100 columns wide or as wide as the terminal. */
export const renderTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  draw(head, rows);

/** Returns facts as text: a table of names and values, without a head. */
export const renderFacts = (facts: readonly (readonly [name: string, value: string])[]): string =>
  draw([], facts);
