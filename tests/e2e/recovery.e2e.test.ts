/** Tests which commands an audition refuses, and which questions it asks again, after an operator has reset its workflow. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as messages from '../../workflows/audition/messages.ts';
import { castingDirector, performer, slotIn } from '../harness/audition-plan.ts';
import { createTakeovers, effectsOf } from '../harness/takeovers.ts';
import {
  apiCommand,
  type RunningAudition,
  startRealTimeHarness,
  updateFailureOf,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let harness: WorkflowHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

const { reset, latest, untilAsked, resolve } = createTakeovers(() => harness);

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

describe('an audition whose workflow was reset', () => {
  it('refuses a command that Temporal applies again when the reset has interrupted it', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const updateId = `move-${randomUUID()}`;
      await played.handle.executeUpdate(messages.rescheduleUpdate, {
        args: [{ ...apiCommand, wish }],
        updateId,
      });
      await played.until(({ notices }) => notices.length === 8);
      played.world.effects = effectsOf(played);
      await reset(played, 'invited');
      const again = latest(played).getUpdateHandle(updateId).result();
      expect(await updateFailureOf(again)).toMatchObject({ code: 'wrong_state' });
      await resolve(played, 'retry');
      expect(await latest(played).query(messages.viewQuery)).toMatchObject({ revision: 2, slot: wish.slot });
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      // A handler that never ends would keep the workflow open.
      expect(await latest(played).result()).toMatchObject({ outcome: 'cancelled' });
    });
  });

  it('refuses changes and decisions while the operator is asked, and accepts answers and a cancellation', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      played.world.effects = effectsOf(played);
      await reset(played);
      await untilAsked(played);
      const handle = latest(played);
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const changes = [{ kind: 'remove', participant: castingDirector.id }] as const;
      const refusals = await Promise.all([
        updateFailureOf(handle.executeUpdate(messages.rescheduleUpdate, { args: [{ ...apiCommand, wish }] })),
        updateFailureOf(
          handle.executeUpdate(messages.participantsUpdate, { args: [{ ...apiCommand, changes }] }),
        ),
        updateFailureOf(
          handle.executeUpdate(messages.decideUpdate, { args: [{ ...apiCommand, decision: 'released' }] }),
        ),
      ]);
      for (const { code, whatToDo } of refusals) {
        expect(code).toBe('audition_stopped');
        expect(whatToDo).toContain('recovery');
      }
      await handle.executeUpdate(messages.respondUpdate, {
        args: [{ ...apiCommand, participant: performer.id, answer: 'accepted' }],
      });
      expect((await handle.query(messages.viewQuery)).participants[0]?.answer).toBe('accepted');
      await handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      expect(await handle.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
    });
  });

  it('asks again about an invitation that was not delivered', async () => {
    await harness.runAudition({}, async (played) => {
      const { notices } = await invited(played);
      const notice = notices.find(
        ({ participant, channel }) => participant === performer.id && channel === 'email',
      );
      if (!notice) throw new Error('there is no invitation to the performer');
      await played.handle.signal(messages.deliveryReportedSignal, {
        participant: performer.id,
        channel: 'email',
        deliveryId: notice.deliveryId,
        status: 'failed',
        code: 'bounced',
        inboxId: 'in-bounced',
      });
      const about = 'The invitation to performer-1 by email was not delivered.';
      await played.until(({ attention }) => attention.some(({ what }) => what === about));
      // A reset can lose what the run has not written to the trail yet.
      await expect.poll(() => played.world.factTypes()).toContain('attention_raised');
      played.world.effects = effectsOf(played);
      await reset(played);
      await resolve(played, 'retry');
      const questions = async () =>
        (await latest(played).query(messages.viewQuery)).attention.map(({ step, what }) => [step, what]);
      await expect.poll(questions).toEqual([['invitation', about]]);
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
    });
  });
});
