import { describe, expect, it } from 'vitest';
import { createBatching } from './batching.ts';

/** Returns the combined call, and the batches that it ran. `rejected` items make their statement fail. */
const setup = (rejected: readonly string[] = [], error: Error = new Error('not unique')) => {
  const batches: (readonly string[])[] = [];
  const call = createBatching<string, string>({
    keyOf: (item) => item.slice(0, 1),
    run: async (items) => {
      batches.push(items);
      await Promise.resolve();
      if (items.some((item) => rejected.includes(item))) throw error;
      return items.map((item) => `done ${item}`);
    },
  });
  return { call, batches };
};

describe('a combined call', () => {
  it('runs concurrent calls in one statement, and each gets its own result', async () => {
    const { call, batches } = setup();
    expect(await Promise.all(['a', 'b', 'c'].map(call))).toEqual(['done a', 'done b', 'done c']);
    expect(batches).toEqual([['a', 'b', 'c']]);
  });

  it('runs calls that arrive during a statement in the next one', async () => {
    const { promise: first, resolve: endFirst } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const batches: (readonly string[])[] = [];
    const call = createBatching<string, string>({
      keyOf: (item) => item,
      run: async (items) => {
        batches.push(items);
        begin();
        await first;
        return items;
      },
    });
    const calls = [call('a')];
    await begun;
    calls.push(call('b'), call('c'));
    endFirst();
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    expect(batches).toEqual([['a'], ['b', 'c']]);
  });

  it('runs two calls with one key one after the other', async () => {
    const { call, batches } = setup();
    await Promise.all(['a1', 'a2', 'b1'].map(call));
    expect(batches).toEqual([['a1', 'b1'], ['a2']]);
  });

  it('fails only the call that the database rejects', async () => {
    const { call, batches } = setup(['b']);
    const results = await Promise.allSettled(['a', 'b', 'c'].map(call));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(batches).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
  });

  it('fails all calls of a statement when the database does not answer', async () => {
    const outage = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const { call, batches } = setup(['b'], outage);
    const results = await Promise.allSettled(['a', 'b'].map(call));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(batches).toHaveLength(1);
  });

  it('fails the calls that wait for the next statement as well when the database does not answer', async () => {
    const outage = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const { call, batches } = setup(['a1'], outage);
    const results = await Promise.allSettled(['a1', 'a2', 'a3'].map(call));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(batches).toEqual([['a1']]);
    expect(await call('a4')).toBe('done a4');
  });
});
