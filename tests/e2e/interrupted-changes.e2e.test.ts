/**
 * Tests what a run that takes over completes or gives back: an operator has reset or terminated the earlier run between
 * two steps of a change.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import * as messages from '../../workflows/audition/messages.ts';
import { slotIn } from '../harness/audition-plan.ts';
import { createTakeovers, effectsOf } from '../harness/takeovers.ts';
import {
  apiCommand,
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let harness: WorkflowHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

const { reset, latest, resolve, takeOver } = createTakeovers(() => harness);
const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

const agent = participantSchema.parse({
  id: 'agent-1',
  kind: 'agent',
  name: 'Alan Agent',
  email: 'alan@example.com',
  zone: 'Europe/Paris',
  locale: 'en',
  channels: ['email'],
  required: false,
});

describe('an audition that was reset while its compensation waited for an operator', () => {
  it('is not stuck at a question that the trail does not contain', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      played.world.fail('removeMeeting', 'reconnect');
      await played.send(messages.cancelUpdate, apiCommand);
      await played.until(({ attention }) => attention.some(({ step }) => step === 'compensation'));
      // The new run raises the item again, and cannot write it.
      await reset(played, 'active');
      expect(await latest(played).result()).toMatchObject({ state: 'closed', attention: [] });
    });
  });
});

describe('an audition whose cast changed before it was reset', () => {
  it('informs the new participant when it is undone', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'add', participant: agent }],
      });
      await played.until(({ notices }) => notices.some(({ participant }) => participant === agent.id));
      const { plan, world } = played;
      world.adoptedPlan = { ...plan, participants: [...plan.participants, agent] };
      world.effects = effectsOf({ ...played, plan: world.adoptedPlan });
      await reset(played);
      await resolve(played, 'abort');
      await latest(played).result();
      expect(world.retractions.filter((key) => key.includes(agent.id))).toHaveLength(1);
    });
  });
});

describe('an audition that was terminated during a change', () => {
  it('releases the slot of a move that was not recorded', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      // The activity completes nevertheless.
      played.world.beforeActivity = async ({ activity, key }) => {
        if (activity === 'claimSlot' && key === '2') await played.handle.terminate();
      };
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const moved = played.handle.executeUpdate(messages.rescheduleUpdate, {
        args: [{ ...apiCommand, wish }],
      });
      await expect(moved).rejects.toBeInstanceOf(Error);
      await expect.poll(() => played.world.claims.size).toBe(2);
      played.world.effects = effectsOf(played);
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'retry');
      await expect.poll(() => [...played.world.claims], { timeout: 20_000 }).toEqual([1]);
    });
  });

  it('holds its slot for the present cast', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.handle.terminate();
      played.world.effects = effectsOf(played);
      played.world.isHeldForOtherCast = true;
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'retry');
      await expect.poll(() => [...played.world.claims], { timeout: 20_000 }).toEqual([2]);
    });
  });

  it('removes the meeting of a provider that had failed, and keeps the other', async () => {
    await harness.runAudition({}, async (played) => {
      const { world, handle } = played;
      world.fail('createMeeting', 'reconnect', ':zoom:');
      world.fail('removeMeeting', 'outage', ':zoom:');
      await invited(played);
      const { taskQueue } = await handle.describe();
      await handle.terminate();
      world.clearFaults();
      const [meet = ''] = world.meetings;
      const zoom = meet.replace('google_meet', 'zoom');
      // Zoom has created it, and its answer was lost.
      world.meetings.add(zoom);
      const slot = slotIn(72, 0);
      world.effects = [
        { key: zoom, target: { kind: 'meeting', provider: 'zoom', slot } },
        { key: meet, target: { kind: 'meeting', provider: 'google_meet', slot }, providerId: meet },
      ];
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'retry');
      await expect.poll(() => [...world.meetings], { timeout: 20_000 }).toEqual([meet]);
    });
  });

  it('tells a participant who was removed, and was not told yet', async () => {
    await harness.runAudition({}, async (played) => {
      const { world, plan, handle } = played;
      await invited(played);
      const [one, two, reader] = plan.participants;
      if (!one || !two || !reader) throw new Error('the plan has no reader');
      world.fail('retractNotice', 'outage');
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: reader.id }],
      });
      const { taskQueue } = await handle.describe();
      world.effects = effectsOf(played);
      await handle.terminate();
      world.clearFaults();
      const present = { ...plan, participants: [one, two], formerParticipants: [reader] };
      const terminated = { cause: 'terminated', correlationId: 'test' } as const;
      await takeOver({ ...played, plan: present }, terminated, taskQueue);
      await resolve(played, 'retry');
      await expect
        .poll(() => world.retractions.filter((key) => key.includes(reader.id)), { timeout: 20_000 })
        .toHaveLength(1);
    });
  });
});
