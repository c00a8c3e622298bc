/** An audition of the test API whose commands are answered without a workflow. */
import type { AuditionFact } from '../../domain/audition/events.ts';
import { createTestApi } from './api.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from './audition-trail.ts';
import type { TestDatabase } from './database.ts';

/** Stores a scheduled audition with more facts, and returns it with an API that sends its commands nowhere. */
export const createCommandedAudition = async (database: TestDatabase, ...more: readonly AuditionFact[]) => {
  const test = await createTestApi(database);
  const key = await test.keyFor('operator');
  const id = newAuditionId();
  const events = trail([...factsUntilScheduled(id, 'org_north'), ...more]);
  await storeEvents(database.repositories.events, id, events);
  let sequence = events.length;
  /** Appends facts with the correlation ID of a command, as its workflow does. */
  const record = async (correlationId: string, ...facts: readonly AuditionFact[]) => {
    const recorded = trail(facts, { from: sequence + 1 }).map((event) => ({ ...event, correlationId }));
    await storeEvents(database.repositories.events, id, recorded);
    sequence += facts.length;
  };
  const answered = async () => ({ kind: 'done', result: { sequence } }) as const;
  const pending = async () => ({ kind: 'done', result: { sequence, isPending: true } }) as const;
  test.orchestration.override({ sendUpdate: answered });
  const ask = (command: string, body: unknown, headers: Record<string, string> = {}) =>
    test.call('POST', `/v1/auditions/${id}/${command}`, { key, body, headers });
  return { ...test, key, id, ask, record, answered, pending };
};
