/** Data keys in memory: for a short time, not too many, and overwritten when they are dropped. */

export interface DataKeyCache {
  /**
   * Uses the key, and finds it first where it is not in memory; callers at the same moment find it once. `use` is
   * synchronous: while it runs, the key cannot be dropped and overwritten under its hands.
   */
  use<Result>(id: string, find: () => Promise<Uint8Array>, use: (key: Uint8Array) => Result): Promise<Result>;
  has(id: string): boolean;
  /** Whoever is finding it meanwhile finds it again. */
  evict(id: string): void;
}

interface CachedKey {
  readonly key: Uint8Array;
  dropped: boolean;
}

export const createDataKeyCache = (limits: {
  readonly ttlMs: number;
  readonly maxKeys: number;
}): DataKeyCache => {
  /** In the order of their last use. */
  const held = new Map<string, CachedKey>();
  const searches = new Map<string, Promise<CachedKey>>();

  const evict = (id: string): void => {
    searches.delete(id);
    const one = held.get(id);
    held.delete(id);
    if (one) overwrite(one);
  };

  const hold = (id: string, one: CachedKey): void => {
    held.set(id, one);
    setTimeout(() => {
      if (held.get(id) === one) evict(id);
    }, limits.ttlMs).unref();
    const [oldest] = held.keys();
    if (held.size > limits.maxKeys && oldest !== undefined) evict(oldest);
  };

  const search = (id: string, find: () => Promise<Uint8Array>): Promise<CachedKey> => {
    const begun = find().then((key) => {
      const one: CachedKey = { key, dropped: false };
      if (searches.get(id) === begun) hold(id, one);
      else overwrite(one);
      return one;
    });
    searches.set(id, begun);
    return begun.finally(() => {
      if (searches.get(id) === begun) searches.delete(id);
    });
  };

  return {
    async use(id, find, use) {
      for (;;) {
        const one = held.get(id) ?? (await (searches.get(id) ?? search(id, find)));
        if (one.dropped) continue;
        if (held.delete(id)) held.set(id, one);
        return use(one.key);
      }
    },
    has: (id) => held.has(id),
    evict,
  };
};

const overwrite = (one: CachedKey): void => {
  one.key.fill(0);
  one.dropped = true;
};
