/** Tests the take-over of an audition whose workflow an operator has reset or terminated in Temporal. */
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowIdReusePolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import * as messages from '../../workflows/audition/messages.ts';
import type { audition } from '../../workflows/audition/workflow.ts';
import { castingDirector, performer, slotIn } from '../harness/audition-plan.ts';
import { createTakeovers, effectsOf } from '../harness/takeovers.ts';
import {
  apiCommand,
  operatorCommand,
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let harness: WorkflowHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

const { reset, latest, untilAsked, resolve, takeOver } = createTakeovers(() => harness);

const sideEffects = ({ world }: RunningAudition) => ({
  meetings: [...world.meetings],
  events: [...world.calendarEvents],
  notices: [...world.notices],
  claims: [...world.claims],
});

describe('an audition that was reset to its first workflow task', () => {
  it('touches nothing and asks an operator, who resumes it', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      await played.send(messages.respondUpdate, {
        ...apiCommand,
        participant: performer.id,
        answer: 'accepted',
      });
      const before = sideEffects(played);
      played.world.effects = effectsOf(played);
      await reset(played);
      const item = await untilAsked(played);
      expect(item.actions).toEqual(['retry', 'abort']);
      expect(sideEffects(played)).toEqual(before);
      await resolve(played, 'retry');
      const view = await latest(played).query(messages.viewQuery);
      expect(view).toMatchObject({ state: 'scheduled', revision: 1, attention: [] });
      expect(view.participants[0]?.answer).toBe('accepted');
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      expect(await latest(played).result()).toMatchObject({ outcome: 'cancelled' });
      expect(played.world).toMatchObject({ meetings: new Set(), calendarEvents: new Set() });
      expect(played.world.retractions).toHaveLength(4);
    });
  });

  it('keeps its room, and frees it when it is cancelled', async () => {
    const roomCalendar = {
      provider: 'google',
      connection: 'conn_rooms',
      email: 'studio@resource.calendar.google.com',
    } as const;
    const slot = { ...slotIn(72, Date.now()), room: 'Studio 2', roomCalendar };
    await harness.runAudition({ plan: { wish: { kind: 'fixed', slot } } }, async (played) => {
      await invited(played);
      const before = sideEffects(played);
      expect(before.events.some((key) => key.endsWith(':room-booking'))).toBe(true);
      played.world.effects = effectsOf(played);
      await reset(played);
      await resolve(played, 'retry');
      expect(sideEffects(played)).toEqual(before);
      expect(await latest(played).query(messages.viewQuery)).toMatchObject({
        slot: { roomCalendar },
        roomBooking: { answer: 'pending' },
      });
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      await latest(played).result();
      expect(played.world.calendarEvents).toEqual(new Set());
    });
  });

  it.each(['first', 'invited', 'last'] as const)(
    'does not repeat commands that Temporal applies again to the new run (%s task)',
    async (to) => {
      await harness.runAudition({}, async (played) => {
        await invited(played);
        const slots = [slotIn(96, Date.now()), slotIn(120, Date.now())] as const;
        for (const slot of slots) {
          const wish = { kind: 'fixed', slot } as const;
          const correlationId = `move-${slot.start}`;
          await played.send(messages.rescheduleUpdate, { ...apiCommand, correlationId, wish });
        }
        await played.until(({ notices }) => notices.length === 12);
        played.world.effects = effectsOf(played);
        const before = sideEffects(played);
        await reset(played, to);
        if (to !== 'last') await resolve(played, 'retry');
        const answered = await latest(played).executeUpdate(messages.respondUpdate, {
          args: [{ ...apiCommand, participant: performer.id, answer: 'accepted' }],
        });
        expect(answered.sequence).toBeGreaterThan(0);
        await pause(1_000);
        const view = await latest(played).query(messages.viewQuery);
        expect(view).toMatchObject({ state: 'scheduled', revision: 3, slot: slots[1] });
        expect(sideEffects(played)).toEqual(before);
        await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      });
    },
  );

  it('knows who has left and who was added since, although it lacks their details', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const substitute = participantSchema.parse({
        ...castingDirector,
        id: 'director-2',
        calendar: undefined,
      });
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [
          { kind: 'remove', participant: castingDirector.id },
          { kind: 'add', participant: substitute },
        ],
      });
      await played.until(({ notices }) => notices.length === 5);
      await expect.poll(() => played.world.retractions.length, { timeout: 10_000 }).toBe(1);
      played.world.effects = effectsOf(played);
      await reset(played);
      expect((await untilAsked(played)).what).toContain('The details of director-2 are no longer known');
      await resolve(played, 'retry');
      const plan = await latest(played).query(messages.planQuery);
      expect(plan.participants.map(({ id, channels }) => [id, channels.length])).toEqual([
        [performer.id, 2],
        ['reader-1', 1],
        ['director-2', 0],
      ]);
      await latest(played).executeUpdate(messages.participantsUpdate, {
        args: [
          {
            ...apiCommand,
            changes: [
              { kind: 'remove', participant: substitute.id },
              { kind: 'add', participant: substitute },
            ],
          },
        ],
      });
      await expect.poll(() => played.world.notices.length, { timeout: 10_000 }).toBe(6);
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
    });
  });

  it('is undone to the end when it was reset while its closing was being undone', async () => {
    await closedHalfUndone(async (played) => {
      await reset(played, 'active');
      played.world.clearFaults();
      expect(await latest(played).result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect([played.world.meetings.size, played.world.claims.size]).toEqual([0, 0]);
    });
  });

  it('stays closed when the first to notice the reset is its last write', async () => {
    const soon = { kind: 'fixed', slot: slotIn(5 / 3_600, Date.now()) } as const;
    await harness.runAudition({ plan: { wish: soon } }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      await played.until(({ state }) => state === 'in_progress');
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      await played.handle.result();
      await reset(played, 'last');
      expect(await latest(played).result()).toMatchObject({ state: 'closed', outcome: 'booked' });
    });
  });

  it('is undone by the ledger when the operator aborts', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      played.world.effects = effectsOf(played);
      await reset(played);
      await resolve(played, 'abort');
      expect(await latest(played).result()).toMatchObject({ outcome: 'failed', attention: [] });
      expect([played.world.meetings.size, played.world.calendarEvents.size]).toEqual([0, 0]);
      expect(played.world.claims.size).toBe(0);
      expect(played.world.retractions).toHaveLength(4);
    });
  });
});

