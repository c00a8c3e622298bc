/** Tests the take-over of an audition whose workflow an operator has reset or terminated in Temporal. */
import { randomUUID } from 'node:crypto';
import { WorkflowIdReusePolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import * as messages from '../../workflows/audition/messages.ts';
import type { audition } from '../../workflows/audition/workflow.ts';
import { performer, slotIn } from '../harness/audition-plan.ts';
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

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

/** Resets the workflow to its first workflow task, as an operator does in the Web UI. */
const reset = async ({
  handle,
}: {
  readonly handle: Pick<RunningAudition['handle'], 'workflowId' | 'fetchHistory'>;
}): Promise<void> => {
  const { connection, namespace } = harness.environment;
  const { events } = await handle.fetchHistory();
  const completed = events?.find((event) => event.workflowTaskCompletedEventAttributes);
  if (!completed?.eventId) throw new Error('the workflow has completed no task');
  await connection.workflowService.resetWorkflowExecution({
    namespace: namespace ?? 'default',
    workflowExecution: { workflowId: handle.workflowId },
    workflowTaskFinishEventId: completed.eventId,
    requestId: randomUUID(),
    reason: 'test',
  });
};

/** Returns what the ledger would say about the effects in the fake world. */
const effectsOf = ({ world, plan }: RunningAudition): readonly StandingEffect[] => [
  ...[...world.meetings].map((key) => ({
    key,
    target: { kind: 'meeting' as const, provider: 'zoom' as const, slot: slotIn(72, 0) },
  })),
  ...[...world.calendarEvents].flatMap((key) => {
    const owner = plan.participants.find(({ id }) => key.endsWith(`:${id}`));
    return owner?.calendar
      ? [
          {
            key,
            target: { kind: 'calendar_event' as const, participant: owner.id, calendar: owner.calendar },
          },
        ]
      : [];
  }),
  ...world.notices.flatMap((key) => {
    const owner = plan.participants.find(({ id }) => key.includes(`:${id}:`));
    const channel = key.includes(':sms:') ? ('sms' as const) : ('email' as const);
    return owner ? [{ key, target: { kind: 'notice' as const, participant: owner.id, channel } }] : [];
  }),
];

/** The handle without a run id: the run that a reset or a take-over has started. */
const latest = ({ handle }: RunningAudition) =>
  harness.environment.client.workflow.getHandle<typeof audition>(handle.workflowId);

const untilAsked = async (played: RunningAudition) => {
  const handle = latest(played);
  const itemOf = async () =>
    (await handle.query(messages.viewQuery)).attention.find(({ step }) => step === 'recovery');
  await expect.poll(itemOf, { timeout: 20_000 }).toBeDefined();
  const item = await itemOf();
  if (!item) throw new Error('no recovery item');
  return item;
};

const resolve = async (played: RunningAudition, action: 'retry' | 'abort'): Promise<void> => {
  const { id } = await untilAsked(played);
  await latest(played).executeUpdate(messages.resolveAttentionUpdate, {
    args: [{ ...operatorCommand, id, action }],
  });
};

const sideEffects = ({ world }: RunningAudition) => ({
  meetings: [...world.meetings],
  events: [...world.calendarEvents],
  notices: [...world.notices],
  claims: [...world.claims],
});

describe('an audition that was reset to its first workflow task', () => {
  it('touches nothing and asks an operator, who resumes it', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      await played.send(messages.respondUpdate, {
        ...apiCommand,
        participant: performer.id,
        answer: 'accepted',
      });
      const before = sideEffects(played);
      played.world.effects = effectsOf(played);
      await reset(played);
      const item = await untilAsked(played);
      expect(item.actions).toEqual(['retry', 'abort']);
      expect(sideEffects(played)).toEqual(before);
      await resolve(played, 'retry');
      const view = await latest(played).query(messages.viewQuery);
      expect(view).toMatchObject({ state: 'scheduled', revision: 1, attention: [] });
      expect(view.participants[0]?.answer).toBe('accepted');
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      expect(await latest(played).result()).toMatchObject({ outcome: 'cancelled' });
      expect(played.world).toMatchObject({ meetings: new Set(), calendarEvents: new Set() });
      expect(played.world.retractions).toHaveLength(4);
    });
  });

  it('is undone by the ledger when the operator aborts', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      played.world.effects = effectsOf(played);
      await reset(played);
      await resolve(played, 'abort');
      expect(await latest(played).result()).toMatchObject({ outcome: 'failed', attention: [] });
      expect([played.world.meetings.size, played.world.calendarEvents.size]).toEqual([0, 0]);
      expect(played.world.claims.size).toBe(0);
      expect(played.world.retractions).toHaveLength(4);
    });
  });
});

