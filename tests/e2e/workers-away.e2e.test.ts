/** Tests what an audition does when the workers come back after deadlines have passed. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { decideUpdate, meetingStartedSignal, respondUpdate } from '../../workflows/audition/messages.ts';
import { performer } from '../harness/audition-plan.ts';
import {
  type RealTimeHarness,
  type RunningAudition,
  startRealTimeHarness,
} from '../harness/workflow-harness.ts';

let harness: RealTimeHarness;
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

it('an acceptance that was sent before the workers came back comes before a decline that has become final', async () => {
  const policy = { ...defaultPolicy, declineGrace: 6_000 };
  await harness.runAudition({ plan: { policy } }, async (played) => {
    await played.until(({ notices }) => notices.length === 4);
    const respond = (answer: 'declined' | 'accepted') =>
      played.send(respondUpdate, {
        origin: 'link',
        correlationId: 'test',
        participant: performer.id,
        answer,
      });
    const { participants } = await respond('declined');
    const finalAt = Date.parse(participants.find(({ id }) => id === performer.id)?.answerFinalAt ?? '');
    let accepted: Promise<unknown> = Promise.resolve();
    await harness.whileWorkflowWorkerIsStopped(async () => {
      await pause(finalAt - 1_500 - Date.now());
      accepted = respond('accepted');
      await pause(finalAt + 1_500 - Date.now());
    });
    await accepted;
    const view = await played.view();
    expect(view.state).toBe('scheduled');
    expect(view.participants.find(({ id }) => id === performer.id)?.answer).toBe('accepted');
    await pause(1_000);
    expect((await played.view()).state).toBe('scheduled');
  });
});

it('a decision that was sent before the workers came back comes before the second look of a no-show', async () => {
  const start = Date.now() + 8_000;
  const policy = { ...defaultPolicy, noShow: 'automatic', noShowGrace: 3_000 } as const;
  await harness.runAudition(
    { plan: { wish: slotStarting(start), policy, reminders: [] } },
    async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      // The first look is at 3 s, the second a minute later.
      await pause(start + 58_000 - Date.now());
      let decided: Promise<unknown> = Promise.resolve();
      await harness.whileWorkflowWorkerIsStopped(async () => {
        decided = played.handle.executeUpdate(decideUpdate, {
          args: [{ origin: 'api', correlationId: 'test', decision: 'booked' }],
        });
        await pause(start + 66_000 - Date.now());
      });
      await decided;
      expect(await played.result()).toMatchObject({ state: 'closed', outcome: 'booked' });
    },
  );
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
