/** A closed audition that is reopened by another run, and what stands or was undone by then. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { performer, slotIn } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  operatorCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  terminateWhenIdle,
  updateFailureOf,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';
import type { audition } from './workflow.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const fixed = async (hours: number, room?: string): Promise<SlotSpec> => ({
  kind: 'fixed',
  slot: { ...slotIn(hours, await stage.environment.currentTimeMs()), ...(room ? { room } : {}) },
});

/** Starts the run that reopens the audition for a session. */
const reopen = async ({ handle, plan }: RunningAudition, wish: SlotSpec) => {
  const { taskQueue } = await handle.describe();
  const again = await stage.client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
    taskQueue,
    workflowId: handle.workflowId,
    args: [{ plan, takeover: { cause: 'reopen', command: { ...apiCommand, to: 'session', wish } } }],
  });
  const view = () => again.query(messages.viewQuery);
  return {
    handle: again,
    view,
    until: async (wanted: (view: AuditionView) => boolean): Promise<AuditionView> => {
      for (let attempt = 0; attempt < 600; attempt += 1) {
        const now = await view();
        if (wanted(now)) return now;
        await pause(20);
      }
      throw new Error(`the reopened audition did not get there: ${JSON.stringify(await view())}`);
    },
  };
};

/** Lets the session pass unobserved, and closes the audition as a no-show. */
const missSession = async (played: RunningAudition): Promise<AuditionView> => {
  await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
  await played.resolve('session', 'no_show');
  return played.result();
};

const cancelled = async (played: RunningAudition): Promise<void> => {
  await played.until(({ notices }) => notices.length > 0);
  await played.send(messages.cancelUpdate, apiCommand);
  await played.result();
};

describe('an audition that is reopened for a session', () => {
  it('moves the meeting that still stands after a no-show', async () => {
    await stage.runAudition({}, async (played) => {
      const { meeting } = await missSession(played);
      const target = { kind: 'meeting', provider: 'zoom', slot: slotIn(72, 0) } as const;
      played.world.effects = [{ key: meeting?.id ?? '', target }];
      const again = await reopen(played, await fixed(24));
      const { meeting: kept } = await again.until(({ state }) => state === 'scheduled');
      expect(kept).toEqual(meeting);
      expect(played.world.callsOf('createMeeting')).toHaveLength(1);
      expect(played.world.callsOf('moveMeeting')).toHaveLength(1);
      await again.handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      expect(played.world.meetings.size).toBe(0);
      await again.handle.result();
    });
  });

  it('keeps its room', async () => {
    const wish = await fixed(72, 'Studio A');
    await stage.runAudition({ plan: { wish, meetingProviders: [] } }, async (played) => {
      await cancelled(played);
      const again = await reopen(played, await fixed(48));
      expect((await again.until(({ state }) => state === 'scheduled')).slot?.room).toBe('Studio A');
      await terminateWhenIdle(again.handle);
    });
  });

  it.each([
    ['taken', 'slot_taken', 48],
    ['in the past', 'slot_in_the_past', -1],
  ])('stays closed when the slot is %s', async (_, code, hours) => {
    await stage.runAudition({}, async (played) => {
      await cancelled(played);
      played.world.holdsTaken = true;
      const gate = Promise.withResolvers<void>();
      played.world.beforeActivity = ({ activity }) => (activity === 'claimSlot' ? gate.promise : undefined);
      const again = await reopen(played, await fixed(hours));
      const first = await again.handle.startUpdate(messages.firstResultUpdate, { waitForStage: 'ACCEPTED' });
      gate.resolve();
      expect(await updateFailureOf(first.result())).toMatchObject({ code });
      expect(await again.handle.result()).toMatchObject({ state: 'closed', outcome: 'cancelled' });
      expect(played.world.claims.size).toBe(0);
    });
  });

  it('stays closed, and holds nothing, when an operator aborts at a calendar that cannot be read', async () => {
    await stage.runAudition({}, async (played) => {
      await cancelled(played);
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      const again = await reopen(played, await fixed(48));
      const [item] = (await again.until(({ attention }) => attention.length === 1)).attention;
      await again.handle.executeUpdate(messages.resolveAttentionUpdate, {
        args: [{ ...operatorCommand, id: item?.id ?? 'att_none', action: 'abort' }],
      });
      expect(await again.handle.result()).toMatchObject({ state: 'closed', outcome: 'cancelled' });
      expect(played.world.claims.size).toBe(0);
    });
  });

  it('stays closed when its workflow is cancelled meanwhile', async () => {
    await stage.runAudition({}, async (played) => {
      await cancelled(played);
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      const again = await reopen(played, await fixed(48));
      await again.until(({ attention }) => attention.length === 1);
      await again.handle.cancel();
      expect(await again.handle.result()).toMatchObject({
        state: 'closed',
        outcome: 'cancelled',
        attention: [],
      });
      expect(played.world.claims.size).toBe(0);
    });
  });

  it('asks the performer anew', async () => {
    await stage.runAudition({}, async (played) => {
      await cancelled(played);
      const again = await reopen(played, await fixed(48));
      await again.until(({ notices }) => notices.filter(({ revision }) => revision === 2).length === 4);
      const answer = { ...apiCommand, participant: performer.id, answer: 'accepted' as const };
      const old = again.handle.executeUpdate(messages.respondUpdate, { args: [{ ...answer, revision: 1 }] });
      expect(await updateFailureOf(old)).toMatchObject({ code: 'answer_superseded' });
      await again.handle.executeUpdate(messages.respondUpdate, { args: [{ ...answer, revision: 2 }] });
      await terminateWhenIdle(again.handle);
    });
  });
});
