/** Runs the compensations. Each is retried for the policy's `stepPatience`, then an operator is asked. */
import { proxyActivities } from '@temporalio/workflow';
import type {
  CalendarActivities,
  MeetingActivities,
  TaskQueue,
  UndoResult,
} from '../../activities/contract.ts';
import { correlatedIds } from '../../domain/audition/plan.ts';
import { internalActivities } from '../internal-activities.ts';
import { queueOfCalendar, queueOfMeeting } from '../task-queues.ts';
import { activityOptions } from './activity-options.ts';
import type { AuditionCompensation } from './compensations.ts';
import { retryUntilResolved } from './operator-retry.ts';
import type { AuditionRun } from './run.ts';
import { messagingActivities, noticeFacts } from './steps/notices.ts';

/**
 * Runs one compensation and records its result. An operator can skip it.
 * @param onAsked called when the compensation begins to wait for an operator
 */
export const compensate = async (
  run: AuditionRun,
  compensation: AuditionCompensation,
  onAsked?: () => void,
): Promise<void> => {
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'compensation',
      purpose: `undo ${describeCompensation(compensation)}`,
      hint: 'Retry when the provider works again, or undo it manually and skip.',
      actions: ['retry', 'skip'],
      isBackground: true,
      onAsked,
    },
    () => runCompensation(run, compensation),
  );
  run.journal.record({
    type: 'compensated',
    step: describeCompensation(compensation),
    result: outcome.kind === 'done' ? outcome.result.result : 'skipped',
  });
};

const describeCompensation = (compensation: AuditionCompensation): string => {
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

const runCompensation = async (run: AuditionRun, compensation: AuditionCompensation): Promise<UndoResult> => {
  const correlated = correlatedIds(run.plan);
  const optionsOn = (queue: TaskQueue) =>
    activityOptions(run, {
      queue,
      summary: `Undo ${describeCompensation(compensation)}`,
      maximumInterval: '1 minute',
    });
  switch (compensation.kind) {
    case 'release_holds':
      await internalActivities('Undo the hold of the slot').releaseHolds(correlated);
      return { result: 'undone' };
    case 'remove_meeting': {
      const { key, provider, slot } = compensation;
      const options = optionsOn(queueOfMeeting(provider));
      return proxyActivities<MeetingActivities>(options).removeMeeting({
        ...correlated,
        key,
        provider,
        slot,
      });
    }
    case 'remove_event': {
      const { key, calendar } = compensation;
      const options = optionsOn(queueOfCalendar(calendar.provider));
      return proxyActivities<CalendarActivities>(options).removeEvent({ ...correlated, key, calendar });
    }
    case 'retract_notices':
      return retractNotices(run, compensation);
  }
};

const retractNotices = async (
  run: AuditionRun,
  { participant, channel, sentAs }: Extract<AuditionCompensation, { kind: 'retract_notices' }>,
): Promise<UndoResult> => {
  const recipient = run.plan.participants.find(({ id }) => id === participant);
  const { ending } = run;
  // A participant who declined needs no cancellation notice.
  const hasDeclined = ending?.type === 'declined' && ending.participant === participant;
  if (!recipient || hasDeclined) return { result: 'nothing_to_undo' };
  return messagingActivities(
    run,
    channel,
    `Send the cancellation to ${recipient.kind} ${recipient.id}`,
  ).retractNotice({
    ...correlatedIds(run.plan),
    key: run.idempotencyKeyOf(`cancellation:${participant}:${channel}`),
    sentAs,
    channel,
    recipient,
    audition: noticeFacts(run),
  });
};
