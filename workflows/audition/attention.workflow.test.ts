/** Attention items: each step that can raise one, each operator action, and the effects that remain. */
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

const untilAttention = ({ until }: RunningAudition, step: AttentionStep) =>
  until(({ attention }) => attention.some((item) => item.step === step));

const effectsOf = ({ world }: RunningAudition) => ({
  meetings: world.meetings.size,
  events: world.calendarEvents.size,
  holds: world.claims.size,
});
const noEffects = { meetings: 0, events: 0, holds: 0 };

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

describe.each(steps)('the step $step, failed permanently,', ({ step, activity, skipped }) => {
  const broken = { prepare: (world: RunningAudition['world']) => world.fail(activity, 'reconnect') };

  /** Resolves all items of the step, one for each calendar or participant. */
  const resolveAll = async (played: RunningAudition, action: 'retry' | 'skip'): Promise<void> => {
    for (;;) {
      const { attention } = await played.view();
      if (!attention.some((item) => item.step === step)) return;
      await played.resolve(step, action);
    }
  };

  it('continues after a retry when its cause is gone', async () => {
    await stage.runAudition({ ...broken, recordAs: `${step}-retried` }, async (played) => {
      await untilAttention(played, step);
      played.world.clearFaults();
      await resolveAll(played, 'retry');
      await played.until(({ state, attention }) => state === 'scheduled' && attention.length === 0);
      expect(effectsOf(played)).toEqual({ meetings: 1, events: 2, holds: 1 });
    });
  });

  it('is left out when an operator skips it', async () => {
    await stage.runAudition({ ...broken, recordAs: `${step}-skipped` }, async (played) => {
      await untilAttention(played, step);
      if (step !== 'invitation') played.world.clearFaults();
      await resolveAll(played, 'skip');
      await played.until(({ state, attention }) => state === 'scheduled' && attention.length === 0);
      expect(effectsOf(played)).toEqual(skipped);
      expect(played.world.factTypes()).toContain('step_skipped');
    });
  });

  it('is undone with all others when an operator aborts', async () => {
    await stage.runAudition({ ...broken, recordAs: `${step}-aborted` }, async (played) => {
      await untilAttention(played, step);
      played.world.clearFaults();
      await played.resolve(step, 'abort');
      expect(await played.result()).toMatchObject({ outcome: 'failed', attention: [] });
      expect(effectsOf(played)).toEqual(noEffects);
    });
  });
});

