/**
 * Cancels and fails the workflow at every await. A first run finds the activities of a scenario. Each further run
 * cancels or fails at one of them, and must leave nothing behind.
 *
 * Runs on the development server: the time-skipping server cannot cancel an activity that completes at the same moment.
 */
import { WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import * as messages from '../../workflows/audition/messages.ts';
import { castingDirector, slotIn } from '../harness/audition-plan.ts';
import { atDepth, testSeed } from '../harness/depth.ts';
import type { FakeWorld } from '../harness/fake-world.ts';
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

/** The number of activities in the scenario (request, schedule and one move); a test below checks it. */
const scenarioCalls = 20;
const triedCalls = Array.from({ length: scenarioCalls }, (_, index) => index).filter((index) =>
  atDepth(index % 3 === testSeed % 3, true),
);

/** Schedules the audition, then moves it. Throws when an update is rejected because the audition has ended. */
const scheduleAndMove = async ({ until, handle }: RunningAudition): Promise<void> => {
  await until(({ state, notices }) => state === 'closed' || notices.length === 4);
  const slot = slotIn(96, await harness.environment.currentTimeMs());
  await handle.executeUpdate(messages.rescheduleUpdate, {
    args: [{ ...apiCommand, wish: { kind: 'fixed', slot } }],
  });
  await until(({ state, revision, notices }) => state === 'closed' || revision === 3 || notices.length === 8);
};

/** A caller whose command meets the end of the audition gets a refusal. */
const ignoreEnded = async (work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) expect(error.cause).toBeInstanceOf(ApplicationFailure);
    else if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
};

const leftBehind = (world: FakeWorld) => ({
  meetings: [...world.meetings],
  events: [...world.calendarEvents],
  holds: [...world.claims],
});
const nothingLeft = { meetings: [], events: [], holds: [] };

/** Returns the participants whose notices were not retracted. */
const notRetracted = ({ notices, retractions }: FakeWorld) => {
  const addressees = new Set(notices.map((key) => key.split(':').slice(2, 4).join(':')));
  return [...addressees].filter((addressee) => !retractions.some((key) => key.includes(addressee)));
};

describe('audition workflow', () => {
  it('makes as many calls in the scenario as the tests below interrupt', async () => {
    await harness.runAudition({}, async (played) => {
      await scheduleAndMove(played);
      expect(played.world.calls.length).toBe(scenarioCalls);
    });
  });

  it.each(triedCalls)('leaves nothing behind when it is cancelled during call %i', async (index) => {
    await harness.runAudition({}, async (played) => {
      const { world, handle } = played;
      world.beforeActivity = async (_, at) => {
        if (at === index) await handle.cancel();
      };
      await ignoreEnded(scheduleAndMove(played));
      const view = await handle.result();
      expect(view).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
      expect(leftBehind(world)).toEqual(nothingLeft);
      expect(notRetracted(world)).toEqual([]);
    });
  });

  it.each(triedCalls)(
    'leaves nothing half-done when call %i fails permanently and the operator aborts',
    async (index) => {
      await harness.runAudition({}, async (played) => {
        const { world, handle, until } = played;
        let failed: string | undefined;
        world.beforeActivity = ({ activity }, at) => {
          if (at !== index) return;
          failed = activity;
          throw failureOf(activity);
        };
        const scenario = ignoreEnded(scheduleAndMove(played));
        const stuck = await until(
          ({ attention, state, revision }) =>
            attention.length > 0 || state === 'closed' || (state === 'scheduled' && revision > 1),
        );
        const [item] = stuck.attention;
        if (item) {
          await handle.executeUpdate(messages.resolveAttentionUpdate, {
            args: [{ ...operatorCommand, id: item.id, action: 'abort' }],
          });
        }
        await scenario;
        const view = await until(({ state }) => state === 'closed' || state === 'scheduled');
        // An aborted move restores the old slot, and a failed meeting has a second provider. Otherwise the audition fails.
        const isScheduled = view.state === 'scheduled';
        if (!isScheduled) await untilEnded(handle);
        expect(failed).toEqual(expect.any(String));
        expect(view.outcome).toBe(isScheduled ? undefined : 'failed');
        expect(world.claims.size).toBe(isScheduled ? 1 : 0);
        expect(world.meetings.size).toBe(isScheduled ? 1 : 0);
        expect(world.calendarEvents.size).toBe(isScheduled ? 2 : 0);
        expect(isScheduled ? [] : notRetracted(world)).toEqual([]);
      });
    },
  );
});

const substitute = participantSchema.parse({
  ...castingDirector,
  id: 'director-2',
  calendar: { provider: 'google', connection: 'conn_substitute', calendarId: 'primary' },
});

/** Replaces the casting director. Returns the number of calls before that. */
const replaceDirector = async ({ until, handle, world }: RunningAudition): Promise<number> => {
  await until(({ state, notices }) => state === 'closed' || notices.length === 4);
  const before = world.calls.length;
  const changes = [
    { kind: 'remove', participant: castingDirector.id },
    { kind: 'add', participant: substitute },
  ] as const;
  await handle.executeUpdate(messages.participantsUpdate, { args: [{ ...apiCommand, changes }] });
  await until(({ state, notices }) => state === 'closed' || notices.length === 5);
  return before;
};

describe('a change of the cast', () => {
  it('leaves nothing behind when it is cancelled during any of its calls', { timeout: 120_000 }, async () => {
    let [first, end] = [0, 0];
    await harness.runAudition({}, async (played) => {
      first = await replaceDirector(played);
      await expect.poll(() => played.world.retractions.length, { timeout: 10_000 }).toBe(1);
      end = played.world.calls.length;
    });
    expect(end).toBeGreaterThan(first);
    for (let index = first; index < end; index += 1) {
      await harness.runAudition({}, async (played) => {
        const { world, handle } = played;
        world.beforeActivity = async (_, at) => {
          if (at === index) await handle.cancel();
        };
        const replaceAndCancel = async () => {
          await replaceDirector(played);
          await expect.poll(() => world.retractions.length, { timeout: 10_000 }).toBeGreaterThan(0);
          // Facts that are written together save a call, so a run can have fewer calls than the first one.
          if (world.calls.length <= index) await handle.cancel();
        };
        await ignoreEnded(replaceAndCancel());
        const view = await handle.result();
        expect(view).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
        expect(leftBehind(world)).toEqual(nothingLeft);
        expect(notRetracted(world)).toEqual([]);
      });
    }
  });
});

/** Provider steps fail so that the operator is asked. Failures of internal steps end the audition without an operator. */
const failureOf = (activity: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: providerActivities.has(activity) ? 'reconnect' : 'database',
    message: `${activity} failed permanently`,
    nonRetryable: true,
  });

const providerActivities: ReadonlySet<string> = new Set([
  'findBusy',
  'createMeeting',
  'moveMeeting',
  'writeEvent',
  'writeEvents',
  'sendNotice',
  'sendNotices',
]);

/** Waits for the end. The workflow fails when the trail cannot be written, after everything was undone. */
const untilEnded = async (handle: RunningAudition['handle']): Promise<void> => {
  try {
    await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
  }
};
