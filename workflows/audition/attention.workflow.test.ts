/** Every step that can give up, what an operator can do about it, and what is left behind afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionActivities } from '../../activities/contract.ts';
import type { AttentionStep } from '../../domain/audition/attention.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
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

const asks = ({ until }: RunningAudition, step: AttentionStep) =>
  until(({ attention }) => attention.some((item) => item.step === step));

const outside = ({ world }: RunningAudition) => ({
  meetings: world.meetings.size,
  events: world.calendarEvents.size,
  holds: world.heldRevisions.size,
});
const nothing = { meetings: 0, events: 0, holds: 0 };

const steps: readonly {
  readonly step: AttentionStep;
  readonly activity: keyof AuditionActivities;
  readonly skipped: object;
}[] = [
  { step: 'conflict_check', activity: 'findBusy', skipped: { meetings: 1, events: 2, holds: 1 } },
  { step: 'meeting', activity: 'createMeeting', skipped: { meetings: 0, events: 2, holds: 1 } },
  { step: 'calendar_event', activity: 'writeEvent', skipped: { meetings: 1, events: 0, holds: 1 } },
  { step: 'invitation', activity: 'sendNotice', skipped: { meetings: 1, events: 2, holds: 1 } },
];

describe.each(steps)('when $step fails for good', ({ step, activity, skipped }) => {
  const broken = { arrange: (world: RunningAudition['world']) => world.fail(activity, 'reconnect') };

  /** Until nothing of this step waits any more: several calendars, several people. */
  const resolveAll = async (played: RunningAudition, action: 'retry' | 'skip'): Promise<void> => {
    for (;;) {
      const { attention } = await played.view();
      if (!attention.some((item) => item.step === step)) return;
      await played.resolve(step, action);
    }
  };

  it('goes on after a retry once it is mended', async () => {
    await stage.runAudition({ ...broken, recordAs: `${step}-retried` }, async (played) => {
      await asks(played, step);
      played.world.clearFaults();
      await resolveAll(played, 'retry');
      await played.until(({ state, attention }) => state === 'scheduled' && attention.length === 0);
      expect(outside(played)).toEqual({ meetings: 1, events: 2, holds: 1 });
    });
  });

  it('goes on without it when it is skipped', async () => {
    await stage.runAudition({ ...broken, recordAs: `${step}-skipped` }, async (played) => {
      await asks(played, step);
      if (step !== 'invitation') played.world.clearFaults();
      await resolveAll(played, 'skip');
      await played.until(({ state, attention }) => state === 'scheduled' && attention.length === 0);
      expect(outside(played)).toEqual(skipped);
      expect(played.world.factTypes()).toContain('step_skipped');
    });
  });

  it('undoes everything when it is aborted', async () => {
    await stage.runAudition({ ...broken, recordAs: `${step}-aborted` }, async (played) => {
      await asks(played, step);
      played.world.clearFaults();
      await played.resolve(step, 'abort');
      expect(await played.result()).toMatchObject({ outcome: 'failed', attention: [] });
      expect(outside(played)).toEqual(nothing);
    });
  });
});

describe('a meeting', () => {
  it('is made by the next provider when the first is down, and the first one is undone', async () => {
    await stage.runAudition(
      { recordAs: 'fallback', prepare: (world) => world.fail('createMeeting', 'outage', 'zoom') },
      async ({ until, world }) => {
        const { meeting } = await until(({ state }) => state === 'scheduled');
        expect(meeting?.provider).toBe('google_meet');
        expect(world.callsOf('removeMeeting')).toHaveLength(1);
        expect(world.factTypes()).toContain('meeting_fell_back');
        expect(world.meetingsWithoutFallback).toEqual([meeting?.id]);
      },
    );
  });

  it('is tried with the last provider for as long as any step', async () => {
    const policy = { ...defaultPolicy, meetingPatience: 10_000, stepPatience: 60_000 };
    await stage.runAudition(
      { plan: { policy }, prepare: (world) => world.fail('createMeeting', 'outage') },
      async (played) => {
        const { attention, requestedAt } = await asks(played, 'meeting');
        const [item] = attention;
        expect(toEpochMs(item?.raisedAt ?? requestedAt) - toEpochMs(requestedAt)).toBeGreaterThan(
          3 * policy.meetingPatience,
        );
      },
    );
  });

  it('that no provider makes can be given by a person', async () => {
    const joinUrl = 'https://by.hand/1';
    await stage.runAudition(
      { recordAs: 'meeting-overridden', prepare: (world) => world.fail('createMeeting', 'reconnect') },
      async (played) => {
        await asks(played, 'meeting');
        await played.resolve('meeting', 'override', joinUrl);
        const view = await played.until(({ state }) => state === 'scheduled');
        expect(view.meeting).toMatchObject({ provider: 'manual', joinUrl });
      },
    );
  });
});

