import { describe, expect, it, vi } from 'vitest';
import { createDataKeyCache } from './data-key-cache.ts';

const setup = (limits = { ttlMs: 60_000, maxKeys: 2 }) => {
  const keys = createDataKeyCache(limits);
  const bytes = new Map<string, Uint8Array>();
  const load = vi.fn(async (id: string) => {
    const key = Uint8Array.from([7, 7, 7]);
    bytes.set(id, key);
    return key;
  });
  const use = (id: string) =>
    keys.use(
      id,
      () => load(id),
      (key) => [...key],
    );
  return { keys, load, use, bytes };
};

describe('data key cache', () => {
  it('loads a key once for simultaneous callers', async () => {
    const { use, load } = setup();
    expect(await Promise.all([use('a'), use('a'), use('a')])).toEqual(
      Array.from({ length: 3 }, () => [7, 7, 7]),
    );
    await use('a');
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('overwrites a dropped key, and loads it again', async () => {
    const { keys, use, load, bytes } = setup();
    await use('a');
    const first = bytes.get('a');
    keys.evict('a');
    expect([...(first ?? [])]).toEqual([0, 0, 0]);
    expect(keys.has('a')).toBe(false);
    expect(await use('a')).toEqual([7, 7, 7]);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('drops the key that was not used for the longest time', async () => {
    const { keys, use } = setup();
    await use('a');
    await use('b');
    await use('a');
    await use('c');
    expect(['a', 'b', 'c'].filter((id) => keys.has(id))).toEqual(['a', 'c']);
  });

  it('drops a key after its time to live', async () => {
    vi.useFakeTimers();
    try {
      const { keys, use, bytes } = setup({ ttlMs: 1_000, maxKeys: 2 });
      await use('a');
      vi.advanceTimersByTime(1_001);
      expect(keys.has('a')).toBe(false);
      expect([...(bytes.get('a') ?? [])]).toEqual([0, 0, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('loads a key again that was dropped during its load, and never uses an overwritten key', async () => {
    const { keys, use, load } = setup();
    const first = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    load.mockImplementationOnce(() => first.promise);
    const using = use('a');
    keys.evict('a');
    first.resolve(Uint8Array.from([1, 1, 1]));
    expect(await using).toEqual([7, 7, 7]);
  });

  it('loads a key again after a failed load', async () => {
    const { use, load } = setup();
    load.mockRejectedValueOnce(new Error('the database is unavailable'));
    await expect(Promise.all([use('a'), use('a')])).rejects.toThrow('the database is unavailable');
    expect(await use('a')).toEqual([7, 7, 7]);
  });
});