describe('an audition that was terminated while its participants were being invited', () => {
  it('invites the others when an operator resumes it, each notice under the key of its first attempt', async () => {
    await harness.runAudition({}, async (played) => {
      const { world, handle } = played;
      world.fail('sendNotices', 'outage', '');
      world.fail('sendNotice', 'outage', ':sms:');
      await played.until(({ notices }) => notices.length === 3);
      const { taskQueue } = await handle.describe();
      await handle.terminate();
      world.clearFaults();
      world.effects = effectsOf(played);
      await harness.environment.client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
        workflowId: handle.workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        taskQueue,
        args: [{ plan: played.plan, takeover: { cause: 'terminated', correlationId: 'test' } }],
      });
      await resolve(played, 'retry');
      await expect
        .poll(async () => (await latest(played).query(messages.viewQuery)).notices.length, {
          timeout: 20_000,
        })
        .toBe(4);
      // The ledger sends a notice once for each key.
      expect(new Set(world.notices).size).toBe(4);
    });
  });
});

/** Runs a test with an audition that is closed, and whose meeting cannot be removed until the faults are cleared. */
const closedHalfUndone = (
  test: (played: RunningAudition, taskQueue: string) => Promise<void>,
  how: 'cancelled' | 'released' = 'cancelled',
) =>
  harness.runAudition({}, async (played) => {
    await invited(played);
    const { taskQueue } = await played.handle.describe();
    played.world.fail('removeMeeting', 'reconnect');
    if (how === 'cancelled') void played.send(messages.cancelUpdate, apiCommand).catch(() => undefined);
    else await played.send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
    await played.until(({ attention }) => attention.some(({ step }) => step === 'compensation'));
    played.world.effects = effectsOf(played).filter(({ target }) => target.kind === 'meeting');
    await test(played, taskQueue);
  });

