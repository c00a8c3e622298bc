/** Runs the scheduling phase as the platform sees it: from the HTTP request until the audition is scheduled. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { AuditionId } from '../../../domain/ids.ts';
import { type ApiClient, day, requestBody } from '../../harness/api-client.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';

export interface Auditions {
  /** Requests an audition, and resolves with its ID when the read model shows it as scheduled. */
  schedule(): Promise<AuditionId>;
  close(): Promise<void>;
}

/** Milliseconds between two slots. It exceeds the length of a slot, because all auditions share two calendars. */
const slotDistanceMs = 45 * 60_000;
const pollIntervalMs = 20;
const timeoutMs = 60_000;

const rows = z.array(z.object({ id: z.string() }));

export const openAuditions = ({ database }: ServiceUnderTest, platform: ApiClient): Auditions => {
  const waiting = new Map<string, () => void>();
  let requested = 0;
  const closing = new AbortController();

  /** One query serves all waiting requests; one query per request would distort the measurement. */
  const poll = async (): Promise<void> => {
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
  const polling = poll();

  return {
    async schedule() {
      requested += 1;
      const { id } = await platform.request(requestBody(requested, 10 * day + requested * slotDistanceMs));
      await new Promise<void>((resolve, reject) => {
        const overdue = setTimeout(
          () => reject(new Error(`${id} was not scheduled within ${timeoutMs} ms`)),
          timeoutMs,
        );
        waiting.set(id, () => {
          clearTimeout(overdue);
          resolve();
        });
      });
      return id;
    },
    async close() {
      closing.abort();
      await polling;
    },
  };
};
