/** What is stored of a calendar, for tests of providers. */
import type { StoredEvents } from '../../providers/ports.ts';

export const nothingStored: StoredEvents = { etags: async () => new Map(), sample: async () => [] };

/** Returns these etags by their series as the database does. */
export const storedEtags = (read: () => ReadonlyMap<string, string | undefined>): StoredEvents => ({
  etags: async (series = [...read().keys()]) => {
    const known = read();
    return new Map(series.flatMap((name) => (known.has(name) ? [[name, known.get(name)] as const] : [])));
  },
  sample: async (most) => [...read().keys()].slice(0, most),
});