const takeOver = ({ handle, plan }: RunningAudition, takeover: messages.Takeover, taskQueue: string) =>
  harness.environment.client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
    workflowId: handle.workflowId,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    taskQueue,
    args: [{ plan, takeover }],
  });

describe('an audition that was terminated while its participants were being invited', () => {
  it('invites the others when an operator resumes it, each notice under the key of its first attempt', async () => {
    await harness.runAudition({}, async (played) => {
      const { world, handle } = played;
      world.fail('sendNotices', 'outage', '');
      world.fail('sendNotice', 'outage', ':sms:');
      await played.until(({ notices }) => notices.length === 3);
      const { taskQueue } = await handle.describe();
      await handle.terminate();
      world.clearFaults();
      world.effects = effectsOf(played);
      await harness.environment.client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
        workflowId: handle.workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        taskQueue,
        args: [{ plan: played.plan, takeover: { cause: 'terminated', correlationId: 'test' } }],
      });
      await resolve(played, 'retry');
      await expect
        .poll(async () => (await latest(played).query(messages.viewQuery)).notices.length, {
          timeout: 20_000,
        })
        .toBe(4);
      // The ledger sends a notice once for each key.
      expect(new Set(world.notices).size).toBe(4);
    });
  });
});

describe('an audition that was terminated', () => {
  it('is taken over, and can be undone', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.handle.terminate();
      played.world.effects = effectsOf(played);
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'abort');
      expect(await latest(played).result()).toMatchObject({ outcome: 'failed' });
      expect([played.world.meetings.size, played.world.calendarEvents.size]).toEqual([0, 0]);
    });
  });

  it('is undone to the end when it was closed before, and a declined participant is told nothing', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      played.world.fail('removeMeeting', 'reconnect');
      await played.send(messages.cancelUpdate, apiCommand);
      await played.until(({ attention }) => attention.some(({ step }) => step === 'compensation'));
      await played.handle.terminate();
      played.world.clearFaults();
      played.world.effects = effectsOf(played).filter(({ target }) => target.kind === 'meeting');
      const ending = { type: 'declined', participant: performer.id } as const;
      await takeOver(played, { cause: 'terminated', correlationId: 'test', ending }, taskQueue);
      const view = await latest(played).result();
      expect(view).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
      expect(played.world.meetings.size).toBe(0);
      expect(played.world.retractions).toHaveLength(4);
    });
  });

  it('touches nothing when it was closed before and keeps what it has', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      played.world.fail('removeMeeting', 'reconnect');
      await played.send(messages.cancelUpdate, apiCommand);
      await played.until(({ attention }) => attention.some(({ step }) => step === 'compensation'));
      await played.handle.terminate();
      played.world.effects = effectsOf(played);
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      expect(await latest(played).result()).toMatchObject({ state: 'closed', attention: [] });
      expect(played.world.meetings.size).toBe(1);
    });
  });

  it('asks an operator when it was reset after it was reopened, and books nothing again', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const command = { ...apiCommand, to: 'session', wish } as const;
      await takeOver(played, { cause: 'reopen', command }, taskQueue);
      await expect.poll(() => played.world.notices.length, { timeout: 20_000 }).toBe(8);
      const before = sideEffects(played);
      played.world.effects = effectsOf(played);
      await reset({ handle: latest(played) });
      await untilAsked(played);
      expect(sideEffects(played)).toEqual(before);
      await resolve(played, 'retry');
      const view = await latest(played).query(messages.viewQuery);
      expect(view).toMatchObject({ state: 'scheduled', revision: 2, attention: [] });
      await latest(played).executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
    });
  });

  it('is reopened for a session after it was cancelled', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const command = { ...apiCommand, to: 'session', wish } as const;
      const reopened = await takeOver(played, { cause: 'reopen', command }, taskQueue);
      const stateOf = async () => (await reopened.query(messages.viewQuery)).state;
      await expect.poll(stateOf, { timeout: 20_000 }).toBe('scheduled');
      const view = await reopened.query(messages.viewQuery);
      expect(view).toMatchObject({ revision: 2, slot: wish.slot });
      await expect.poll(() => played.world.notices.length, { timeout: 20_000 }).toBe(8);
      await reopened.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      expect(played.world.meetings.size).toBe(0);
    });
  });

  it('is not reopened when its outcome does not allow it, and stays closed', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      const command = { ...apiCommand, to: 'decision' } as const;
      const reopened = await takeOver(played, { cause: 'reopen', command }, taskQueue);
      expect(await reopened.result()).toMatchObject({ state: 'closed', outcome: 'cancelled' });
    });
  });
});
