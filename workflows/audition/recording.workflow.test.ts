/** The start of the workflow that stores the recordings of a session. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { participantSchema } from '../../domain/audition/request.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { castingDirector, performer } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  terminateWhenIdle,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

/** Returns the ids of the workflows that the audition has started. */
const childrenOf = async ({ handle }: RunningAudition): Promise<readonly string[]> => {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(
    ({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? [],
  );
};

const checkIn = ({ send }: RunningAudition) =>
  send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });

const release = ({ send }: RunningAudition) =>
  send(messages.decideUpdate, { ...apiCommand, decision: 'released' });

const inProgress = async (played: RunningAudition): Promise<string> => {
  await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
  await checkIn(played);
  const { meeting } = await played.until(({ state }) => state === 'in_progress');
  return recordingWorkflowId(played.plan.id, 'zoom', meeting?.id ?? '');
};

const plan = { meetingSettings: { recording: 'cloud' } } as const;

describe('the recordings of a session', () => {
  it('are expected once, when the session has ended', async () => {
    await stage.runAudition({ recordAs: 'session-recorded', plan }, async (played) => {
      const id = await inProgress(played);
      await played.until(({ state }) => state === 'awaiting_decision');
      await release(played);
      expect(await played.result()).toMatchObject({ outcome: 'released' });
      expect(await childrenOf(played)).toEqual([id]);
      await terminateWhenIdle(stage.client.workflow.getHandle(id));
    });
  });

  it('are expected when the decision ends the session', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const id = await inProgress(played);
      await release(played);
      await played.result();
      expect(await childrenOf(played)).toEqual([id]);
      await terminateWhenIdle(stage.client.workflow.getHandle(id));
    });
  });

  it('are not expected when the provider was not asked to record', async () => {
    await stage.runAudition({}, async (played) => {
      await inProgress(played);
      await played.until(({ state }) => state === 'awaiting_decision');
      await release(played);
      await played.result();
      expect(await childrenOf(played)).toEqual([]);
    });
  });

  it('are not expected when the session did not take place', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
      await played.resolve('session', 'no_show');
      await played.result();
      expect(await childrenOf(played)).toEqual([]);
    });
  });
});

describe('the recordings of a session that is interrupted', () => {
  it('are expected from the meeting that everyone leaves', async () => {
    await stage.runAudition({ recordAs: 'recorded-meeting-left', plan }, async (played) => {
      const id = await inProgress(played);
      await played.send(messages.meetingUpdate, apiCommand);
      await played.until(({ meeting }) => meeting?.provider === 'google_meet');
      await expect.poll(() => childrenOf(played), { timeout: 20_000 }).toEqual([id]);
      await terminateWhenIdle(stage.client.workflow.getHandle(id));
    });
  });

  it('are expected from a meeting that was deleted', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const { meeting } = await played.until(({ state }) => state === 'scheduled');
      const id = await inProgress(played);
      await played.handle.signal(messages.meetingDeletedSignal, {
        origin: 'system',
        meetingId: meeting?.id ?? '',
      });
      await expect.poll(() => childrenOf(played), { timeout: 20_000 }).toEqual([id]);
      await terminateWhenIdle(stage.client.workflow.getHandle(id));
    });
  });

  it('are expected when the audition is cancelled', async () => {
    await stage.runAudition({ recordAs: 'cancelled-in-session', plan }, async (played) => {
      const id = await inProgress(played);
      await played.send(messages.cancelUpdate, { ...apiCommand, reason: 'The power failed.' });
      expect(await played.result()).toMatchObject({ outcome: 'cancelled' });
      await expect.poll(() => childrenOf(played), { timeout: 20_000 }).toEqual([id]);
      await terminateWhenIdle(stage.client.workflow.getHandle(id));
    });
  });

  it('are not expected when the audition is cancelled before its session', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(await childrenOf(played)).toEqual([]);
    });
  });
});

