/**
 * Combines concurrent calls of one kind into one statement. Calls that arrive while a statement runs are part of the
 * next one. A busy process needs fewer statements per call, and an idle one waits for nothing.
 */
import { isDatabaseOutage } from './errors.ts';

interface Batching<Item, Result> {
  /** Runs one statement for the items, and returns a result for each, in the same order. Keys are distinct. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Two items with the same key are never part of one statement: the first is done before the second begins. */
  readonly keyOf: (item: Item) => string;
}

interface Queued<Item, Result> {
  readonly item: Item;
  readonly key: string;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Few enough that the statement ends long before its timeout. */
const maxBatchSize = 100;

/**
 * Returns the combined call. It rejects with the error of the database. An item that PostgreSQL rejects does not fail the
 * others. When the database does not answer, the items that wait for the next statement fail as well.
 */
export const createBatching = <Item, Result>({
  run,
  keyOf,
}: Batching<Item, Result>): ((item: Item) => Promise<Result>) => {
  let waiting: Queued<Item, Result>[] = [];
  let isRunning = false;

  const takeBatch = (): readonly Queued<Item, Result>[] => {
    const batch = new Map<string, Queued<Item, Result>>();
    const later: Queued<Item, Result>[] = [];
    for (const queued of waiting) {
      if (batch.size < maxBatchSize && !batch.has(queued.key)) batch.set(queued.key, queued);
      else later.push(queued);
    }
    waiting = later;
    return [...batch.values()];
  };

  const runBatch = async (batch: readonly Queued<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result === undefined) reject(new RangeError('a batch returned fewer results than it had items'));
        else resolve(result);
      }
    } catch (error) {
      if (isDatabaseOutage(error)) {
        // Those that wait would each spend the time limit of a statement, one batch after the other.
        const failed = [...batch, ...waiting];
        waiting = [];
        for (const { reject } of failed) reject(error);
      } else if (batch.length === 1) {
        for (const { reject } of batch) reject(error);
      } else {
        for (const queued of batch) await runBatch([queued]);
      }
    }
  };

  const runAll = async (): Promise<void> => {
    while (waiting.length > 0) await runBatch(takeBatch());
    isRunning = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, key: keyOf(item), resolve, reject });
      if (isRunning) return;
      isRunning = true;
      // Waits for the other calls of this turn of the event loop.
      setImmediate(() => void runAll());
    });
};
