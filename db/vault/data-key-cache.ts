/** Caches data keys in memory, for a limited time and number. Overwrites a key with zeros when it is dropped. */

export interface DataKeyCache {
  /**
   * Calls `use` with the key. Loads the key first when it is not in memory; concurrent callers share one load. `use` is
   * synchronous, so the key cannot be overwritten while `use` runs.
   */
  use<Result>(id: string, load: () => Promise<Uint8Array>, use: (key: Uint8Array) => Result): Promise<Result>;
  has(id: string): boolean;
  /** Drops a key. A caller that is loading it loads it again. */
  evict(id: string): void;
}

interface CachedKey {
  readonly key: Uint8Array;
  dropped: boolean;
}

/**
 * Creates a cache of data keys. When it is full, it drops the key that was not used for the longest time.
 * @param limits `ttlMs` is the time in memory after loading, in milliseconds.
 */
export const createDataKeyCache = (limits: {
  readonly ttlMs: number;
  readonly maxKeys: number;
}): DataKeyCache => {
  /** In the order of their last use. */
  const cachedKeys = new Map<string, CachedKey>();
  const pendingLoads = new Map<string, Promise<CachedKey>>();

  const evict = (id: string): void => {
    pendingLoads.delete(id);
    const cached = cachedKeys.get(id);
    cachedKeys.delete(id);
    if (cached) overwrite(cached);
  };

  const store = (id: string, cached: CachedKey): void => {
    cachedKeys.set(id, cached);
    setTimeout(() => {
      if (cachedKeys.get(id) === cached) evict(id);
    }, limits.ttlMs).unref();
    const [oldest] = cachedKeys.keys();
    if (cachedKeys.size > limits.maxKeys && oldest !== undefined) evict(oldest);
  };

  const startLoad = (id: string, load: () => Promise<Uint8Array>): Promise<CachedKey> => {
    const pending = load().then((key) => {
      const cached: CachedKey = { key, dropped: false };
      if (pendingLoads.get(id) === pending) store(id, cached);
      else overwrite(cached);
      return cached;
    });
    pendingLoads.set(id, pending);
    return pending.finally(() => {
      if (pendingLoads.get(id) === pending) pendingLoads.delete(id);
    });
  };

  return {
    async use(id, load, use) {
      for (;;) {
        const cached = cachedKeys.get(id) ?? (await (pendingLoads.get(id) ?? startLoad(id, load)));
        if (cached.dropped) continue;
        if (cachedKeys.delete(id)) cachedKeys.set(id, cached);
        return use(cached.key);
      }
    },
    has: (id) => cachedKeys.has(id),
    evict,
  };
};

const overwrite = (cached: CachedKey): void => {
  cached.key.fill(0);
  cached.dropped = true;
};
