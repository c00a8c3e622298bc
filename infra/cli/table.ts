/** Draws tables for a terminal, at most 100 columns wide or as wide as the terminal. */
import Table from 'cli-table3';

const plainStyle = { head: [], border: [] };

/** A terminal of this width shows each table. A wider one is used. */
const leastWidth = 100;
/** cli-table3 puts a space on each side of a cell, and a line between the columns. */
const padding = 2;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** The codes of colours, which take no space: ESC, `[`, numbers, `m`. */
const colours = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'gu');

const lengthOf = (text: string): number => text.replaceAll(colours, '').length;

const longestLine = (cell: string): number => Math.max(...cell.split('\n').map(lengthOf));

const longestWord = (cell: string): number => Math.max(...cell.split(/\s/u).map(lengthOf));

/** Cuts a word that is longer than the line, which no layout can avoid. */
const piecesOf = (word: string, width: number): readonly string[] => {
  if (lengthOf(word) <= width) return [word];
  const pieces = [];
  for (let from = 0; from < word.length; from += width) pieces.push(word.slice(from, from + width));
  return pieces;
};

const wrapLine = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ').flatMap((one) => piecesOf(one, width))) {
    const last = lines.at(-1);
    if (last !== undefined && lengthOf(last) + 1 + lengthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

/** Returns the text in lines of at most `width` columns. A word that fits into a line stays whole. */
export const wrapText = (text: string, width: number): string =>
  text
    .split('\n')
    .flatMap((line) => wrapLine(line, width))
    .join('\n');

/** Returns the width of the terminal, and at least 100 columns. */
export const terminalWidth = (): number => Math.max(leastWidth, process.stdout.columns ?? 0);

/** The columns that a cell can use in a table with `count` columns. */
const spaceOf = (count: number): number => terminalWidth() - (count + 1) - count * padding;

/**
 * Returns the widths of the columns without their padding, or undefined when a word would be cut. The columns with the most room
 * give way.
 */
const columnWidths = (rows: readonly (readonly string[])[]): readonly number[] | undefined => {
  const columns = (rows[0] ?? []).map((_cell, index) => rows.map((row) => row[index] ?? ''));
  const widths = columns.map((cells) => Math.max(...cells.map(longestLine)));
  const least = columns.map((cells) => Math.max(...cells.map(longestWord)));
  const available = spaceOf(columns.length);
  if (sum(least) > available) return undefined;
  while (sum(widths) > available) {
    const widest = Math.max(...widths.filter((width, index) => width > (least[index] ?? 0)));
    const index = widths.findIndex((width, at) => width === widest && width > (least[at] ?? 0));
    widths[index] = widest - 1;
  }
  return widths;
};

const drawColumns = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
): string => {
  const wrapped = (row: readonly string[]) => row.map((cell, index) => wrapText(cell, widths[index] ?? 1));
  const drawn = new Table({
    head: wrapped(head),
    style: plainStyle,
    colWidths: widths.map((width) => width + padding),
  });
  drawn.push(...rows.map(wrapped));
  return drawn.toString();
};

/** Returns facts as text: a table of names and values, without a head. */
export const renderFacts = (facts: readonly (readonly [name: string, value: string])[]): string => {
  const names = Math.max(...facts.map(([name]) => lengthOf(name)));
  const values = Math.max(
    1,
    Math.min(spaceOf(2) - names, Math.max(...facts.map(([, value]) => longestLine(value)))),
  );
  return drawColumns([], facts, [names, values]);
};

/**
 * Returns a table as text. When a word would be cut, such as an id that people copy, each row becomes a table of its own, with the
 * head as the names.
 */
export const renderTable = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = columnWidths([head, ...rows]);
  if (widths) return drawColumns(head, rows, widths);
  return rows
    .map((row) => renderFacts(head.map((name, index): [string, string] => [name, row[index] ?? ''])))
    .join('\n');
};
