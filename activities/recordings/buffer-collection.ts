/**
 * Collects the buffers of a stream while it flows. Each chunk of a download is a buffer outside of V8's heap, which is dead
 * when it was copied. V8 looks for dead buffers after 64 MB of them, so a transfer of any size grows the process by about 70 MB.
 * With a collection of the young generation, which takes about a millisecond, every 16 MB, it grows by 15 MB and is faster: the
 * memory stays in the caches of the processor. Measured in docs/benchmarks.md.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const collectedTogether = 16_000_000;

/**
 * Returns V8's function, which only a context has that is created while the flag is set. Contexts that are created later, such
 * as those of workflows, do not have it.
 */
const loadCollection = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') return () => {};
  return () => {
    Reflect.apply(collect, undefined, [{ type: 'minor' }]);
  };
};

let collection: (() => void) | undefined;

/** Returns a function that is called with the size of each chunk after it was copied. */
export const createBufferCollection = (): ((bytes: number) => void) => {
  collection ??= loadCollection();
  const collect = collection;
  let uncollected = 0;
  return (bytes) => {
    uncollected += bytes;
    if (uncollected < collectedTogether) return;
    uncollected = 0;
    collect();
  };
};
