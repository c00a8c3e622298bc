/** What tests of the webhook relay under SIGKILL share: webhooks in random order, and leases that need not be awaited. */
import type { TestDatabase } from './database.ts';

export const shuffled = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** A relay that was killed leaves its webhooks leased. Makes them due immediately. */
export const endRelayLeases = (pool: TestDatabase['pool']) =>
  pool.query(
    "UPDATE webhook_inbox SET next_attempt_at = now() WHERE state = 'received' AND next_attempt_at > now() + interval '30 seconds'",
  );
