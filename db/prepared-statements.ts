/**
 * Lets PostgreSQL prepare the statements that repeat. Without a name, a statement is parsed and planned at each execution,
 * which takes longer than its execution for most statements of this service.
 */
import type { PoolClient } from 'pg';

/** Each connection holds the plans of its statements in memory. Later texts are not prepared. */
const maxNames = 500;
/** Texts that have been executed once. The oldest makes room for the next: most vary with the length of a list. */
const maxCandidates = 500;

/** Gives names to the statements of one pool, whose connections share them. */
export class StatementNames {
  readonly #names = new Map<string, string>();
  readonly #candidates = new Set<string>();

  /** Returns the name of a statement that repeats; undefined at its first execution. */
  nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= maxNames) return known;
    if (!this.#candidates.delete(text)) {
      this.#await(text);
      return undefined;
    }
    const name = `castmatch_${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }

  #await(text: string): void {
    const [oldest] = this.#candidates;
    if (oldest !== undefined && this.#candidates.size >= maxCandidates) this.#candidates.delete(oldest);
    this.#candidates.add(text);
  }
}

/** Returns the query with a name, when it has parameters and repeats. */
const named = (names: StatementNames, query: unknown, values: unknown): unknown => {
  if (typeof query !== 'object' || query === null || !Array.isArray(values) || values.length === 0)
    return query;
  const isUnnamed = !('name' in query) || query.name === undefined;
  if (!isUnnamed || !('text' in query) || typeof query.text !== 'string') return query;
  const name = names.nameOf(query.text);
  return name === undefined ? query : { ...query, name };
};

/** Names the statements with parameters that this connection executes from now on. Statements with a name keep it. */
export const prepareStatements = (client: PoolClient, names: StatementNames): void => {
  const run: unknown = Reflect.get(client, 'query');
  if (typeof run !== 'function') throw new TypeError('the connection has no method query');
  Object.defineProperty(client, 'query', {
    value: (query: unknown, values: unknown, ...rest: readonly unknown[]): unknown =>
      Reflect.apply(run, client, [named(names, query, values), values, ...rest]),
  });
};
