/** Keeps facts of mailboxes that rarely change, so that they are not requested with each call. */

/** A person rarely moves to another zone or renames a calendar, and the id of a calendar never changes. In milliseconds. */
const keptMs = 3_600_000;
const maxKept = 2_000;

export interface KeptFacts<Value> {
  /** Returns the fact that is kept under the key, or reads it. A failed reading is not kept. */
  get(key: string, read: () => Promise<Value>): Promise<Value>;
}

/** Creates the memory of one process. Facts are kept for an hour. @param now returns epoch milliseconds */
export const createKeptFacts = <Value>(now: () => number): KeptFacts<Value> => {
  const kept = new Map<string, { readonly value: Promise<Value>; readonly until: number }>();
  return {
    get: (key, read) => {
      const known = kept.get(key);
      if (known && known.until > now()) return known.value;
      const value = read();
      kept.delete(key);
      kept.set(key, { value, until: now() + keptMs });
      value.catch(() => {
        if (kept.get(key)?.value === value) kept.delete(key);
      });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
      return value;
    },
  };
};
