import { describe, expect, it, vi } from 'vitest';
import { createDataKeyCache } from './data-key-cache.ts';

const setup = (limits = { ttlMs: 60_000, maxKeys: 2 }) => {
  const keys = createDataKeyCache(limits);
  const bytes = new Map<string, Uint8Array>();
  const find = vi.fn(async (id: string) => {
    const key = Uint8Array.from([7, 7, 7]);
    bytes.set(id, key);
    return key;
  });
  const use = (id: string) =>
    keys.use(
      id,
      () => find(id),
      (key) => [...key],
    );
  return { keys, find, use, bytes };
};

describe('unwrapped keys', () => {
  it('are found once, however many ask at the same moment', async () => {
    const { use, find } = setup();
    expect(await Promise.all([use('a'), use('a'), use('a')])).toEqual(
      Array.from({ length: 3 }, () => [7, 7, 7]),
    );
    await use('a');
    expect(find).toHaveBeenCalledTimes(1);
  });

  it('are overwritten when they are dropped, and found anew', async () => {
    const { keys, use, find, bytes } = setup();
    await use('a');
    const first = bytes.get('a');
    keys.evict('a');
    expect([...(first ?? [])]).toEqual([0, 0, 0]);
    expect(keys.has('a')).toBe(false);
    expect(await use('a')).toEqual([7, 7, 7]);
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('make room for those used later', async () => {
    const { keys, use } = setup();
    await use('a');
    await use('b');
    await use('a');
    await use('c');
    expect(['a', 'b', 'c'].filter((id) => keys.has(id))).toEqual(['a', 'c']);
  });

  it('stay no longer than they may', async () => {
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

  it('that were dropped while they were being found are found again, never used overwritten', async () => {
    const { keys, use, find } = setup();
    const first = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    find.mockImplementationOnce(() => first.promise);
    const using = use('a');
    keys.evict('a');
    first.resolve(Uint8Array.from([1, 1, 1]));
    expect(await using).toEqual([7, 7, 7]);
  });

  it('that cannot be found are looked for again by the next who asks', async () => {
    const { use, find } = setup();
    find.mockRejectedValueOnce(new Error('the database is away'));
    await expect(Promise.all([use('a'), use('a')])).rejects.toThrow('away');
    expect(await use('a')).toEqual([7, 7, 7]);
  });
});
