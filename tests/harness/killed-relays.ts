/** Helpers for tests that kill webhook relays: they shuffle webhooks and expire leases. */
import type { TestDatabase } from './database.ts';
import { seededRandom } from './depth.ts';

const random = seededRandom();

export const shuffled = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** Makes the webhooks that a killed relay left leased due immediately. */
export const endRelayLeases = (pool: TestDatabase['pool']) =>
  pool.query(
    "UPDATE webhook_inbox SET next_attempt_at = now() WHERE state = 'received' AND next_attempt_at > now() + interval '30 seconds'",
  );
