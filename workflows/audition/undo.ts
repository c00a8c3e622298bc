/** Carrying out the compensations. Each is tried for as long as the policy allows, then a person is asked. */
import { proxyActivities } from '@temporalio/workflow';
import type { CalendarActivities, MeetingActivities, Undone } from '../../activities/contract.ts';
import { queueOfCalendar, queueOfMeeting, taskQueue } from '../task-queues.ts';
import { booking } from './booking.ts';
import type { AuditionCompensation } from './compensation-data.ts';
import { insist } from './insist.ts';
import { priorityOf } from './priority.ts';
import type { AuditionRun } from './run.ts';
import { messagingBy, noticeFacts } from './steps/notices.ts';

/** Undoes one thing, or has a person decide to leave it. `onAsked` is called when it begins to wait for a person. */
export const undo = async (
  run: AuditionRun,
  compensation: AuditionCompensation,
  onAsked?: () => void,
): Promise<void> => {
  const outcome = await insist(
    run,
    {
      step: 'compensation',
      purpose: `undo ${nameOf(compensation)}`,
      hint: 'Retry when the provider answers again, or undo it by hand and skip.',
      actions: ['retry', 'skip'],
      isBeside: true,
      onAsked,
    },
    () => perform(run, compensation),
  );
  run.journal.record({
    type: 'compensated',
    step: nameOf(compensation),
    result: outcome.kind === 'done' ? outcome.result.result : 'skipped',
  });
};

const nameOf = (compensation: AuditionCompensation): string => {
  switch (compensation.kind) {
    case 'release_holds':
      return 'the hold of the slot';
    case 'remove_meeting':
      return `the meeting on ${compensation.provider}`;
    case 'remove_event':
      return `the event in the calendar of connection ${compensation.calendar.connection}`;
    case 'retract_notices':
      return `the invitation of ${compensation.participant} by ${compensation.channel}`;
  }
};

const perform = async (run: AuditionRun, compensation: AuditionCompensation): Promise<Undone> => {
  const { id: auditionId, organization, correlationId, policy } = run.plan;
  const correlated = { auditionId, organization, correlationId };
  const patiently = (taskQueueName: string) => ({
    taskQueue: taskQueueName,
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: policy.stepPatience,
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    priority: priorityOf(run),
    summary: `Undo ${nameOf(compensation)}`,
  });
  switch (compensation.kind) {
    case 'release_holds':
      await booking('Undo the hold of the slot').releaseHolds(correlated);
      return { result: 'undone' };
    case 'remove_meeting': {
      const { key, provider, slot } = compensation;
      const options = patiently(taskQueue(queueOfMeeting[provider]));
      return proxyActivities<MeetingActivities>(options).removeMeeting({
        ...correlated,
        key,
        provider,
        slot,
      });
    }
    case 'remove_event': {
      const { key, calendar } = compensation;
      const options = patiently(taskQueue(queueOfCalendar[calendar.provider]));
      return proxyActivities<CalendarActivities>(options).removeEvent({ ...correlated, key, calendar });
    }
    case 'retract_notices':
      return retract(run, compensation);
  }
};

const retract = async (
  run: AuditionRun,
  { participant, channel, sentAs }: Extract<AuditionCompensation, { kind: 'retract_notices' }>,
): Promise<Undone> => {
  const recipient = run.plan.participants.find(({ id }) => id === participant);
  const { ending } = run;
  // Whoever declined knows.
  const knows = ending?.type === 'declined' && ending.participant === participant;
  if (!recipient || knows) return { result: 'nothing_to_undo' };
  const { id: auditionId, organization, correlationId } = run.plan;
  return messagingBy(
    run,
    channel,
    `Tell ${recipient.kind} ${recipient.id} that it is cancelled`,
  ).retractNotice({
    auditionId,
    organization,
    correlationId,
    key: run.keyOf(`cancellation:${participant}:${channel}`),
    sentAs,
    channel,
    recipient,
    audition: noticeFacts(run),
  });
};
