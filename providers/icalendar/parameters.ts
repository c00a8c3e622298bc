/**
 * Splits a content line into its parameters and its value (RFC 5545, section 3.1). Programs write names with a comma, a
 * semicolon, a colon or a quote, and without the quotes that these need. `ical.js` then ends the name, or the parameters, too early.
 */
import { nameOf } from './content-lines.ts';

interface Parameter {
  /** In upper case. */
  readonly name: string;
  /** Without quotes. Of several values in quotes, the first one. */
  readonly value: string;
  /** Where the value is in the line, with its quotes. */
  readonly from: number;
  readonly until: number;
}

interface SplitLine {
  readonly parameters: readonly Parameter[];
  /** What follows the parameters. Empty for a line that is no property. */
  readonly value: string;
}

/** Returns a parameter of a line. Of several with the name, the last one. */
export const parameterOf = (line: string, name: string): string | undefined => find(line, name)?.value;

/** Returns what follows the parameters of a line, unparsed. */
export const rawValueOf = (line: string): string => readParameters(line).value;

/** Returns the line with another value of a parameter. A line without the parameter stays as it is. */
export const withParameter = (line: string, name: string, value: string): string => {
  const found = find(line, name);
  return found ? line.slice(0, found.from) + value + line.slice(found.until) : line;
};

const find = (line: string, name: string): Parameter | undefined =>
  readParameters(line).parameters.findLast((parameter) => parameter.name === name);

/** Splits the line. Bounded in time. */
export const readParameters = (line: string): SplitLine => {
  const name = nameOf(line);
  if (name === '') return { parameters: [], value: '' };
  const { colons, semicolons } = delimitersOf(line, name);
  const colon = (valueFinders.get(name) ?? firstOf)(line, colons) ?? line.length;
  const starts = semicolons.filter((at) => at < colon);
  const parameters = starts.flatMap((at, index) => parameterIn(line, at + 1, starts[index + 1] ?? colon));
  return { parameters, value: line.slice(colon + 1) };
};

interface Delimiters {
  readonly colons: readonly number[];
  readonly semicolons: readonly number[];
}

/** The most colons, semicolons and quoted texts of a line that are looked at. */
const mostDelimiters = 200;

/** Returns where the colons and semicolons are that are not in quotes. After the first colon, only where the value can begin later. */
const delimitersOf = (line: string, name: string): Delimiters => {
  const colons: number[] = [];
  const semicolons: number[] = [];
  for (let at = name.length, found = 0; at < line.length && found < mostDelimiters; at += 1) {
    const character = line[at];
    if (character === '"') at = closingQuote(line, at) ?? at;
    else if (character === ':') colons.push(at);
    else if (character === ';') semicolons.push(at);
    else continue;
    if (colons.length > 0 && !valueFinders.has(name)) break;
    found += 1;
  }
  return { colons, semicolons };
};

/**
 * Returns where the quoted text ends that begins here; undefined when the quote is a character of a name: only one after the equals sign
 * or a comma begins a text in quotes, and only one before a delimiter ends it.
 */
const closingQuote = (line: string, from: number): number | undefined => {
  if (!/[=,]/.test(line[from - 1] ?? '')) return undefined;
  for (let at = line.indexOf('"', from + 1); at >= 0; at = line.indexOf('"', at + 1)) {
    if (/[,;:]/.test(line[at + 1] ?? '')) return at;
  }
  return undefined;
};

/** Returns which of the colons the value follows. */
type FindValue = (line: string, colons: readonly number[]) => number | undefined;

const firstOf: FindValue = (_line, [first]) => first;

/** The address is last in the line, and a name before it can have colons. */
const findAddress: FindValue = (line, colons) => {
  const isFollowedBy = (pattern: RegExp) => (at: number) => {
    pattern.lastIndex = at + 1;
    return pattern.test(line);
  };
  return (
    colons.findLast(isFollowedBy(/\s*mailto:/iy)) ??
    colons.findLast(isFollowedBy(/\s*[^\s:;,"]+@[^\s:;,"]+\s*$/y)) ??
    // The address can be any other URI. No parameter follows it.
    colons.find(isFollowedBy(/(?!.*;[a-z-]+=)\S/iy)) ??
    colons[0]
  );
};

/** A name of a zone can have a colon: `(UTC+01:00) Amsterdam, Berlin`. */
const findTime: FindValue = (line, colons) =>
  colons.find((at) => /^\s*(\d{4}-?\d\d|P\d)/i.test(line.slice(at + 1, at + 20))) ?? colons[0];

const valueFinders: ReadonlyMap<string, FindValue> = new Map([
  ['ATTENDEE', findAddress],
  ['ORGANIZER', findAddress],
  ['DTSTART', findTime],
  ['DTEND', findTime],
  ['RDATE', findTime],
  ['EXDATE', findTime],
  ['RECURRENCE-ID', findTime],
]);

/** Returns the parameter between both places. What is none belongs to a name with a semicolon, and is left out. */
const parameterIn = (line: string, from: number, until: number): readonly Parameter[] => {
  const [matched, name = ''] = /^\s*([A-Za-z0-9-]+)\s*=\s*/.exec(line.slice(from, until)) ?? [];
  if (matched === undefined) return [];
  const begins = from + matched.length;
  const written = line.slice(begins, until);
  const closing = written.startsWith('"') ? closingQuote(line, begins) : undefined;
  const value = closing === undefined ? written.trim().replace(/^"/, '') : line.slice(begins + 1, closing);
  return [{ name: name.toUpperCase(), value: withoutCarets(value), from: begins, until }];
};

const carets: Readonly<Record<string, string>> = { '^n': '\n', '^^': '^', "^'": '"' };

/** RFC 6868, section 3.2. */
const withoutCarets = (value: string): string =>
  value.replaceAll(/\^[n^']/g, (caret) => carets[caret] ?? caret);
