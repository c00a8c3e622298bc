/**
 * Sends an update directly after a workflow task without commands, to a worker that has not cached the workflow. Such a
 * worker handles both in one activation, a replay in two (https://github.com/temporalio/sdk-rust/issues/1146). The
 * harness replays each history.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as messages from '../../workflows/audition/messages.ts';
import { performer, slotIn } from '../harness/audition-plan.ts';
import { eventually } from '../harness/eventually.ts';
import { isIdle } from '../harness/pending-work.ts';
import {
  apiCommand,
  type RealTimeHarness,
  type RunningAudition,
  startRealTimeHarness,
} from '../harness/workflow-harness.ts';

let harness: RealTimeHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

const updates: Readonly<Record<string, (played: RunningAudition) => Promise<unknown>>> = {
  cancel: ({ handle }) => handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] }),
  respond: ({ handle }) =>
    handle.executeUpdate(messages.respondUpdate, {
      args: [{ ...apiCommand, participant: performer.id, answer: 'accepted' }],
    }),
  decide: ({ handle }) =>
    handle.executeUpdate(messages.decideUpdate, { args: [{ ...apiCommand, decision: 'booked' }] }),
  reschedule: ({ handle }) =>
    handle.executeUpdate(messages.rescheduleUpdate, {
      args: [{ ...apiCommand, wish: { kind: 'fixed', slot: slotIn(96, Date.now()) } }],
    }),
};

it.each(Object.entries(updates))('%s can be replayed', async (name, update) => {
  await harness.runAudition({ recordAs: `cold-${name}` }, async (played) => {
    await played.until(({ notices }) => notices.length === 4);
    await eventually(() => isIdle(played.handle), 10_000);
    let answer: Promise<unknown> = Promise.resolve();
    await harness.whileWorkflowWorkerIsStopped(async () => {
      answer = update(played);
    });
    await expect(answer).resolves.toMatchObject({ sequence: expect.any(Number) });
    await eventually(() => isIdle(played.handle), 10_000);
  });
});