/** The meeting waits for a person for so long that the hold is gone. */
const waitedTooLong = async (played: RunningAudition): Promise<void> => {
  await asks(played, 'meeting');
  played.world.expireHolds();
  played.world.clearFaults();
  await played.resolve('meeting', 'retry');
};

const noMeeting = (world: RunningAudition['world']): void => world.fail('createMeeting', 'reconnect');

describe('a hold that ran out while a step waited', () => {
  it('asks a person before anybody is invited, and undoes all on abort', async () => {
    await stage.runAudition({ recordAs: 'hold-lost-aborted', prepare: noMeeting }, async (played) => {
      await waitedTooLong(played);
      const { attention } = await asks(played, 'hold');
      expect(attention).toMatchObject([{ code: 'taken', actions: ['retry', 'abort'] }]);
      expect(played.world.notices).toEqual([]);
      await played.resolve('hold', 'abort');
      expect(await played.result()).toMatchObject({ outcome: 'failed' });
      expect(outside(played)).toEqual(nothing);
    });
  });

  it('is claimed anew when the other audition has gone', async () => {
    await stage.runAudition({ recordAs: 'hold-lost-retried', prepare: noMeeting }, async (played) => {
      await waitedTooLong(played);
      await asks(played, 'hold');
      played.world.holdsTaken = false;
      await played.resolve('hold', 'retry');
      await played.until(({ state }) => state === 'scheduled');
      expect([...played.world.confirmedRevisions]).toEqual([1]);
    });
  });
});

describe('a compensation that fails', () => {
  it('waits for a person and stops no other', async () => {
    await stage.runAudition({ recordAs: 'compensation-retried' }, async (played) => {
      const { handle, world } = played;
      await played.until(({ state }) => state === 'scheduled');
      world.fail('removeMeeting', 'reconnect');
      const cancelled = await handle.executeUpdate(messages.cancelUpdate, {
        args: [{ origin: 'api', correlationId: 'test' }],
      });
      expect(cancelled.attention).toMatchObject([{ step: 'compensation', actions: ['retry', 'skip'] }]);
      expect(outside(played)).toEqual({ meetings: 1, events: 0, holds: 0 });
      world.clearFaults();
      await played.resolve('compensation', 'retry');
      expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(outside(played)).toEqual(nothing);
    });
  });
});

describe('an attention item', () => {
  it('is overdue when nobody comes within the SLA, and again after the next', async () => {
    await stage.runAudition(
      { recordAs: 'overdue', prepare: (world) => world.fail('createMeeting', 'reconnect') },
      async (played) => {
        await asks(played, 'meeting');
        const alerts = () => played.world.factTypes().filter((fact) => fact === 'attention_overdue').length;
        await played.until(({ attention }) => attention.some(({ overdue }) => overdue));
        await played.until(() => alerts() > 1);
        await played.resolve('meeting', 'skip');
        expect(await played.until(({ state }) => state === 'scheduled')).toMatchObject({ attention: [] });
      },
    );
  });

  it('is raised for a notice that could not be delivered, though the report came first', async () => {
    await stage.runAudition({ recordAs: 'undelivered' }, async (played) => {
      const { handle, until } = played;
      const participant = played.plan.participants[0];
      if (!participant) throw new Error('nobody takes part');
      const deliveryId = `audition/${played.plan.id}:invitation:${participant.id}:sms:r1`;
      await handle.signal(messages.deliveryReportedSignal, {
        participant: participant.id,
        channel: 'sms',
        deliveryId,
        status: 'failed',
        code: '30003',
      });
      const { attention } = await until(({ attention }) => attention.length > 0);
      expect(attention).toMatchObject([{ step: 'invitation', code: '30003' }]);
      await until(({ state }) => state === 'scheduled');
      await played.resolve('invitation', 'skip');
    });
  });

  it('asks once more when the performer is silent and a person says so', async () => {
    await stage.runAudition({ recordAs: 'silence' }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await asks(played, 'answer');
      await played.resolve('answer', 'retry');
      await played.until(({ notices }) => notices.some(({ deliveryId }) => deliveryId.includes(':again')));
      expect(played.world.notices.filter((key) => key.includes('r1:again'))).toHaveLength(2);
    });
  });
});
