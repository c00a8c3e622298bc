import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBlockWriter } from './block-writer.ts';

/** Creates a writer of blocks of four bytes, whose writes end when the test says so. */
const setUp = (simultaneous: number) => {
  const written: string[] = [];
  const waiting = new Map<
    number,
    { readonly resolve: () => void; readonly reject: (error: Error) => void }
  >();
  const writer = createBlockWriter({
    blockSize: 4,
    simultaneous,
    writeBlock: async (block, index) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.set(index, { resolve, reject });
      await promise;
      // Read after the wait: the memory must not be reused before.
      written.push(`${index}:${Buffer.from(block).toString('latin1')}`);
    },
  });
  const pending = (): readonly number[] => [...waiting.keys()];
  const end = async (index: number, error?: Error): Promise<void> => {
    const write = waiting.get(index);
    if (!write) throw new Error(`block ${index} is not being written`);
    waiting.delete(index);
    if (error) write.reject(error);
    else write.resolve();
    await turn();
  };
  return { writer, written, pending, end };
};

const settles = async (work: Promise<unknown>): Promise<boolean> => {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  work.then(settle, settle);
  await turn();
  return isSettled;
};

describe('a block writer', () => {
  it('writes as many blocks simultaneously as it may, and lets the source wait for a free one', async () => {
    const { writer, written, pending, end } = setUp(2);
    const write = writer.write(Buffer.from('aaaabbbbcccc'));
    expect(await settles(write)).toBe(false);
    expect(pending()).toEqual([0, 1]);
    await end(1);
    expect(await settles(write)).toBe(true);
    expect(pending()).toEqual([0, 2]);
    await end(2);
    await end(0);
    await writer.finish();
    expect(written).toEqual(['1:bbbb', '2:cccc', '0:aaaa']);
  });

  it('writes the rest as a shorter block, and finishes when all blocks are written', async () => {
    const { writer, written, end } = setUp(2);
    await writer.write(Buffer.from('aaaab'));
    await writer.write(Buffer.from('b'));
    const finish = writer.finish();
    expect(await settles(finish)).toBe(false);
    await end(1);
    expect(await settles(finish)).toBe(false);
    await end(0);
    await finish;
    expect(written).toEqual(['1:bb', '0:aaaa']);
  });

  it('writes blocks one after the other when it may write only one', async () => {
    const { writer, written, pending, end } = setUp(1);
    const write = writer.write(Buffer.from('aaaabbbb'));
    await turn();
    expect(pending()).toEqual([0]);
    await end(0);
    await write;
    await end(1);
    await writer.finish();
    expect(written).toEqual(['0:aaaa', '1:bbbb']);
  });

  it('rejects with the first error of a block, and starts no block after it', async () => {
    const { writer, pending, end } = setUp(2);
    await writer.write(Buffer.from('aaaabbbb'));
    await end(1, new Error('disk full'));
    await end(0, new Error('and again'));
    await expect(writer.write(Buffer.from('cccc'))).rejects.toThrow('disk full');
    await expect(writer.finish()).rejects.toThrow('disk full');
    expect(pending()).toEqual([]);
  });

  it('waits for running blocks when it is abandoned, and drops the rest', async () => {
    const { writer, written, pending, end } = setUp(2);
    await writer.write(Buffer.from('aaaabbbbcc'));
    const abandon = writer.abandon();
    await end(1, new Error('the connection broke'));
    expect(await settles(abandon)).toBe(false);
    await end(0);
    await abandon;
    expect(written).toEqual(['0:aaaa']);
    expect(pending()).toEqual([]);
  });
});
