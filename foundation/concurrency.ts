/** Processes many items with limited concurrency. */

/** Calls `visit` for each item, for at most `limit` of them simultaneously. Rejects as soon as one call does. */
export const forEachConcurrently = async <Item extends object>(
  items: readonly Item[],
  limit: number,
  visit: (item: Item) => Promise<void>,
): Promise<void> => {
  const waiting = [...items];
  const visitNext = async (): Promise<void> => {
    for (let item = waiting.shift(); item; item = waiting.shift()) await visit(item);
  };
  await Promise.all(Array.from({ length: limit }, visitNext));
};
