/** Data keys in memory: for a short time, not too many, and overwritten when they are dropped. */

export interface UnwrappedKeys {
  /**
   * Uses the key, and finds it first where it is not in memory; callers at the same moment find it once. `use` is
   * synchronous: while it runs, the key cannot be dropped and overwritten under its hands.
   */
  use<Result>(id: string, find: () => Promise<Uint8Array>, use: (key: Uint8Array) => Result): Promise<Result>;
  has(id: string): boolean;
  /** Whoever is finding it meanwhile finds it again. */
  drop(id: string): void;
}

interface Held {
  readonly key: Uint8Array;
  dropped: boolean;
}

export const createUnwrappedKeys = (limits: {
  readonly forMs: number;
  readonly atMost: number;
}): UnwrappedKeys => {
  /** In the order of their last use. */
  const held = new Map<string, Held>();
  const searches = new Map<string, Promise<Held>>();

  const drop = (id: string): void => {
    searches.delete(id);
    const one = held.get(id);
    held.delete(id);
    if (one) overwrite(one);
  };

  const hold = (id: string, one: Held): void => {
    held.set(id, one);
    setTimeout(() => {
      if (held.get(id) === one) drop(id);
    }, limits.forMs).unref();
    const [oldest] = held.keys();
    if (held.size > limits.atMost && oldest !== undefined) drop(oldest);
  };

  const search = (id: string, find: () => Promise<Uint8Array>): Promise<Held> => {
    const begun = find().then((key) => {
      const one: Held = { key, dropped: false };
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
    drop,
  };
};

const overwrite = (one: Held): void => {
  one.key.fill(0);
  one.dropped = true;
};
