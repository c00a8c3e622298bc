import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { TrailPosition } from '../../domain/audition/trail-facts.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { factsUntilScheduled, newAuditionId, numbered, trail } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { AuditionCall } from '../contract.ts';
import { openTrail } from './trail.ts';

let database: TestDatabase;
let events: EventStore;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ events } = database.repositories);
});
afterAll(() => database.drop());

const skipped: AuditionFact = { type: 'step_skipped', step: 'reminder', detail: 'own' };
const own = { key: 'k', at: '2026-11-24T01:00:00.000Z', correlationId: 'c', fact: skipped } as const;

const call = (auditionId: AuditionId, position: TrailPosition): AuditionCall => ({
  organization: 'org_north',
  auditionId,
  correlationId: 'c',
  trail: position,
});

/** Runs an activity in the run of a workflow. */
const inRun = <Result>(
  runId: string,
  input: AuditionCall,
  activity: (input: AuditionCall) => Promise<Result>,
): Promise<Result> =>
  new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'w', runId } },
    { logger: new DefaultLogger('ERROR') },
  ).run(activity, input);

/** An activity that reports its effect. */
const appendOwn = async (input: AuditionCall) => (await openTrail(events, input)).append({ facts: [own] });

const sequences = async (id: AuditionId) =>
  (await events.read('org_north', id, { after: 0, limit: 100 })).map(({ sequence }) => sequence);

describe('the trail of an activity', () => {
  it('gets the facts of the call first, then those of the activity', async () => {
    const id = newAuditionId();
    const position = numbered(trail(factsUntilScheduled(id)));

    const appended = await inRun('run-1', call(id, position), async (input) => {
      const opened = await openTrail(events, input);
      expect(await sequences(id)).toHaveLength(6);
      return opened.append({ facts: [own] });
    });

    expect(appended).toMatchObject({ sequence: 7, appended: [{ sequence: 7, fact: skipped }] });
  });

  it('gets each fact once when the activity runs again', async () => {
    const id = newAuditionId();
    const input = call(id, numbered(trail(factsUntilScheduled(id))));

    await inRun('run-1', input, appendOwn);
    await inRun('run-1', input, appendOwn);

    expect(await sequences(id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('refuses a run that does not know the facts of another run, before an effect', async () => {
    const id = newAuditionId();
    const life = trail(factsUntilScheduled(id));
    await inRun('run-1', call(id, numbered(life)), (input) => openTrail(events, input));
    let effects = 0;

    const late = inRun('run-2', call(id, { facts: [], number: 2 }), async (input) => {
      await openTrail(events, input);
      effects += 1;
    });

    await expect(late).rejects.toMatchObject({ name: 'TrailAhead', number: 6 });
    expect(effects).toBe(0);
  });
});