describe('an audition that was terminated', () => {
  it('is taken over, and can be undone', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.handle.terminate();
      played.world.effects = effectsOf(played);
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'abort');
      expect(await latest(played).result()).toMatchObject({ outcome: 'failed' });
      expect([played.world.meetings.size, played.world.calendarEvents.size]).toEqual([0, 0]);
    });
  });

  it('touches nothing and asks an operator when a reopening finds it open, as after a reset', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.handle.terminate();
      played.world.effects = effectsOf(played);
      const before = sideEffects(played);
      const command = {
        ...apiCommand,
        to: 'session',
        wish: { kind: 'fixed', slot: slotIn(96, Date.now()) },
      } as const;
      await takeOver(played, { cause: 'reopen', command }, taskQueue);
      await untilAsked(played);
      expect(sideEffects(played)).toEqual(before);
      await resolve(played, 'retry');
      const view = await latest(played).query(messages.viewQuery);
      expect(view).toMatchObject({ state: 'scheduled', revision: 1, attention: [] });
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
    });
  });

  it('is undone to the end when it was closed before', async () => {
    await closedHalfUndone(async (played, taskQueue) => {
      await played.handle.terminate();
      played.world.clearFaults();
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      const view = await latest(played).result();
      expect(view).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
      expect(played.world.meetings.size).toBe(0);
      expect(played.world.retractions).toHaveLength(4);
    });
  });

  it('keeps what an operator has decided to leave when it was closed before', async () => {
    await harness.runAudition({}, async (played) => {
      const { world, handle } = played;
      await invited(played);
      const { taskQueue } = await handle.describe();
      world.fail('removeEvent', 'reconnect');
      void played.send(messages.cancelUpdate, apiCommand).catch(() => undefined);
      const { attention } = await played.until((view) => view.attention.length === 2);
      const item = attention.find(({ what }) => what.includes('conn_performer'));
      const resolution = { ...operatorCommand, id: item?.id ?? 'att_none', action: 'skip' } as const;
      await handle.executeUpdate(messages.resolveAttentionUpdate, { args: [resolution] });
      await handle.terminate();
      world.clearFaults();
      // The world names an event without its revision, the ledger with it.
      world.effects = effectsOf(played).map((effect) =>
        effect.target.kind === 'calendar_event' ? { ...effect, key: `${effect.key}:r1` } : effect,
      );
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      expect(await latest(played).result()).toMatchObject({ state: 'closed', attention: [] });
      expect([...world.calendarEvents]).toEqual([expect.stringContaining(performer.id)]);
      expect(world.meetings.size).toBe(0);
    });
  });

  it.each(['decision', 'session'] as const)(
    'is undone to the end before it is reopened for a %s',
    async (to) => {
      await closedHalfUndone(
        async (played, taskQueue) => {
          await played.handle.terminate();
          played.world.clearFaults();
          const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
          const command = to === 'decision' ? { ...apiCommand, to } : { ...apiCommand, to, wish };
          const reopened = await takeOver(played, { cause: 'reopen', command }, taskQueue);
          const stateOf = async () => (await reopened.query(messages.viewQuery)).state;
          const state = to === 'decision' ? 'awaiting_decision' : 'scheduled';
          await expect.poll(stateOf, { timeout: 20_000 }).toBe(state);
          expect(played.world.retractions).toHaveLength(4);
          expect([played.world.meetings.size, played.world.claims.size]).toEqual(
            to === 'decision' ? [0, 0] : [1, 1],
          );
          expect(played.world.callsOf('removeMeeting').at(-1)).not.toBe([...played.world.meetings][0]);
          await reopened.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
          expect(played.world.meetings.size).toBe(0);
        },
        to === 'decision' ? 'released' : 'cancelled',
      );
    },
  );

  it('is reopened for a session after it was cancelled', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const command = { ...apiCommand, to: 'session', wish } as const;
      const reopened = await takeOver(played, { cause: 'reopen', command }, taskQueue);
      const stateOf = async () => (await reopened.query(messages.viewQuery)).state;
      await expect.poll(stateOf, { timeout: 20_000 }).toBe('scheduled');
      const view = await reopened.query(messages.viewQuery);
      expect(view).toMatchObject({ revision: 2, slot: wish.slot });
      await expect.poll(() => played.world.notices.length, { timeout: 20_000 }).toBe(8);
      await reopened.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      expect(played.world.meetings.size).toBe(0);
    });
  });

  it.each(['abort', 'cancel'] as const)('stays closed when its reopening ends by %s', async (how) => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const command = { ...apiCommand, correlationId: 'reopening', to: 'session', wish } as const;
      const reopened = await takeOver(played, { cause: 'reopen', command }, taskQueue);
      const itemOf = async () =>
        (await reopened.query(messages.viewQuery)).attention.find(({ step }) => step === 'conflict_check');
      await expect.poll(itemOf, { timeout: 20_000 }).toBeDefined();
      const { id } = (await itemOf()) ?? { id: 'att_none' };
      if (how === 'cancel') await reopened.cancel();
      else {
        const args = [{ ...operatorCommand, id, action: 'abort' }] as const;
        await reopened.executeUpdate(messages.resolveAttentionUpdate, { args: [...args] });
      }
      expect(await reopened.result()).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
      expect(played.world.claims.size).toBe(0);
    });
  });

  it('is not reopened when its outcome does not allow it, and stays closed', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      const command = { ...apiCommand, to: 'decision' } as const;
      const reopened = await takeOver(played, { cause: 'reopen', command }, taskQueue);
      expect(await reopened.result()).toMatchObject({ state: 'closed', outcome: 'cancelled' });
    });
  });
});