describe('a meeting', () => {
  it('is created by the next provider when the first is down, and the first attempt is undone', async () => {
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

  it('is retried at the last provider for the patience of a normal step', async () => {
    const policy = { ...defaultPolicy, meetingPatience: 10_000, stepPatience: 60_000 };
    await stage.runAudition(
      { plan: { policy }, prepare: (world) => world.fail('createMeeting', 'outage') },
      async (played) => {
        const { attention, requestedAt } = await untilAttention(played, 'meeting');
        const [item] = attention;
        expect(toEpochMs(item?.raisedAt ?? requestedAt) - toEpochMs(requestedAt)).toBeGreaterThan(
          3 * policy.meetingPatience,
        );
      },
    );
  });

  it('can be overridden by an operator when no provider creates it', async () => {
    const joinUrl = 'https://by.hand/1';
    await stage.runAudition(
      { recordAs: 'meeting-overridden', prepare: (world) => world.fail('createMeeting', 'reconnect') },
      async (played) => {
        await untilAttention(played, 'meeting');
        await played.resolve('meeting', 'override', joinUrl);
        const view = await played.until(({ state }) => state === 'scheduled');
        expect(view.meeting).toMatchObject({ provider: 'manual', joinUrl });
      },
    );
  });
});

describe('a compensation that fails', () => {
  it('waits for an operator and does not block the others', async () => {
    await stage.runAudition({ recordAs: 'compensation-retried' }, async (played) => {
      const { send, world } = played;
      await played.until(({ state }) => state === 'scheduled');
      world.fail('removeMeeting', 'reconnect');
      const cancelled = await send(messages.cancelUpdate, { origin: 'api', correlationId: 'test' });
      expect(cancelled.attention).toMatchObject([{ step: 'compensation', actions: ['retry', 'skip'] }]);
      expect(effectsOf(played)).toEqual({ meetings: 1, events: 0, holds: 0 });
      world.clearFaults();
      await played.resolve('compensation', 'retry');
      expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(effectsOf(played)).toEqual(noEffects);
    });
  });

  it('can be resolved when the workflow was cancelled in Temporal', async () => {
    await stage.runAudition({ recordAs: 'cancelled-compensation-retried' }, async (played) => {
      const { handle, world } = played;
      await played.until(({ state }) => state === 'scheduled');
      world.fail('removeMeeting', 'reconnect');
      await handle.cancel();
      await untilAttention(played, 'compensation');
      world.clearFaults();
      await played.resolve('compensation', 'retry');
      expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(effectsOf(played)).toEqual(noEffects);
    });
  });
});

describe('an attention item', () => {
  it('becomes overdue when it is not resolved within the SLA, and again after the next SLA', async () => {
    await stage.runAudition(
      { recordAs: 'overdue', prepare: (world) => world.fail('createMeeting', 'reconnect') },
      async (played) => {
        await untilAttention(played, 'meeting');
        const alerts = () => played.world.factTypes().filter((fact) => fact === 'attention_overdue').length;
        await played.until(({ attention }) => attention.some(({ overdue }) => overdue));
        await played.until(() => alerts() > 1);
        await played.resolve('meeting', 'skip');
        expect(await played.until(({ state }) => state === 'scheduled')).toMatchObject({ attention: [] });
      },
    );
  });

  it('is raised for an undelivered notice, even if the report arrives before the notice is recorded', async () => {
    await stage.runAudition({ recordAs: 'undelivered' }, async (played) => {
      const { handle, until } = played;
      const participant = played.plan.participants[0];
      if (!participant) throw new Error('there is no participant');
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

  it('says that nothing is sent to a suppressed address, once for all reminders, until it is lifted', async () => {
    await stage.runAudition(
      {
        recordAs: 'address-suppressed',
        prepare: (world) => world.fail('sendNotice', 'suppressed', ':reader-1:'),
      },
      async (played) => {
        const { attention } = await untilAttention(played, 'invitation');
        expect(attention).toMatchObject([{ code: 'suppressed', actions: ['retry', 'skip', 'abort'] }]);
        expect(attention[0]?.hint).toContain('suppressions lift');
        await played.resolve('invitation', 'skip');
        await played.until(
          ({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 6,
        );
        const raised = played.world.events.filter(
          ({ fact }) => fact.type === 'attention_raised' && fact.item.code === 'suppressed',
        );
        expect(raised).toHaveLength(1);
        const cancelled = await played.send(messages.cancelUpdate, { origin: 'api', correlationId: 'test' });
        expect(cancelled).toMatchObject({ outcome: 'cancelled', attention: [] });
      },
    );
  });

  it('is raised for a reminder to an address that was suppressed since the invitation', async () => {
    await stage.runAudition({}, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      played.world.fail('sendNotice', 'suppressed', ':reader-1:');
      await untilAttention(played, 'reminder');
      played.world.clearFaults();
      await played.resolve('reminder', 'retry');
      const { attention } = await played.until(
        ({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 4,
      );
      expect(attention.filter(({ step }) => step === 'reminder')).toEqual([]);
    });
  });

  it('sends a reminder to a performer without an answer when an operator retries', async () => {
    await stage.runAudition({ recordAs: 'silence' }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await untilAttention(played, 'answer');
      await played.resolve('answer', 'retry');
      await played.until(({ notices }) => notices.some(({ deliveryId }) => deliveryId.includes(':again')));
      expect(played.world.notices.filter((key) => key.includes('r1:again'))).toHaveLength(2);
    });
  });
});
