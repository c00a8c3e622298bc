/** Tests the take-over of an audition whose workflow an operator has reset or terminated in Temporal. */
import { randomUUID } from 'node:crypto';
import { WorkflowIdReusePolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import { participantSchema } from '../../domain/audition/request.ts';
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

type HistoryEvents = NonNullable<Awaited<ReturnType<RunningAudition['handle']['fetchHistory']>>['events']>;

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

/** Resets the workflow to one of its workflow tasks, as an operator does in the Web UI. */
const reset = async (
  { handle }: RunningAudition,
  choose: (completed: HistoryEvents, all: HistoryEvents) => HistoryEvents[number] | undefined = ([first]) =>
    first,
): Promise<void> => {
  const { connection, namespace } = harness.environment;
  const { events = [] } = await handle.fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const completed = choose(tasks, events ?? []);
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

describe('an audition that was reset while its compensation waited for an operator', () => {
  it('is not stuck at a question that the trail does not contain', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      played.world.fail('removeMeeting', 'reconnect');
      await played.send(messages.cancelUpdate, apiCommand);
      await played.until(({ attention }) => attention.some(({ step }) => step === 'compensation'));
      // The task that has raised the item: the new run raises it again, and cannot write it.
      await reset(played, (tasks, all) => {
        const written = all.findLastIndex((event) => event.activityTaskScheduledEventAttributes);
        return tasks.findLast((task) => all.indexOf(task) < written);
      });
      expect(await latest(played).result()).toMatchObject({ state: 'closed', attention: [] });
    });
  });
});

describe('an audition whose cast changed before it was reset', () => {
  it('informs the new participant when it is undone', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'add', participant: agent }],
      });
      await played.until(({ notices }) => notices.some(({ participant }) => participant === agent.id));
      const { plan, world } = played;
      world.adoptedPlan = { ...plan, participants: [...plan.participants, agent] };
      world.effects = effectsOf({ ...played, plan: world.adoptedPlan });
      await reset(played);
      await resolve(played, 'abort');
      await latest(played).result();
      expect(world.retractions.filter((key) => key.includes(agent.id))).toHaveLength(1);
    });
  });
});

const agent = participantSchema.parse({
  id: 'agent-1',
  kind: 'agent',
  name: 'Alan Agent',
  email: 'alan@example.com',
  zone: 'Europe/Paris',
  locale: 'en',
  channels: ['email'],
  required: false,
});

/** Terminates the workflow while an activity runs, which completes nevertheless. */
const terminateDuring = ({ world, handle }: RunningAudition, activity: string, key: string): void => {
  world.beforeActivity = async (call) => {
    if (call.activity === activity && call.key === key) await handle.terminate();
  };
};

describe('an audition that was terminated during a change', () => {
  it('releases the slot of a move that was not recorded', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      terminateDuring(played, 'claimSlot', '2');
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const moved = played.handle.executeUpdate(messages.rescheduleUpdate, {
        args: [{ ...apiCommand, wish }],
      });
      await expect(moved).rejects.toBeInstanceOf(Error);
      await expect.poll(() => played.world.claims.size).toBe(2);
      played.world.effects = effectsOf(played);
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'retry');
      await expect.poll(() => [...played.world.claims], { timeout: 20_000 }).toEqual([1]);
    });
  });

  it('removes the meeting of a provider that had failed, and keeps the other', async () => {
    await harness.runAudition({}, async (played) => {
      const { world, handle } = played;
      world.fail('createMeeting', 'reconnect', ':zoom:');
      world.fail('removeMeeting', 'outage', ':zoom:');
      await invited(played);
      const { taskQueue } = await handle.describe();
      await handle.terminate();
      world.clearFaults();
      const [meet = ''] = world.meetings;
      const zoom = meet.replace('google_meet', 'zoom');
      // Zoom has created it, and its answer was lost.
      world.meetings.add(zoom);
      const slot = slotIn(72, 0);
      world.effects = [
        { key: zoom, target: { kind: 'meeting', provider: 'zoom', slot } },
        { key: meet, target: { kind: 'meeting', provider: 'google_meet', slot }, providerId: meet },
      ];
      await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'retry');
      await expect.poll(() => [...world.meetings], { timeout: 20_000 }).toEqual([meet]);
    });
  });

  it('completes a change of the cast that the plan contains and the trail does not', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      terminateDuring(played, 'claimSlot', '2');
      const { plan, world } = played;
      const [one, two, removed] = plan.participants;
      if (!one || !two || !removed) throw new Error('the plan has no reader');
      const changed = played.handle.executeUpdate(messages.participantsUpdate, {
        args: [
          {
            ...apiCommand,
            changes: [
              { kind: 'add', participant: agent },
              { kind: 'remove', participant: removed.id },
            ],
          },
        ],
      });
      await expect(changed).rejects.toBeInstanceOf(Error);
      world.effects = effectsOf(played);
      const newPlan = { ...plan, participants: [one, two, agent], formerParticipants: [removed] };
      await takeOver({ ...played, plan: newPlan }, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      await resolve(played, 'retry');
      const castOf = async () =>
        (await latest(played).query(messages.viewQuery)).participants.map(({ id }) => id);
      await expect.poll(castOf, { timeout: 20_000 }).toEqual([one.id, two.id, agent.id]);
      await expect
        .poll(() => world.retractions.filter((key) => key.includes(removed.id)), { timeout: 20_000 })
        .toHaveLength(1);
      await expect
        .poll(() => world.notices.filter((key) => key.includes(agent.id)), { timeout: 20_000 })
        .toHaveLength(1);
      expect(world.claims.size).toBe(1);
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

  it('is not reopened a second time when it was closed again, and the run is reset', async () => {
    await harness.runAudition({}, async (played) => {
      await invited(played);
      const { taskQueue } = await played.handle.describe();
      await played.send(messages.cancelUpdate, apiCommand);
      await played.handle.result();
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const command = { ...apiCommand, correlationId: 'reopening', to: 'session', wish } as const;
      const handle = await takeOver(played, { cause: 'reopen', command }, taskQueue);
      const stateOf = async () => (await handle.query(messages.viewQuery)).state;
      await expect.poll(stateOf, { timeout: 20_000 }).toBe('scheduled');
      await handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      await handle.result();
      await reset({ ...played, handle });
      expect(await latest(played).result()).toMatchObject({ state: 'closed', outcome: 'cancelled' });
      expect(played.world.factTypes().filter((type) => type === 'reopened_for_session')).toHaveLength(1);
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
