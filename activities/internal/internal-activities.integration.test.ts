import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { participantSchema } from '../../domain/audition/request.ts';
import { participantResource } from '../../domain/audition/slot-resources.ts';
import type { TrailPosition } from '../../domain/audition/trail-facts.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import { type AuditionId, participantIdSchema } from '../../domain/ids.ts';
import { hour } from '../../domain/time/units.ts';
import { auditionPlan } from '../../tests/harness/audition-plan.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  numbered,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { operation, outcome } from '../../tests/harness/ledger.ts';
import type { AuditionCall } from '../contract.ts';
import type { AuditionRuns } from '../reconciliation/audition-runs.ts';
import { createInternalActivities } from './internal-activities.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The slot of `factsUntilScheduled`. */
const slot = { start: '2027-03-01T10:00:00.000Z', end: '2027-03-01T10:30:00.000Z' } as const;

/** Returns the activities at this time, run as activities of the run. */
const activitiesAt = (
  now: string,
  runId = 'run-1',
  findPlan: AuditionRuns['findPlan'] = async () => undefined,
) => {
  const { repositories } = database;
  const activities = createInternalActivities({ repositories, runs: { findPlan } }, () => Date.parse(now));
  const run = <Input, Result>(activity: (input: Input) => Promise<Result>, input: Input): Promise<Result> =>
    new MockActivityEnvironment(
      { workflowExecution: { workflowId: 'w', runId } },
      { logger: new DefaultLogger('ERROR') },
    ).run(activity, input);
  return {
    recordEvents: (input: Parameters<typeof activities.recordEvents>[0]) =>
      run(activities.recordEvents, input),
    adoptTrail: (input: Parameters<typeof activities.adoptTrail>[0]) => run(activities.adoptTrail, input),
  };
};

const call = (auditionId: AuditionId, position: TrailPosition): AuditionCall => ({
  organization: 'org_north',
  auditionId,
  correlationId: 'c',
  trail: position,
});

const claimSlot = (auditionId: AuditionId, claim: number) =>
  database.repositories.holds.claim(
    { auditionId, run: 'run-1', position: { facts: [], number: 0 } },
    { organization: 'org_north', claim, slot, resources: [`room:${auditionId}`] },
  );

describe('recordEvents', () => {
  const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };

  it('appends the facts once, and returns the last sequence of the trail', async () => {
    const id = newAuditionId();
    const { recordEvents } = activitiesAt('2027-02-01T00:00:00.000Z');
    const input = call(id, numbered(trail(factsUntilScheduled(id))));

    expect(await recordEvents(input)).toEqual({ sequence: 6 });
    expect(await recordEvents(input)).toEqual({ sequence: 6 });

    expect(await database.repositories.auditions.get('org_north', id)).toMatchObject({ state: 'scheduled' });
  });

  it('releases holds with the facts', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    await claimSlot(id, 1);
    const { recordEvents } = activitiesAt('2027-02-01T00:00:00.000Z');

    await recordEvents({
      ...call(id, numbered(trail([cancelled], { from: 7 }))),
      releaseHolds: { through: 1 },
    });

    expect(await database.repositories.holds.claims(id)).toEqual({ last: 1, held: [] });
    expect(await claimSlot(id, 1)).toEqual({ kind: 'released' });
  });

  it('lets another audition take the holds while a decline can be changed', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    await claimSlot(id, 1);
    const { recordEvents } = activitiesAt('2027-02-01T00:00:00.000Z');

    await recordEvents({ ...call(id, { facts: [], number: 6 }), yieldHolds: true });

    const rival = await database.repositories.holds.claim(
      { auditionId: newAuditionId(), run: 'run-1', position: { facts: [], number: 0 } },
      { organization: 'org_north', claim: 1, slot, resources: [`room:${id}`] },
    );
    expect(rival).toMatchObject({ kind: 'held' });
  });

  it('refuses a run that does not know the trail, and releases nothing', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    await claimSlot(id, 1);
    const { recordEvents } = activitiesAt('2027-02-01T00:00:00.000Z', 'run-2');

    const late = recordEvents({
      ...call(id, numbered(trail([cancelled], { from: 2 }))),
      releaseHolds: { through: 1 },
    });

    await expect(late).rejects.toMatchObject({ name: 'TrailAhead' });
    expect((await database.repositories.holds.claims(id)).held).toHaveLength(1);
  });
});

