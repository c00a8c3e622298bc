/** What lies in the inbox of webhooks, opened, for tests of what is put there. */
import type { TestDatabase } from './database.ts';

/** In the order of their arrival; claims them for a minute. */
export const takeFromInbox = async ({ repositories }: TestDatabase) => {
  const claimed = await repositories.inbox.claim(100, 60_000);
  return Promise.all(
    claimed.map(async (one) => ({
      id: one.id,
      provider: one.provider,
      correlationId: one.correlationId,
      told: await one.read(),
    })),
  );
};
