/** Replays many histories, several of them simultaneously. */
import type { RecordedHistory } from './history-file.ts';
import { createReplayer, type Replayed } from './replayer.ts';

/**
 * The number of histories that are replayed simultaneously. A single replay waits a third of its time for the SDK's
 * core, which runs on other threads. All workflow code runs on one thread, which three lanes keep busy.
 */
const defaultLanes = 3;

type Histories = AsyncIterable<RecordedHistory> | Iterable<RecordedHistory>;

/**
 * Replays the histories. Yields the results in the order of the histories.
 *
 * @param lanes 1 replays one history after another, for a debugger.
 */
export async function* replayAll(
  dependencies: Parameters<typeof createReplayer>[0],
  histories: Histories,
  lanes: number = defaultLanes,
): AsyncGenerator<Replayed, void, void> {
  const replayers = Array.from({ length: lanes }, () => createReplayer(dependencies));
  const turns = cycle(replayers);
  const running: Promise<Replayed>[] = [];
  try {
    for await (const recorded of histories) {
      running.push(turns.next().value.replay(recorded));
      // The oldest replay runs on the replayer whose turn is next.
      const oldest = running.length === lanes ? running.shift() : undefined;
      if (oldest) yield await oldest;
    }
    for (const replay of running) yield await replay;
  } finally {
    await Promise.all(replayers.map((replayer) => replayer.close()));
  }
}

function* cycle<Item>(items: readonly Item[]): Generator<Item, never, void> {
  for (;;) yield* items;
}
