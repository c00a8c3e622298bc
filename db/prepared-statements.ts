/**
 * Lets PostgreSQL prepare the statements that repeat. Without a name, a statement is parsed and planned at each execution,
 * which takes longer than its execution for most statements of this service.
 */
import type { PoolClient } from 'pg';

/** Statements whose text varies, with the length of a list, stay below this number. Later texts are not prepared. */
const maxStatements = 500;

/** The number of executions of each text, in all connections of the process. */
const executions = new Map<string, number>();
const names = new Map<string, string>();

/** Returns the name of a statement that repeats; undefined at its first execution. */
const nameOf = (text: string): string | undefined => {
  const known = names.get(text);
  if (known !== undefined) return known;
  const count = executions.get(text);
  if (count === undefined) {
    if (executions.size < maxStatements) executions.set(text, 1);
    return undefined;
  }
  const name = `castmatch_${names.size + 1}`;
  names.set(text, name);
  return name;
};

/** Returns the query with a name, when it has parameters and repeats. */
const named = (query: unknown, values: unknown): unknown => {
  if (typeof query !== 'object' || query === null || !Array.isArray(values) || values.length === 0)
    return query;
  const isUnnamed = !('name' in query) || query.name === undefined;
  if (!isUnnamed || !('text' in query) || typeof query.text !== 'string') return query;
  const name = nameOf(query.text);
  return name === undefined ? query : { ...query, name };
};

/** Names the statements with parameters that this connection executes from now on. Statements with a name keep it. */
export const prepareStatements = (client: PoolClient): void => {
  const run: unknown = Reflect.get(client, 'query');
  if (typeof run !== 'function') throw new TypeError('the connection has no method query');
  Object.defineProperty(client, 'query', {
    value: (query: unknown, values: unknown, ...rest: readonly unknown[]): unknown =>
      Reflect.apply(run, client, [named(query, values), values, ...rest]),
  });
};
