/** The end of the meeting with its slot. */

import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import {
  type RunningAudition,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

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

const isAsked = ({ attention }: AuditionView): boolean => attention.some(({ step }) => step === 'meeting');

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

  it('is ended after an operator retries, when its provider is down for long', async () => {
    await stage.runAudition({ plan, recordAs: 'meeting-end-retried' }, async (played) => {
      await notified(played);
      played.world.fail('endMeeting', 'not_permitted');
      const { attention } = await played.until(isAsked);
      expect(attention.find(({ step }) => step === 'meeting')).toMatchObject({ actions: ['retry', 'skip'] });
      played.world.clearFaults();
      await played.resolve('meeting', 'retry');
      await played.until((view) => !isAsked(view));
      expect(new Set(played.world.callsOf('endMeeting')).size).toBe(1);
    });
  });

  it('raises no attention when its provider is back soon', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await notified(played);
      let attempts = 0;
      played.world.beforeActivity = ({ activity }) => {
        if (activity !== 'endMeeting') return;
        attempts += 1;
        if (attempts < 5)
          throw ApplicationFailure.create({
            type: 'outage',
            message: 'down',
            details: [{ provider: 'fake' }],
          });
      };
      await advanceFromEnd(played, 10);
      expect(attempts).toBe(5);
      expect(isAsked(await played.view())).toBe(false);
    });
  });

  it('needs no operator any more when it is reported as closed', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await notified(played);
      played.world.fail('endMeeting', 'not_permitted');
      const { meeting } = await played.until(isAsked);
      await played.handle.signal(messages.meetingEndedSignal, {
        origin: 'system',
        meetingId: meeting?.id ?? '',
      });
      expect(isAsked(await played.until((view) => !isAsked(view)))).toBe(false);
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
