/** The end of the meeting with its slot. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import {
  type RunningAudition,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const plan: Partial<AuditionPlan> = {
  joinLinks: true,
  reminders: [],
  meetingSettings: { endOfMeeting: 'with_slot' },
};

const notified = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);
const advanceFromEnd = async (played: RunningAudition, minutes: number) => {
  const { slot } = await played.view();
  if (!slot) throw new TypeError('no slot is held');
  await played.advanceTo(toInstant(toEpochMs(slot.end) + minutes * minute));
};
const endings = ({ world }: RunningAudition) =>
  world.callsOf('endMeeting').map((key) => key.split(':').slice(-3));

const namesEnd = (world: RunningAudition['world']): void => {
  world.notHonored = ['endOfMeeting'];
};

describe('a meeting that ends with its slot', () => {
  it('is ended once, at the end of the slot', async () => {
    await stage.runAudition({ plan, recordAs: 'meeting-ended-with-slot' }, async (played) => {
      await notified(played);
      await advanceFromEnd(played, -1);
      expect(endings(played)).toEqual([]);
      await advanceFromEnd(played, 1);
      expect(endings(played)).toEqual([['meeting-end', 'zoom', 'r1']]);
      await advanceFromEnd(played, 10);
      expect(endings(played)).toHaveLength(1);
    });
  });

  it('stays open when its provider cannot end it', async () => {
    await stage.runAudition({ plan, prepare: namesEnd }, async (played) => {
      await notified(played);
      await advanceFromEnd(played, 5);
      expect(endings(played)).toEqual([]);
    });
  });

  it('stays open when its provider is down, and the audition continues', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await notified(played);
      played.world.fail('endMeeting', 'outage');
      await advanceFromEnd(played, 10);
      expect(endings(played).length).toBeGreaterThan(0);
      const { attention } = await played.view();
      expect(attention.filter(({ step }) => step === 'meeting')).toEqual([]);
    });
  });
});

describe('a meeting without this setting', () => {
  it('is not ended', async () => {
    await stage.runAudition({ plan: { ...plan, meetingSettings: undefined } }, async (played) => {
      await notified(played);
      await advanceFromEnd(played, 5);
      expect(endings(played)).toEqual([]);
    });
  });
});
