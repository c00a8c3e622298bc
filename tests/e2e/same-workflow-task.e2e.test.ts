/**
 * Delivers two things in one workflow task, as after a worker was down for a moment: a message that ends the audition,
 * and the activity result for which the main coroutine waits. The workflow handles the message first. The main
 * coroutine must then not continue.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionActivities } from '../../activities/contract.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import type { ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import * as messages from '../../workflows/audition/messages.ts';
import { performer, slotIn } from '../harness/audition-plan.ts';
import { eventually } from '../harness/eventually.ts';
import {
  apiCommand,
  type RealTimeHarness,
  type RunningAudition,
  startRealTimeHarness,
  updateFailureOf,
} from '../harness/workflow-harness.ts';

let harness: RealTimeHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

const cancel = ({ handle }: RunningAudition) =>
  handle.startUpdate(messages.cancelUpdate, { args: [apiCommand], waitForStage: 'ACCEPTED' });
const decline = ({ handle }: RunningAudition) =>
  handle.startUpdate(messages.respondUpdate, {
    args: [{ ...apiCommand, participant: performer.id, answer: 'declined' }],
    waitForStage: 'ACCEPTED',
  });

/** Blocks the result of the nth call of `writeEvents`, after its effect, until `release`. */
const blockResult = ({ world }: RunningAudition, nth: number) => {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  world.beforeResult = async () => {
    calls += 1;
    if (calls !== nth) return;
    reached.resolve();
    await gate.promise;
  };
  return { reached: reached.promise, release: () => gate.resolve() };
};

