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
