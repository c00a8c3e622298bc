/** Tests the rules about conflicts in requests: whose settings hold, who may override, and what a refusal says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../../../domain/audition/conflict-rules.ts';
import type { OrganizationConflicts } from '../../../../domain/audition/conflict-settings.ts';
import type { SlotConflict } from '../../../../domain/audition/slot-conflict.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { participantIdSchema } from '../../../../domain/ids.ts';
import { minute } from '../../../../domain/time/units.ts';
import { auditionRequest, createTestApi, startFacts } from '../../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Role = 'backend' | 'operator' | 'admin';

const setup = async (conflicts?: OrganizationConflicts) => {
  const test = await createTestApi(database);
  const organization = `org_${crypto.randomUUID()}` as const;
  await database.repositories.organizations.put({
    id: organization,
    name: 'Office',
    meetingProviders: [],
    conflicts,
  });
  const request = async (body: Record<string, unknown>, role: Role = 'backend') =>
    test.call('POST', '/v1/auditions', {
      key: await test.keyFor(role, organization),
      body: auditionRequest(body),
      headers: { 'idempotency-key': crypto.randomUUID() },
    });
  const reschedule = async (body: Record<string, unknown>, role: Role = 'backend') => {
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsUntilScheduled(id, organization)));
    return test.call('POST', `/v1/auditions/${id}/reschedule`, {
      key: await test.keyFor(role, organization),
      body: { slot: { start: '2026-12-02T15:00', end: '2026-12-02T15:30', zone: 'UTC' }, ...body },
    });
  };
  return { ...test, request, reschedule };
};

const conflict: SlotConflict = {
  blockers: [
    {
      kind: 'calendar_event',
      participants: [participantIdSchema.parse('director-1')],
      connection: 'conn_1',
      start: '2026-12-01T09:00:00.000Z',
      end: '2026-12-01T09:15:00.000Z',
    },
  ],
  alternatives: [
    {
      start: '2026-12-01T09:15:00.000Z',
      end: '2026-12-01T09:45:00.000Z',
      withinWorkingHours: true,
      quietConflicts: 0,
      reason: 'Free, within the working hours of all participants, 15 minutes later.',
    },
  ],
};

describe('the rules of a requested audition', () => {
  it("are the organization's, unless the request has others", async () => {
    const { request, orchestration } = await setup({ policy: 'propose', buffer: 'PT15M', travel: 'PT30M' });
    expect((await request({ conflicts: { buffer: 'PT5M', tentative: 'ignore' } })).status).toBe(201);
    expect(orchestration.started[0]?.conflicts).toEqual({
      ...defaultConflictRules,
      policy: 'propose',
      buffer: 5 * minute,
      travel: 30 * minute,
      tentative: 'ignore',
    });
  });

  it('are the defaults for an organization without settings', async () => {
    const { request, orchestration } = await setup();
    await request({});
    expect(orchestration.started[0]?.conflicts).toEqual(defaultConflictRules);
    expect(orchestration.started[0]).not.toHaveProperty('mayOverrideConflicts');
  });

  it.each([
    [{ buffer: 'P1D' }, 'invalid_body', '/conflicts/buffer'],
    [{ waitFor: 'PT0S' }, 'duration_too_short', '/conflicts/waitFor'],
    [{ policy: 'hope' }, 'invalid_body', '/conflicts/policy'],
  ])('are refused with %j', async (conflicts, code, pointer) => {
    const { request } = await setup();
    expect((await request({ conflicts })).body).toMatchObject({ code, errors: [{ pointer }] });
  });
});

describe('the right to override', () => {
  const override = { conflicts: { policy: 'override' } };

  it('is refused to the backend, which asks for it, and given to the admin', async () => {
    const { request, orchestration } = await setup();
    const refused = await request(override);
    expect([refused.status, refused.body]).toMatchObject([403, { code: 'forbidden' }]);
    expect(orchestration.started).toEqual([]);
    expect((await request(override, 'admin')).status).toBe(201);
    expect(orchestration.started[0]).toMatchObject({
      conflicts: { policy: 'override' },
      mayOverrideConflicts: true,
    });
  });

  it('does not follow from the policy of the organization', async () => {
    const { request, orchestration } = await setup({ policy: 'override' });
    expect((await request({})).status).toBe(201);
    expect(orchestration.started[0]).not.toHaveProperty('mayOverrideConflicts');
  });

  it('is given to the roles that the organization names', async () => {
    const { request, reschedule } = await setup({ overrideBy: ['backend'] });
    expect((await request(override)).status).toBe(201);
    expect((await reschedule(override, 'operator')).status).toBe(403);
  });

  it('is sent to the workflow with a reschedule', async () => {
    const { reschedule, orchestration } = await setup();
    expect((await reschedule(override)).status).toBe(403);
    expect((await reschedule(override, 'operator')).status).toBe(202);
    await reschedule({ conflicts: { policy: 'wait', waitFor: 'PT10M' } });
    await reschedule({});
    expect(orchestration.receivedCommands.map(({ message }) => message.command)).toMatchObject([
      { conflicts: { policy: 'override', mayOverride: true } },
      { conflicts: { policy: 'wait', waitFor: 10 * minute } },
      { conflicts: undefined },
    ]);
  });
});

describe('the refusal of a slot', () => {
  it('says what blocks a first slot, and proposes others', async () => {
    const { request, orchestration } = await setup();
    orchestration.override({
      start: async (plan) => {
        await storeEvents(database.repositories.events, plan.id, trail(startFacts(plan, 'taken')));
        const result = { kind: 'refused', reason: 'busy', message: 'Busy.', conflict, sequence: 3 } as const;
        return { kind: 'done', result };
      },
    });
    const { status, body } = await request({});
    expect([status, body]).toMatchObject([409, { code: 'slot_taken', conflict }]);
  });

  it('says what blocks a slot that the audition should move to', async () => {
    const { reschedule, orchestration } = await setup();
    const refusal = new Refusal('slot_taken', 'Busy.', 'Choose another slot.', [], conflict);
    orchestration.override({ sendUpdate: () => Promise.reject(refusal) });
    const { status, body } = await reschedule({});
    expect([status, body]).toMatchObject([409, { code: 'slot_taken', conflict }]);
  });
});
