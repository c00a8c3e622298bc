/** Resets auditions in tests, and takes them over, as an operator and the reconciliation do. */
import { randomUUID } from 'node:crypto';
import { WorkflowIdReusePolicy } from '@temporalio/client';
import { expect } from 'vitest';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import { isWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import * as messages from '../../workflows/audition/messages.ts';
import type { audition } from '../../workflows/audition/workflow.ts';
import { slotIn } from './audition-plan.ts';
import { operatorCommand, type RunningAudition, type WorkflowHarness } from './workflow-harness.ts';

/** Returns what the ledger would say about the effects in the fake world. */
export const effectsOf = ({ world, plan }: RunningAudition): readonly StandingEffect[] => [
  ...[...world.meetings].map((key) => ({
    key,
    target: { kind: 'meeting' as const, provider: 'zoom' as const, slot: slotIn(72, 0) },
  })),
  ...[...world.calendarEvents]
    .filter((key) => key.endsWith(':room-booking'))
    .map((key) => ({
      key,
      target: {
        kind: 'room_booking' as const,
        calendar: { provider: 'google' as const, connection: 'conn_rooms' as const, calendarId: 'primary' },
      },
    })),
  ...[...world.calendarEvents].flatMap((key) => {
    const owner = plan.participants.find(({ id }) => key.endsWith(`:${id}`));
    return owner?.calendar && isWritableCalendar(owner.calendar)
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

/** Returns the operator's functions for the auditions of a harness, which has started when they are called. */
export const createTakeovers = (harness: () => WorkflowHarness) => {
  /**
   * Resets the workflow, as an operator does in the Web UI: to its first workflow task, to the last one, to the last one
   * that has scheduled an activity, or to the one that follows the invitations.
   */
  const reset = async (
    { handle }: { readonly handle: Pick<RunningAudition['handle'], 'workflowId' | 'fetchHistory'> },
    to: 'first' | 'invited' | 'active' | 'last' = 'first',
  ): Promise<void> => {
    const { connection, namespace } = harness().environment;
    const { events = [] } = await handle.fetchHistory();
    const firstUpdate = events?.findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
    const lastActivity = events?.findLastIndex((event) => event.activityTaskScheduledEventAttributes);
    const isCompleted = (event: NonNullable<typeof events>[number]) =>
      Boolean(event.workflowTaskCompletedEventAttributes);
    const completed = {
      first: () => events?.find(isCompleted),
      // The task that accepts the update precedes its acceptance.
      invited: () => events?.slice(0, (firstUpdate ?? 0) - 1).findLast(isCompleted),
      active: () => events?.slice(0, lastActivity).findLast(isCompleted),
      last: () => events?.findLast(isCompleted),
    }[to]();
    if (!completed?.eventId) throw new Error('the workflow has completed no task');
    await connection.workflowService.resetWorkflowExecution({
      namespace: namespace ?? 'default',
      workflowExecution: { workflowId: handle.workflowId },
      workflowTaskFinishEventId: completed.eventId,
      requestId: randomUUID(),
      reason: 'test',
    });
  };

  /** The handle without a run id: the run that a reset or a take-over has started. */
  const latest = ({ handle }: RunningAudition) =>
    harness().client.workflow.getHandle<typeof audition>(handle.workflowId);

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

  const takeOver = ({ handle, plan }: RunningAudition, takeover: messages.Takeover, taskQueue: string) =>
    harness().client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
      workflowId: handle.workflowId,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue,
      args: [{ plan, takeover }],
    });

  return { reset, latest, untilAsked, resolve, takeOver };
};
