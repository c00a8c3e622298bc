/** The scheduling phase as the platform sees it: a request over HTTP, until the audition is scheduled. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { AuditionId } from '../../../domain/ids.ts';
import { type ApiClient, day, requestBody } from '../../harness/api-client.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';

export interface Auditions {
  /** Requests one and resolves with its id when the read model says that it is scheduled. */
  schedule(): Promise<AuditionId>;
  close(): Promise<void>;
}

/** Longer than a slot, so that no audition is in another one's way: they share two calendars. */
const apart = 45 * 60_000;
const pollIntervalMs = 20;
const timeoutMs = 60_000;

const rows = z.array(z.object({ id: z.string() }));

export const openAuditions = ({ database }: ServiceUnderTest, platform: ApiClient): Auditions => {
  const waiting = new Map<string, () => void>();
  let requested = 0;
  const closing = new AbortController();

  /** One question for all who wait: a question for each would be measured along with what it asks about. */
  const look = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await pause(pollIntervalMs);
      if (waiting.size === 0) continue;
      const found = await database.pool.query(
        "SELECT id FROM auditions WHERE state = 'scheduled' AND id = ANY($1)",
        [[...waiting.keys()]],
      );
      for (const { id } of rows.parse(found.rows)) {
        waiting.get(id)?.();
        waiting.delete(id);
      }
    }
  };
  const looking = look();

  return {
    async schedule() {
      requested += 1;
      const { id } = await platform.request(requestBody(requested, 10 * day + requested * apart));
      await new Promise<void>((resolve, reject) => {
        const overdue = setTimeout(() => reject(new Error(`${id} is not scheduled`)), timeoutMs);
        waiting.set(id, () => {
          clearTimeout(overdue);
          resolve();
        });
      });
      return id;
    },
    async close() {
      closing.abort();
      await looking;
    },
  };
};
