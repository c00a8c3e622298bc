/** Runs the compensations. Each is retried for the policy's `stepPatience`, then an operator is asked. */
import { proxyActivities } from '@temporalio/workflow';
import type {
  CalendarActivities,
  MeetingActivities,
  TaskQueue,
  UndoResult,
} from '../../activities/contract.ts';
import type { EndingFact } from '../../domain/audition/ending.ts';
import type { Participant } from '../../domain/audition/request.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { queueOfCalendar, queueOfMeeting } from '../task-queues.ts';
import { activityOptions } from './activity-options.ts';
import { type AuditionCompensation, effectsOf } from './compensations.ts';
import { retryUntilResolved } from './operator-retry.ts';
import type { AuditionRun } from './run.ts';
import { messagingActivities, noticeFacts } from './steps/notices.ts';

export interface CompensationOptions {
  /** Called when the compensation begins to wait for an operator. */
  readonly onAsked?: (() => void) | undefined;
  /** The participants who can get a cancellation. Default: those of the plan, with the former ones. */
  readonly recipients?: readonly Participant[] | undefined;
  /** Distinguishes this cancellation from others of the revision in idempotency keys. */
  readonly label?: string | undefined;
  /** Whether the provider is expected to be down for hours. An operator is then asked after a day. */
  readonly isPatient?: boolean | undefined;
  /** Why everything is undone. Default: the ending of the run. */
  readonly ending?: EndingFact | undefined;
}

type Retraction = Pick<CompensationOptions, 'label' | 'ending'> & {
  readonly recipients: readonly Participant[];
};

/** Runs one compensation and records its result. An operator can skip it. */
export const compensate = async (
  run: AuditionRun,
  compensation: AuditionCompensation,
  {
    onAsked,
    recipients = everyParticipant(run),
    label,
    isPatient = false,
    ending = run.ending,
  }: CompensationOptions = {},
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
    () => runCompensation(run, compensation, { recipients, label, ending }, isPatient),
  );
  const step = describeCompensation(compensation);
  run.journal.record(
    outcome.kind === 'done'
      ? { type: 'compensated', step, result: outcome.result.result }
      : { type: 'compensated', step, result: 'skipped', kept: [...effectsOf(compensation)] },
  );
};

/** A participant who was replaced under the same id comes first as the present one. */
const everyParticipant = ({ plan }: AuditionRun): readonly Participant[] => [
  ...plan.participants,
  ...(plan.formerParticipants ?? []),
];

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

const runCompensation = async (
  run: AuditionRun,
  compensation: AuditionCompensation,
  notices: Retraction,
  isPatient: boolean,
): Promise<UndoResult> => {
  const optionsOn = (queue: TaskQueue) =>
    activityOptions(run, {
      queue,
      summary: `Undo ${describeCompensation(compensation)}`,
      ...(isPatient
        ? { patience: 'recovery' as const, maximumInterval: '5 minutes' as const }
        : { maximumInterval: '1 minute' as const }),
    });
  switch (compensation.kind) {
    case 'release_holds':
      await run.journal.flush({ releaseHolds: { through: run.claims.last } });
      return { result: 'undone' };
    case 'remove_meeting': {
      const { keys, provider, slot } = compensation;
      const activities = proxyActivities<MeetingActivities>(optionsOn(queueOfMeeting(provider)));
      return run.call((call) => activities.removeMeeting({ ...call, keys, provider, slot }));
    }
    case 'remove_event': {
      const { keys, calendar } = compensation;
      const activities = proxyActivities<CalendarActivities>(optionsOn(queueOfCalendar(calendar.provider)));
      return run.call((call) => activities.removeEvent({ ...call, keys, calendar }));
    }
    case 'retract_notices':
      return retractNotices(run, compensation, notices);
  }
};

const retractNotices = async (
  run: AuditionRun,
  { participant, channel, generation, sentAs }: Extract<AuditionCompensation, { kind: 'retract_notices' }>,
  { recipients, label = `r${run.journal.view.revision}`, ending }: Retraction,
): Promise<UndoResult> => {
  const recipient = recipients.find(({ id }) => id === participant);
  // A participant who declined needs no cancellation notice.
  const hasDeclined = ending?.type === 'declined' && ending.participant === participant;
  const { slot } = run.journal.view;
  // "Does not take place" would be wrong about a slot that is over: its session may have taken place.
  const isOver = slot !== undefined && Date.now() >= toEpochMs(slot.end);
  if (!recipient || hasDeclined || isOver) return { result: 'nothing_to_undo' };
  const summary = `Send the cancellation to ${recipient.kind} ${recipient.id}`;
  const activities = messagingActivities(run, channel, summary);
  return run.call((call) =>
    activities.retractNotice({
      ...call,
      // A reopened audition can be cancelled again.
      key: run.idempotencyKeyOf(`cancellation:${participant}:${channel}:${label}`),
      sentAs,
      channel,
      recipient,
      ...(generation === undefined ? {} : { generation }),
      audition: noticeFacts(run),
    }),
  );
};
