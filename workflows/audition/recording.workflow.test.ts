/** The start of the workflow that stores the recordings of a session. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { performer } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
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
      await stage.client.workflow.getHandle(id).terminate();
    });
  });

  it('are expected when the decision ends the session', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const id = await inProgress(played);
      await release(played);
      await played.result();
      expect(await childrenOf(played)).toEqual([id]);
      await stage.client.workflow.getHandle(id).terminate();
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
      await stage.client.workflow.getHandle(id).terminate();
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
      await stage.client.workflow.getHandle(id).terminate();
    });
  });

  it('are expected when the audition is cancelled', async () => {
    await stage.runAudition({ recordAs: 'cancelled-in-session', plan }, async (played) => {
      const id = await inProgress(played);
      await played.send(messages.cancelUpdate, { ...apiCommand, reason: 'The power failed.' });
      expect(await played.result()).toMatchObject({ outcome: 'cancelled' });
      await expect.poll(() => childrenOf(played), { timeout: 20_000 }).toEqual([id]);
      await stage.client.workflow.getHandle(id).terminate();
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

  it('leave the meeting where it is when its provider fails before the check', async () => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      const { meeting } = await played.until(({ state }) => state === 'scheduled');
      played.world.fail('checkMeeting', 'not_permitted');
      await played.handle.signal(messages.consentChangedSignal);
      await expect.poll(() => played.world.callsOf('checkMeeting').length).toBeGreaterThan(0);
      await release(played);
      expect((await played.result()).outcome).toBe('released');
      expect(played.world.factTypes()).not.toContain('meeting_lost');
      expect(meeting).toMatchObject({ provider: 'zoom' });
    });
  });

  it('cost nothing when the host starts the recording', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await played.until(({ state }) => state === 'scheduled');
      await played.handle.signal(messages.consentChangedSignal);
      await release(played);
      await played.result();
      expect(played.world.callsOf('checkMeeting')).toEqual([]);
    });
  });
});
