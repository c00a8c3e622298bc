/**
 * Collects chunks into blocks of one size and writes full blocks while the next one fills. The memory of a transfer is one
 * block more than are written simultaneously. A source that is faster than the storage waits.
 */

export interface BlockWriter {
  /** Copies the chunk. Resolves when more can be written. Rejects with the error of an earlier block. */
  write(chunk: Uint8Array): Promise<void>;
  /** Writes the rest, and waits until everything is written. */
  finish(): Promise<void>;
  /** Waits for the running writes, whatever their outcome, and drops the rest. */
  abandon(): Promise<void>;
}

export interface BlockWriterOptions {
  /** In bytes. Only the last block can be shorter. */
  readonly blockSize: number;
  /** How many blocks are written simultaneously at most. */
  readonly simultaneous: number;
  /**
   * Stores a block. It gets the blocks in order; `index` is that of the block, from 0. The memory of the block is reused
   * after it resolves.
   */
  readonly writeBlock: (block: Uint8Array, index: number) => Promise<void>;
}

/** Creates a writer. */
export const createBlockWriter = ({
  blockSize,
  simultaneous,
  writeBlock,
}: BlockWriterOptions): BlockWriter => {
  let filling: Uint8Array | undefined;
  let filled = 0;
  let started = 0;
  const spare: Uint8Array[] = [];
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  const store = async (block: Uint8Array, length: number, index: number): Promise<void> => {
    try {
      await writeBlock(block.subarray(0, length), index);
      spare.push(block);
    } catch (error) {
      failure ??= { error };
    }
  };

  const startBlock = async (block: Uint8Array): Promise<void> => {
    while (running.size >= simultaneous) await Promise.race(running);
    if (failure) throw failure.error;
    const length = filled;
    filling = undefined;
    filled = 0;
    const write = store(block, length, started).finally(() => running.delete(write));
    running.add(write);
    started += 1;
  };

  return {
    async write(chunk) {
      for (let from = 0; from < chunk.length; ) {
        filling ??= spare.pop() ?? Buffer.allocUnsafeSlow(blockSize);
        const taken = Math.min(blockSize - filled, chunk.length - from);
        filling.set(chunk.subarray(from, from + taken), filled);
        filled += taken;
        from += taken;
        if (filled === blockSize) await startBlock(filling);
      }
    },
    async finish() {
      if (filling && filled > 0) await startBlock(filling);
      await Promise.all(running);
      if (failure) throw failure.error;
    },
    async abandon() {
      filled = 0;
      await Promise.all(running);
    },
  };
};