describe('the consents to an automatic recording', () => {
  const automatic = { meetingSettings: { recording: 'cloud', autoStartRecording: true } } as const;

  it('that change are applied to the meeting, which then has other settings', async () => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      played.world.changedSettings = [];
      await played.handle.signal(messages.consentChangedSignal);
      await expect.poll(() => played.world.factTypes()).toContain('meeting_settings_changed');
      expect(played.world.callsOf('checkMeeting')).toHaveLength(1);
      await release(played);
      await played.result();
    });
  });

  it('are compared again with every change of the cast', async () => {
    await stage.runAudition({ recordAs: 'cast-without-consent', plan: automatic }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      // The cast of before has consented. The substitute has not.
      played.world.changedSettings = ['autoStartRecording'];
      const substitute = participantSchema.parse({
        ...castingDirector,
        id: 'reader-2',
        kind: 'reader',
        calendar: undefined,
      });
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'add', participant: substitute }],
      });
      const { meeting } = await played.until(({ meeting: present }) => present?.notHonored !== undefined);
      expect(meeting).toMatchObject({ notHonored: ['autoStartRecording'] });
      expect(played.world.callsOf('checkMeeting')).toHaveLength(1);
      played.world.changedSettings = [];
      await played.handle.signal(messages.consentChangedSignal);
      await played.until(({ meeting: present }) => present?.notHonored === undefined);
    });
  });

  it('that change while the meeting is being created are applied to it', async () => {
    const started = Promise.withResolvers<RunningAudition>();
    const prepare = (world: RunningAudition['world']): void => {
      world.beforeActivity = async ({ activity }) => {
        if (activity !== 'createMeeting') return;
        await (await started.promise).handle.signal(messages.consentChangedSignal);
      };
    };
    const scene = { recordAs: 'consent-changed-during-creation', plan: automatic, prepare };
    await stage.runAudition(scene, async (played) => {
      started.resolve(played);
      await played.until(({ state }) => state === 'scheduled');
      await expect.poll(() => played.world.callsOf('checkMeeting').length).toBe(1);
      await release(played);
      await played.result();
    });
  });

  it('that change twice at the same time are applied one after the other', async () => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await Promise.all([
        played.handle.signal(messages.consentChangedSignal),
        played.handle.signal(messages.consentChangedSignal),
        played.handle.signal(messages.consentChangedSignal),
      ]);
      await expect.poll(() => played.world.callsOf('checkMeeting').length).toBe(2);
      await release(played);
      await played.result();
      expect(played.world.callsOf('checkMeeting')).toHaveLength(2);
    });
  });

  it('are asked about when the provider fails, and the meeting stays where it is', async () => {
    await stage.runAudition({ recordAs: 'consents-not-applied', plan: automatic }, async (played) => {
      const { meeting } = await played.until(({ notices }) => notices.length === 4);
      played.world.fail('checkMeeting', 'not_permitted');
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
      const { attention, state } = await played.until(({ attention: items }) => items.length === 1);
      expect([state, attention[0]]).toMatchObject([
        'scheduled',
        { step: 'meeting', actions: ['retry', 'skip'], what: expect.stringContaining('consents') },
      ]);
      played.world.clearFaults();
      played.world.changedSettings = ['autoStartRecording'];
      await played.resolve('meeting', 'retry');
      await played.until(({ meeting: present }) => present?.notHonored !== undefined);
      expect((await played.view()).meeting).toMatchObject({ id: meeting?.id });
      expect(played.world.factTypes()).not.toContain('meeting_lost');
    });
  });

  it('are compared again after a fault of the database, when an operator retries', async () => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      played.world.changedSettings = ['autoStartRecording'];
      let failures = 2;
      played.world.beforeActivity = ({ activity }) => {
        if (activity !== 'checkMeeting' || failures === 0) return;
        failures -= 1;
        throw ApplicationFailure.nonRetryable('database', 'database');
      };
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
      await played.until(({ attention: items }) => items.length === 1);
      await played.resolve('meeting', 'retry');
      const { attention } = await played.until(({ meeting }) => meeting?.notHonored !== undefined);
      expect(attention).toEqual([]);
    });
  });

  it('withdraw the question when they change again', async () => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      played.world.fail('checkMeeting', 'not_permitted');
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
      await played.until(({ attention: items }) => items.length === 1);
      played.world.clearFaults();
      played.world.changedSettings = ['autoStartRecording'];
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_2' });
      const { attention } = await played.until(({ meeting }) => meeting?.notHonored !== undefined);
      expect(attention).toEqual([]);
    });
  });

  it('that change while another meeting is being created reach that one', async () => {
    await stage.runAudition({ recordAs: 'consent-during-replacement', plan: automatic }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      const { promise: created, resolve: create } = Promise.withResolvers<void>();
      const { promise: creating, resolve: started } = Promise.withResolvers<void>();
      played.world.beforeActivity = async ({ activity }) => {
        if (activity !== 'createMeeting') return;
        started();
        await created;
      };
      const moved = played.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
      await creating;
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
      await expect.poll(() => played.world.callsOf('checkMeeting').length).toBe(1);
      played.world.changedSettings = ['autoStartRecording'];
      create();
      await moved;
      const { meeting } = await played.until(({ meeting: present }) => present?.notHonored !== undefined);
      expect(meeting).toMatchObject({ provider: 'google_meet', notHonored: ['autoStartRecording'] });
    });
  });

  it('that change while the meeting is lost reach the next one', async () => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      const { meeting } = await played.until(({ notices }) => notices.length === 4);
      const { promise: created, resolve: create } = Promise.withResolvers<void>();
      const { promise: creating, resolve: started } = Promise.withResolvers<void>();
      played.world.beforeActivity = async ({ activity }) => {
        if (activity !== 'createMeeting') return;
        started();
        await created;
      };
      await played.handle.signal(messages.meetingDeletedSignal, {
        origin: 'system',
        meetingId: meeting?.id,
        inboxId: 'whk_0',
      });
      await creating;
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
      await played.view();
      played.world.changedSettings = ['autoStartRecording'];
      create();
      const { meeting: next } = await played.until(
        ({ meeting: present }) => present?.notHonored !== undefined,
      );
      expect(next?.id).not.toBe(meeting?.id);
    });
  });

  it('that are withdrawn reach a recording that the host may have started', async () => {
    await stage.runAudition({ recordAs: 'withdrawal-while-host-records', plan }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
      await expect.poll(() => played.world.callsOf('checkMeeting').length).toBe(1);
      played.world.fail('checkMeeting', 'rejected_input');
      await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_2' });
      const { attention } = await played.until(({ attention: items }) => items.length === 1);
      expect(attention).toMatchObject([{ step: 'meeting', actions: ['retry', 'skip'] }]);
      played.world.clearFaults();
      await played.resolve('meeting', 'skip');
      await release(played);
      await played.result();
    });
  });

  it.each([
    ['by itself', { recording: 'cloud', autoStartRecording: true }],
    ['by its host', { recording: 'cloud' }],
  ] as const)(
    'that are withdrawn in a session that is recorded %s move nobody while the provider is down',
    async (how, meetingSettings) => {
      const policy = { ...defaultPolicy, meetingCheck: 15 * minute };
      const recordAs = `withdrawal-during-outage-${how.replaceAll(' ', '-')}`;
      await stage.runAudition(
        { recordAs, plan: { meetingSettings, policy, joinLinks: true, reminders: [] } },
        async (played) => {
          const { slot, meeting } = await played.until(({ notices }) => notices.length >= 4);
          if (!slot) throw new TypeError('the audition is not scheduled');
          await played.advanceTo(toInstant(toEpochMs(slot.start) + minute));
          await checkIn(played);
          await played.until(({ state }) => state === 'in_progress');
          expect(played.world.callsOf('checkMeeting')).toHaveLength(1);
          played.world.fail('checkMeeting', 'outage');
          await played.handle.signal(messages.consentChangedSignal, { inboxId: 'whk_1' });
          const { attention } = await played.until(
            (view) => view.attention.length > 0 || view.meeting?.id !== meeting?.id,
          );
          expect(attention).toMatchObject([{ step: 'meeting', what: expect.stringContaining('consents') }]);
          played.world.clearFaults();
          await played.resolve('meeting', 'retry');
          await release(played);
          await played.result();
          expect(played.world.factTypes()).not.toContain('meeting_lost');
          expect(played.world.callsOf('createMeeting')).toHaveLength(1);
          for (const id of await childrenOf(played))
            await terminateWhenIdle(stage.client.workflow.getHandle(id));
        },
      );
    },
  );

  it('cost nothing when the session is not recorded', async () => {
    await stage.runAudition({}, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await played.handle.signal(messages.consentChangedSignal);
      await release(played);
      await played.result();
      expect(played.world.callsOf('checkMeeting')).toEqual([]);
    });
  });
});
