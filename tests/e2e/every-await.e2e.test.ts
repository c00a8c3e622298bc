/**
 * Cancels and fails at every await of the workflow: each activity of a whole scenario, found by playing it once, is
 * in turn the one at which things go wrong. Whatever happens, nothing may be left behind.
 *
 * On the development server: the time-skipping one refuses to cancel an activity that ends in the same moment.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as messages from '../../workflows/audition/messages.ts';
import { slotIn } from '../harness/audition-plan.ts';
import type { FakeWorld } from '../harness/fake-world.ts';
import {
  apiCommand,
  operatorCommand,
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startRealTimeHarness();
});
afterAll(() => stage.close());

/** The activities of request, schedule and one move, as the scenario calls them; checked below. */
const scenarioCalls = 27;
const everyCall = Array.from({ length: scenarioCalls }, (_, index) => index);

/** Schedules, then moves. Stops at the first message that is refused because the audition has ended. */
const scheduleAndMove = async ({ until, handle }: RunningAudition): Promise<void> => {
  await until(({ state }) => state === 'scheduled' || state === 'closed');
  const slot = slotIn(96, await stage.environment.currentTimeMs());
  await handle.executeUpdate(messages.rescheduleUpdate, { args: [{ ...apiCommand, slot }] });
};

const ignoreEnded = async (work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (
      !(error instanceof Error) ||
      !['WorkflowUpdateFailedError', 'WorkflowNotFoundError'].includes(error.name)
    )
      throw error;
  }
};

const leftBehind = (world: FakeWorld) => ({
  meetings: [...world.meetings],
  events: [...world.calendarEvents],
  holds: [...world.heldRevisions],
});
const nothing = { meetings: [], events: [], holds: [] };

/** Everybody who was told has been told otherwise. */
const notRetracted = ({ notices, retractions }: FakeWorld) => {
  const addressees = new Set(notices.map((key) => key.split(':').slice(2, 4).join(':')));
  return [...addressees].filter((addressee) => !retractions.some((key) => key.includes(addressee)));
};

describe('at every await', () => {
  it('the scenario makes as many calls as are tried below', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduleAndMove(played);
      expect(played.world.calls.length).toBe(scenarioCalls);
    });
  });

  it.each(everyCall)('a cancellation during call %i leaves nothing behind', async (index) => {
    await stage.runAudition({}, async (played) => {
      const { world, handle } = played;
      world.beforeActivity = async (_, at) => {
        if (at === index) await handle.cancel();
      };
      await ignoreEnded(scheduleAndMove(played));
      const view = await handle.result();
      expect(view).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
      expect(leftBehind(world)).toEqual(nothing);
      expect(notRetracted(world)).toEqual([]);
    });
  });

  it.each(everyCall)(
    'a step that fails for good at call %i, then is aborted, leaves nothing half-done',
    async (index) => {
      await stage.runAudition({}, async (played) => {
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
        // An abort while moving goes back to the old slot, and a meeting has a second provider; else it is the end.
        const stands = view.state === 'scheduled';
        if (!stands) await ended(handle);
        expect(failed).toEqual(expect.any(String));
        expect(view.outcome).toBe(stands ? undefined : 'failed');
        expect(leftBehind(world)).toMatchObject(stands ? { holds: [view.revision] } : nothing);
        expect(world.meetings.size).toBe(stands ? 1 : 0);
        expect(stands ? [] : notRetracted(world)).toEqual([]);
      });
    },
  );
});

/** Our own steps are none that a person is asked about: the audition ends by itself. */
const failureOf = (activity: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: providerActivities.has(activity) ? 'reconnect' : 'database',
    message: `${activity} failed for good`,
    nonRetryable: true,
  });

const providerActivities: ReadonlySet<string> = new Set([
  'findBusy',
  'createMeeting',
  'moveMeeting',
  'writeEvent',
  'sendNotice',
]);

/** A trail that cannot be written fails the workflow, once everything is undone. */
const ended = async (handle: RunningAudition['handle']): Promise<void> => {
  try {
    await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
  }
};