/** Blocks the nth call of this activity until `release`. `reached` resolves when that call is made. */
const blockActivity = (
  { world }: RunningAudition,
  wanted: keyof AuditionActivities,
  nth: number,
  of = '',
) => {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const before = world.beforeActivity;
  world.beforeActivity = async (call, index) => {
    await before(call, index);
    const { activity, key } = call;
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
  world.claims.size,
];

/** Returns whether the trail has the events of this revision. */
const written = ({ world }: RunningAudition, revision: string): boolean =>
  world.events.some(
    ({ fact }) => fact.type === 'calendar_event_written' && fact.eventId.endsWith(`:${revision}`),
  );

const cases: readonly {
  readonly activity: keyof AuditionActivities;
  readonly nth: number;
  readonly moves: boolean;
  readonly end: typeof cancel | typeof decline;
}[] = [
  { activity: 'claimSlot', nth: 1, moves: false, end: cancel },
  { activity: 'createMeeting', nth: 1, moves: false, end: cancel },
  { activity: 'writeEvents', nth: 1, moves: false, end: decline },
  { activity: 'claimSlot', nth: 2, moves: true, end: cancel },
  { activity: 'moveMeeting', nth: 1, moves: true, end: decline },
  { activity: 'writeEvents', nth: 2, moves: true, end: decline },
  { activity: 'sendNotices', nth: 1, moves: false, end: cancel },
];

describe('audition that ends in the workflow task of an activity result', () => {
  it.each(cases)('is undone after call $nth of $activity', async ({ activity, nth, moves, end }) => {
    // A decline is final immediately.
    const policy = { ...defaultPolicy, declineGrace: 0 };
    await harness.runAudition({ plan: { policy } }, async (played) => {
      const held = blockActivity(played, activity, nth);
      if (moves) {
        await played.until(({ state }) => state === 'scheduled');
        const slot = slotIn(96, Date.now());
        await played.handle.startUpdate(messages.rescheduleUpdate, {
          args: [{ ...apiCommand, wish: { kind: 'fixed', slot } }],
          waitForStage: 'ACCEPTED',
        });
      }
      await held.reached;
      let ending: Promise<unknown> = Promise.resolve();
      await harness.whileWorkflowWorkerIsStopped(async () => {
        const before = await completions(played);
        ending = end(played);
        // The server does not report an update that waits for a worker, so the test cannot poll for it.
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

/** An audition in two minutes, whose moves are given up after some seconds. */
const soon = () => {
  const start = Date.now() + 120_000;
  const slot = { start: toInstant(start), end: toInstant(start + 60_000), zone: 'Europe/Paris' };
  const policy = { ...defaultPolicy, checkInOpens: 112_000 };
  return { wish: { kind: 'fixed', slot } as const, policy, reminders: [] };
};
const move = async (played: RunningAudition, hours = 96) => {
  const slot = slotIn(hours, Date.now());
  await played.handle.startUpdate(messages.rescheduleUpdate, {
    args: [{ ...apiCommand, wish: { kind: 'fixed', slot } }],
    waitForStage: 'ACCEPTED',
  });
  return slot;
};
const agreement = async ({ world, view }: RunningAudition) => {
  const inWorkflow = await view();
  const inTrail = foldEvents(world.events);
  const of = ({ state, slot, revision }: typeof inTrail) => ({ state, slot, revision });
  expect(of(inTrail)).toEqual(of(inWorkflow));
  return inWorkflow;
};

describe('move that is given up while its calendar events are written', () => {
  it('stays made when the activity has recorded it', async () => {
    await harness.runAudition({ plan: soon() }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      const held = blockResult(played, 1);
      const slot = await move(played);
      await held.reached;
      await played.until(({ state }) => state === 'scheduled');
      held.release();
      await expect.poll(() => played.world.notices.filter((key) => key.includes(':update:'))).toHaveLength(4);
      expect(await agreement(played)).toMatchObject({ slot, revision: 2, attention: [] });
      expect([...played.world.claims]).toEqual([2]);
      await cancel(played);
      expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(leftBehind(played)).toEqual([0, 0, 0]);
    });
  });

  it('returns to the old slot, and keeps its hold, when the activity is late', async () => {
    const plan = soon();
    await harness.runAudition({ plan }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      const held = blockActivity(played, 'writeEvents', 1);
      await move(played);
      await held.reached;
      await played.until(({ revision }) => revision === 3);
      held.release();
      await expect.poll(() => written(played, 'r2')).toBe(true);
      expect(await agreement(played)).toMatchObject({ slot: plan.wish.slot, revision: 3, attention: [] });
      expect([...played.world.claims]).toEqual([1]);
      await cancel(played);
      expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(leftBehind(played)).toEqual([0, 0, 0]);
    });
  });

  it('lets the move that waits for it begin when the old slot is back', async () => {
    await harness.runAudition({ plan: soon() }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      const claim = blockActivity(played, 'claimSlot', 1);
      const late = blockActivity(played, 'writeEvents', 1);
      await move(played);
      await claim.reached;
      const slot = await move(played, 48);
      claim.release();
      await late.reached;
      await played.until(({ revision, state }) => revision === 4 && state === 'scheduled');
      late.release();
      await expect.poll(() => written(played, 'r2')).toBe(true);
      expect(await agreement(played)).toMatchObject({ slot, revision: 4, attention: [] });
      expect([...played.world.claims]).toEqual([3]);
    });
  });

  it('does not complete the next move', async () => {
    await harness.runAudition({ plan: soon() }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      const late = blockActivity(played, 'writeEvents', 1);
      await move(played);
      await late.reached;
      await played.until(({ revision }) => revision === 3);
      await expect.poll(() => played.world.callsOf('writeEvents').length).toBe(3);
      const next = blockActivity(played, 'moveMeeting', 1);
      const slot = await move(played, 48);
      await next.reached;
      late.release();
      await expect.poll(() => written(played, 'r2')).toBe(true);
      next.release();
      await played.until(({ state }) => state === 'scheduled');
      expect(await agreement(played)).toMatchObject({ slot, revision: 4, attention: [] });
      expect([...played.world.claims]).toEqual([3]);
    });
  });
});

it('an audition that is cancelled while a reminder is being sent is undone', async () => {
  const now = Date.now();
  const wish = {
    kind: 'fixed',
    slot: { start: toInstant(now + 60_000), end: toInstant(now + 120_000), zone: 'Europe/Paris' },
  } as const;
  await harness.runAudition({ plan: { wish, reminders: [57_000] } }, async (played) => {
    const held = blockActivity(played, 'sendNotice', 1, ':reminder:');
    await held.reached;
    await cancel(played);
    held.release();
    expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
    expect(leftBehind(played)).toEqual([0, 0, 0]);
    expect(played.world.retractions).toHaveLength(4);
  });
});

it('an audition records its session when the meeting starts and ends while no worker runs', async () => {
  const start = Date.now() + 15_000;
  const wish = {
    kind: 'fixed',
    slot: { start: toInstant(start), end: toInstant(start + 3_000), zone: 'Europe/Paris' },
  } as const;
  await harness.runAudition({ plan: { wish, reminders: [] } }, async (played) => {
    const { meeting } = await played.until(({ state }) => state === 'scheduled');
    const report = { origin: 'system', meetingId: meeting?.id } as const;
    await harness.whileWorkflowWorkerIsStopped(async () => {
      await pause(start + 4_000 - Date.now());
      const at = (ms: number) => ({ ...report, at: toInstant(start + ms) });
      await played.handle.signal(messages.meetingStartedSignal, at(1_000));
      await played.handle.signal(messages.meetingEndedSignal, at(3_500));
    });
    const { outcome } = await played.until(({ state }) => state === 'awaiting_decision');
    expect(outcome).toBeUndefined();
    await expect.poll(() => played.world.factTypes(), { timeout: 10_000 }).toContain('session_ended');
    expect(played.world.factTypes()).toContain('session_started');
  });
});

it('a command that arrives together with a cancellation in Temporal is refused', async () => {
  await harness.runAudition({}, async (played) => {
    await played.until(({ state }) => state === 'scheduled');
    let refused: ReturnType<typeof updateFailureOf> | undefined;
    await harness.whileWorkflowWorkerIsStopped(async () => {
      refused = updateFailureOf(played.send(messages.decideUpdate, { ...apiCommand, decision: 'released' }));
      await pause(500);
      await played.handle.cancel();
    });
    expect(await refused).toMatchObject({ code: 'audition_closed' });
    expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
    expect(leftBehind(played)).toEqual([0, 0, 0]);
  });
});

it('an acceptance is ignored when the participant has declined again while both answers waited', async () => {
  // Longer than the worker takes to stop and to start on a busy machine.
  const policy = { ...defaultPolicy, declineGrace: 20_000 };
  await harness.runAudition({ plan: { policy } }, async (played) => {
    await played.until(({ notices }) => notices.length === 4);
    const at = Date.now();
    const report = (inboxId: string, answer: ReportedAnswer['answer'], ms: number) =>
      played.handle.signal(messages.answerReportedSignal, {
        inboxId,
        participant: performer.id,
        origin: 'email',
        revision: 1,
        answer,
        at: toInstant(at + ms),
      });
    await report('first', 'declined', -10_000);
    await played.until(({ participants }) =>
      participants.some(({ id, answer }) => id === performer.id && answer === 'declined'),
    );
    await harness.whileWorkflowWorkerIsStopped(async () => {
      await report('second', 'accepted', -5_000);
      await report('third', 'declined', 0);
    });
    expect(await played.result()).toMatchObject({ outcome: 'declined' });
    const answers = played.world.events.flatMap(({ fact }) =>
      fact.type === 'answer_ignored'
        ? [`${fact.answer} ignored: ${fact.reason}`]
        : fact.type === 'responded'
          ? [fact.answer]
          : [],
    );
    expect(answers).toEqual(['declined', 'accepted ignored: answer_superseded']);
  });
});
