/** Tests what an audition does when the workers come back after deadlines have passed. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { meetingStartedSignal } from '../../workflows/audition/messages.ts';
import {
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let harness: WorkflowHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

const slotStarting = (start: number) =>
  ({
    kind: 'fixed',
    slot: { start: toInstant(start), end: toInstant(start + 600_000), zone: 'Europe/Paris' },
  }) as const;

const reminders = ({ world }: RunningAudition) => world.notices.filter((key) => key.includes(':reminder:'));

/** Stops the workers until `at`, epoch milliseconds. */
const workersAwayUntil = (at: number): Promise<void> =>
  harness.whileWorkflowWorkerIsStopped(() => pause(at - Date.now()));

it('an audition sends no reminder after its slot has begun, and its trail says so', async () => {
  const start = Date.now() + 20_000;
  const plan = { wish: slotStarting(start), reminders: [12_000, 6_000] };
  await harness.runAudition({ plan, recordAs: 'reminders-overdue' }, async (played) => {
    await played.until(({ notices }) => notices.length === 4);
    await workersAwayUntil(start + 1_000);
    const dropped = () => played.world.factTypes().filter((type) => type === 'reminder_dropped').length;
    await expect.poll(dropped, { timeout: 20_000 }).toBe(2);
    expect(reminders(played)).toEqual([]);
  });
});

it('an audition sends no overdue reminder shortly before the next one', async () => {
  const start = Date.now() + 60_000;
  const plan = { wish: slotStarting(start), reminders: [52_000, 40_000] };
  await harness.runAudition({ plan }, async (played) => {
    await played.until(({ notices }) => notices.length === 4);
    await workersAwayUntil(start - 44_000);
    await played.until(({ notices }) => notices.length === 8);
    expect(reminders(played).every((key) => key.endsWith(':40000'))).toBe(true);
    expect(played.world.factTypes().filter((type) => type === 'reminder_dropped')).toHaveLength(1);
  });
});

it('an audition sends only the last of several reminders that are due', async () => {
  const start = Date.now() + 60_000;
  const plan = { wish: slotStarting(start), reminders: [52_000, 46_000] };
  await harness.runAudition({ plan }, async (played) => {
    await played.until(({ notices }) => notices.length === 4);
    await workersAwayUntil(start - 44_000);
    await played.until(({ notices }) => notices.length === 8);
    expect(reminders(played).every((key) => key.endsWith(':46000'))).toBe(true);
  });
});

it('an audition does not become a no-show while the report of its meeting still waits in the inbox', async () => {
  const start = Date.now() + 8_000;
  const policy = { ...defaultPolicy, noShow: 'automatic', noShowGrace: 3_000 } as const;
  await harness.runAudition(
    { plan: { wish: slotStarting(start), policy, reminders: [] } },
    async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      await workersAwayUntil(start + 6_000);
      // The workers have handled the deadline, and only then deliver the report.
      await played.until(({ state }) => state === 'scheduled');
      await pause(2_000);
      await played.handle.signal(meetingStartedSignal, { origin: 'system', at: toInstant(start + 1_000) });
      const { state, attention } = await played.until((view) => view.state !== 'scheduled');
      expect([state, attention]).toEqual(['in_progress', []]);
    },
  );
});
