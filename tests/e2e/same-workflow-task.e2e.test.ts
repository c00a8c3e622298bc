/**
 * What ends an audition, and the answer that its main line has waited for, in one workflow task: as when a worker was
 * away for a moment. The message is heard first, and the main line must not go on from where it was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionActivities } from '../../activities/contract.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import * as messages from '../../workflows/audition/messages.ts';
import { performer, slotIn } from '../harness/audition-plan.ts';
import { eventually } from '../harness/eventually.ts';
import {
  apiCommand,
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startRealTimeHarness();
});
afterAll(() => stage.close());

const cancel = ({ handle }: RunningAudition) =>
  handle.startUpdate(messages.cancelUpdate, { args: [apiCommand], waitForStage: 'ACCEPTED' });
const decline = ({ handle }: RunningAudition) =>
  handle.startUpdate(messages.respondUpdate, {
    args: [{ ...apiCommand, participant: performer.id, answer: 'declined' }],
    waitForStage: 'ACCEPTED',
  });

/** Holds up the activity at its nth call, and says when it is there. */
const blockActivity = (
  { world }: RunningAudition,
  wanted: keyof AuditionActivities,
  nth: number,
  of = '',
) => {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  world.beforeActivity = async ({ activity, key }) => {
    if (activity !== wanted || !key.includes(of)) return;
    calls += 1;
    if (calls !== nth) return;
    reached.resolve();
    await gate.promise;
  };
  return { reached: reached.promise, release: () => gate.resolve() };
};

const completions = async ({ handle }: RunningAudition): Promise<number> =>
  ((await handle.fetchHistory()).events ?? []).filter((event) => event.activityTaskCompletedEventAttributes)
    .length;

const leftBehind = ({ world }: RunningAudition) => [
  world.meetings.size,
  world.calendarEvents.size,
  world.heldRevisions.size,
];

const cases: readonly {
  readonly activity: keyof AuditionActivities;
  readonly nth: number;
  readonly moves: boolean;
  readonly end: typeof cancel | typeof decline;
}[] = [
  { activity: 'holdSlot', nth: 1, moves: false, end: cancel },
  { activity: 'createMeeting', nth: 1, moves: false, end: cancel },
  { activity: 'confirmHold', nth: 1, moves: false, end: decline },
  { activity: 'holdSlot', nth: 2, moves: true, end: cancel },
  { activity: 'moveMeeting', nth: 1, moves: true, end: decline },
  { activity: 'releaseHolds', nth: 1, moves: true, end: decline },
];

describe('ended in the same task', () => {
  it.each(cases)('as $activity $nth answers, it is undone', async ({ activity, nth, moves, end }) => {
    await stage.runAudition({}, async (played) => {
      const held = blockActivity(played, activity, nth);
      if (moves) {
        await played.until(({ state }) => state === 'scheduled');
        const slot = slotIn(96, Date.now());
        await played.handle.startUpdate(messages.rescheduleUpdate, {
          args: [{ ...apiCommand, slot }],
          waitForStage: 'ACCEPTED',
        });
      }
      await held.reached;
      let ending: Promise<unknown> = Promise.resolve();
      await stage.whileWorkflowWorkerIsStopped(async () => {
        const before = await completions(played);
        ending = end(played);
        // The server shows nothing of an update that waits for a worker.
        await pause(500);
        held.release();
        await eventually(async () => (await completions(played)) > before, 10_000);
      });
      await ending;
      expect(await played.result()).toMatchObject({ state: 'closed', attention: [] });
      expect(leftBehind(played)).toEqual([0, 0, 0]);
    });
  });
});

it('is undone also when it is cancelled while a reminder is on its way', async () => {
  const now = Date.now();
  const wish = {
    kind: 'fixed',
    slot: { start: toInstant(now + 60_000), end: toInstant(now + 120_000), zone: 'Europe/Paris' },
  } as const;
  await stage.runAudition({ plan: { wish, reminders: [57_000] } }, async (played) => {
    const held = blockActivity(played, 'sendNotice', 1, ':reminder:');
    await held.reached;
    await cancel(played);
    held.release();
    expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
    expect(leftBehind(played)).toEqual([0, 0, 0]);
    expect(played.world.retractions).toHaveLength(4);
  });
});

it('has had its session though the meeting was opened and closed while nobody worked', async () => {
  const now = Date.now();
  const wish = {
    kind: 'fixed',
    slot: { start: toInstant(now + 60_000), end: toInstant(now + 120_000), zone: 'Europe/Paris' },
  } as const;
  await stage.runAudition({ plan: { wish, reminders: [] } }, async (played) => {
    const { meeting } = await played.until(({ state }) => state === 'scheduled');
    const report = { origin: 'system', meetingId: meeting?.id } as const;
    await stage.whileWorkflowWorkerIsStopped(async () => {
      await played.handle.signal(messages.meetingStartedSignal, report);
      await played.handle.signal(messages.meetingEndedSignal, report);
    });
    const { outcome } = await played.until(({ state }) => state === 'awaiting_decision');
    expect(outcome).toBeUndefined();
  });
});
