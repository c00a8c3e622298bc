/**
 * Implements the `fields` parameter: `nextPageToken,items(id,start/date)`. Google answers with these fields only.
 * https://developers.google.com/workspace/calendar/api/guides/performance#partial-response
 */
import { invalid } from './errors.ts';

/** The requested fields. An empty map stands for the whole value. */
type Selection = Map<string, Selection>;

/**
 * Returns the selected fields of an answer. Lists are selected entry by entry.
 *
 * @throws {GoogleError} a 400 for a malformed selection.
 */
export const selectFields = (answer: unknown, fields: string): unknown => select(answer, parse(fields));

const select = (value: unknown, selection: Selection): unknown => {
  if (selection.size === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => select(entry, selection));
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      const wanted = selection.get(name);
      return wanted ? [[name, select(field, wanted)]] : [];
    }),
  );
};

const parse = (fields: string): Selection => {
  const tokens = fields.match(/[A-Za-z]+|[(),/]/g) ?? [];
  if (tokens.join('') !== fields) throw invalid(`Invalid field selection ${fields}`);
  let position = 0;
  const parseList = (): Selection => {
    const selection: Selection = new Map();
    for (;;) {
      const name = tokens[position];
      if (name === undefined || !/^[A-Za-z]+$/.test(name)) throw invalid(`Invalid field selection ${fields}`);
      position += 1;
      selection.set(name, parseNested());
      if (tokens[position] !== ',') return selection;
      position += 1;
    }
  };
  const parseNested = (): Selection => {
    if (tokens[position] === '/') {
      position += 1;
      const name = tokens[position];
      if (name === undefined) throw invalid(`Invalid field selection ${fields}`);
      position += 1;
      return new Map([[name, parseNested()]]);
    }
    if (tokens[position] !== '(') return new Map();
    position += 1;
    const nested = parseList();
    if (tokens[position] !== ')') throw invalid(`Invalid field selection ${fields}`);
    position += 1;
    return nested;
  };
  const selection = parseList();
  if (position < tokens.length) throw invalid(`Invalid field selection ${fields}`);
  return selection;
};
