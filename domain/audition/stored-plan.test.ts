import { describe, expect, it } from 'vitest';
import { auditionPlan } from '../../tests/harness/audition-plan.ts';
import { factsUntilScheduled, trail } from '../../tests/harness/audition-trail.ts';
import { defaultConflictRules } from './conflict-rules.ts';
import { defaultPolicy } from './policy.ts';
import { parseStoredPlan, planFromView } from './stored-plan.ts';
import { foldEvents } from './view.ts';

describe('parseStoredPlan', () => {
  const plan = auditionPlan(Date.UTC(2027, 0, 1), { notes: 'Bring the sides' });

  it('returns the plan that a workflow was started with', () => {
    expect(parseStoredPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('returns the rules about conflicts, completed with the defaults', () => {
    const blackouts = [{ from: '2027-12-24', until: '2027-12-26', zone: 'Europe/Paris' }];
    const conflicts = { ...defaultConflictRules, policy: 'override', buffer: 900_000, blackouts } as const;
    const ruled = { ...plan, conflicts, mayOverrideConflicts: true };
    expect(parseStoredPlan(JSON.parse(JSON.stringify(ruled)))).toEqual(ruled);
    expect(parseStoredPlan({ ...plan, conflicts: { policy: 'wait' } })?.conflicts).toEqual({
      ...defaultConflictRules,
      policy: 'wait',
    });
  });

  it('returns the settings and the host of the meeting', () => {
    const hosted = {
      ...plan,
      meetingSettings: { waitingRoom: true, passcode: { kind: 'given', value: 'abc' } },
      meetingSettingsOfRounds: { callback: { breakoutRooms: [{ name: 'Pair 1' }] } },
      meetingHost: { kind: 'connection', connection: 'conn_1' },
    };
    expect(parseStoredPlan(JSON.parse(JSON.stringify(hosted)))).toEqual(hosted);
  });

  it('completes the policy of a plan that an earlier version has stored', () => {
    const { declineGrace: _, ...policy } = plan.policy;
    expect(parseStoredPlan({ ...plan, policy })?.policy.declineGrace).toBe(defaultPolicy.declineGrace);
  });

  it('returns undefined for any other value', () => {
    expect(parseStoredPlan({ ...plan, participants: 'nobody' })).toBeUndefined();
    expect(parseStoredPlan(undefined)).toBeUndefined();
  });
});

describe('planFromView', () => {
  const view = foldEvents(trail(factsUntilScheduled('aud_1')));

  it('contains the ids, kinds and zones, and no channel', () => {
    expect(planFromView(view, 'correlation-2')).toMatchObject({
      id: 'aud_1',
      organization: view.organization,
      correlationId: 'correlation-2',
      wish: { kind: 'fixed', slot: view.slot },
      meetingProviders: ['zoom'],
      participants: [{ id: 'performer-1', kind: 'performer', zone: 'Europe/Paris', channels: [] }],
    });
  });

  it('exists for an audition without a slot', () => {
    const [requested] = trail(factsUntilScheduled('aud_1'));
    if (!requested) throw new Error('the trail is empty');
    const plan = planFromView(foldEvents([requested]), 'correlation-2');
    expect(plan.wish).toMatchObject({ slot: { start: requested.at } });
    expect(plan.meetingProviders).toEqual([]);
  });
});
