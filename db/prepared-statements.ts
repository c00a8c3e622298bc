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

/** Names the statements with parameters that this connection executes from now on. Statements with a name keep it. */
export const prepareStatements = (client: PoolClient): void => {
  const query: unknown = client.query;
  if (typeof query !== 'function') throw new TypeError('the connection has no method query');
  const named = (first: unknown, values: unknown): unknown => {
    if (typeof first !== 'object' || first === null || !Array.isArray(values) || values.length === 0)
      return first;
    const isUnnamed = !('name' in first) || first.name === undefined;
    if (!isUnnamed || !('text' in first) || typeof first.text !== 'string') return first;
    const name = nameOf(first.text);
    return name === undefined ? first : { ...first, name };
  };
  Object.defineProperty(client, 'query', {
    value: (first: unknown, values: unknown, ...rest: readonly unknown[]): unknown =>
      Reflect.apply(query, client, [named(first, values), values, ...rest]),
  });
};
