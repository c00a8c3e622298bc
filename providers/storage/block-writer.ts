/**
 * Collects chunks into blocks of one size and writes one block while the next one fills. Two blocks are all the memory
 * that a transfer takes. A source that is faster than the storage waits.
 */

export interface BlockWriter {
  /** Copies the chunk. Resolves when more can be written. Rejects with the error of an earlier block. */
  write(chunk: Uint8Array): Promise<void>;
  /** Writes the rest, and waits until everything is written. */
  finish(): Promise<void>;
  /** Waits for the running write, whatever its outcome, and drops the rest. */
  abandon(): Promise<void>;
}

/**
 * Creates a writer. @param writeBlock stores a block. It gets the blocks in order, one at a time. The memory of the block
 * is reused after it resolves.
 */
export const createBlockWriter = (
  blockSize: number,
  writeBlock: (block: Uint8Array) => Promise<void>,
): BlockWriter => {
  let filling: Uint8Array = Buffer.allocUnsafeSlow(blockSize);
  let spare: Uint8Array | undefined;
  let filled = 0;
  let running: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;

  const store = async (block: Uint8Array, length: number): Promise<void> => {
    try {
      await writeBlock(block.subarray(0, length));
      spare = block;
    } catch (error) {
      failure = { error };
    }
  };

  const startBlock = async (): Promise<void> => {
    await running;
    if (failure) throw failure.error;
    const block = filling;
    const length = filled;
    filling = spare ?? Buffer.allocUnsafeSlow(blockSize);
    spare = undefined;
    filled = 0;
    running = store(block, length);
  };

  return {
    async write(chunk) {
      for (let from = 0; from < chunk.length; ) {
        const taken = Math.min(blockSize - filled, chunk.length - from);
        filling.set(chunk.subarray(from, from + taken), filled);
        filled += taken;
        from += taken;
        if (filled === blockSize) await startBlock();
      }
    },
    async finish() {
      if (filled > 0) await startBlock();
      await running;
      if (failure) throw failure.error;
    },
    async abandon() {
      filled = 0;
      await running;
    },
  };
};