describe('adoptTrail', () => {
  const performer = participantSchema.parse({
    id: 'performer-1',
    kind: 'performer',
    name: 'Ada',
    zone: 'Europe/Paris',
    channels: ['email'],
    quietHours: { from: '22:00', until: '08:00' },
  });
  const about = (auditionId: AuditionId) => ({
    organization: 'org_north' as const,
    auditionId,
    correlationId: 'c',
    reminders: [24 * hour, hour],
    participants: [performer],
  });

  it('returns nothing for an audition without a trail, or of another organization', async () => {
    const id = newAuditionId();
    const { adoptTrail } = activitiesAt('2027-02-01T00:00:00.000Z');
    expect(await adoptTrail(about(id))).toBeUndefined();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    expect(await adoptTrail({ ...about(id), organization: 'org_south' })).toBeUndefined();
  });

  it('returns the view, the last number, the claims and the standing effects', async () => {
    const id = newAuditionId();
    const { repositories } = database;
    await storeEvents(repositories.events, id, trail(factsUntilScheduled(id)));
    await claimSlot(id, 2);
    const target = { kind: 'meeting', provider: 'zoom', slot: { ...slot, zone: 'UTC' } } as const;
    const key = `audition/${id}:meeting`;
    await repositories.ledger.begin({ ...operation(key), auditionId: id, target });
    await repositories.ledger.complete(key, outcome);
    const { adoptTrail } = activitiesAt('2027-02-01T00:00:00.000Z');

    const adopted = await adoptTrail(about(id));

    expect(adopted).toEqual({
      view: foldEvents(trail(factsUntilScheduled(id))),
      number: 6,
      effects: [{ key, target, providerId: outcome.providerId }],
      // The claim of this test holds a room only.
      claims: { last: 2, held: 2, isForOtherCast: true },
      reminders: [24, 1].map((hours) => ({
        at: new Date(Date.parse(slot.start) - hours * hour).toISOString(),
        offsetMs: hours * hour,
        participants: [participantIdSchema.parse('performer-1')],
      })),
      reportOrders: [],
      answeredAt: {},
    });
  });

  it('says when the audition moved to its present slot', async () => {
    const id = newAuditionId();
    const moved = { type: 'slot_moved', slot: { ...slot, zone: 'UTC' }, revision: 2, origin: 'api' } as const;
    const events = trail([...factsUntilScheduled(id), moved]);
    await storeEvents(database.repositories.events, id, events);
    const { adoptTrail } = activitiesAt('2027-02-01T00:00:00.000Z');
    expect((await adoptTrail(about(id)))?.movedAt).toBe(events.at(-1)?.at);
  });

  it('says whether the slot is held for the participants of the trail', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    const { view } = (await database.repositories.events.head('org_north', id)) ?? {};
    const resources = (view?.participants ?? []).map((participant) => participantResource(participant.id));
    await database.repositories.holds.claim(
      { auditionId: id, run: 'run-1', position: { facts: [], number: 0 } },
      { organization: 'org_north', claim: 1, slot, resources },
    );
    const { adoptTrail } = activitiesAt('2027-02-01T00:00:00.000Z');
    expect((await adoptTrail(about(id)))?.claims).toEqual({ last: 1, held: 1 });
  });

  it('returns the plan of the earlier run, whose cast can have changed', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    const { run } = (await database.repositories.events.head('org_north', id)) ?? {};
    const plan = auditionPlan(Date.parse(slot.start), { id, participants: [performer], reminders: [hour] });
    const asked: string[] = [];
    const findPlan: AuditionRuns['findPlan'] = async (_id, runId) => {
      asked.push(runId);
      return plan;
    };
    const now = '2027-02-01T00:00:00.000Z';

    const adopted = await activitiesAt(now, 'run-after-reset', findPlan).adoptTrail(about(id));
    expect(adopted).toMatchObject({ plan, reminders: [{ offsetMs: hour }] });
    expect(asked).toEqual([run]);
    expect((await activitiesAt(now, run, findPlan).adoptTrail(about(id)))?.plan).toBeUndefined();
  });

  it('leaves out reminders that are past, and all of them after the audition was closed', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    const { adoptTrail } = activitiesAt('2027-03-01T00:00:00.000Z');

    expect((await adoptTrail(about(id)))?.reminders).toMatchObject([{ offsetMs: hour }]);
    const cancelled = trail([{ type: 'cancelled', origin: 'api' }], { from: 7 });
    await storeEvents(database.repositories.events, id, cancelled);
    expect((await adoptTrail(about(id)))?.reminders).toEqual([]);
  });

  it('returns no held claim when the slot is not held any more', async () => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id)));
    await claimSlot(id, 1);
    await database.repositories.holds.releaseAll(id);
    const { adoptTrail } = activitiesAt('2027-02-01T00:00:00.000Z');

    expect((await adoptTrail(about(id)))?.claims).toEqual({ last: 1, held: undefined });
  });
});
