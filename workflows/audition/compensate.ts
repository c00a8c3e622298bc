/** Runs the compensations. Each is retried for the policy's `stepPatience`, then an operator is asked. */
import { patched, proxyActivities } from '@temporalio/workflow';
import type {
  CalendarActivities,
  MeetingActivities,
  TaskQueue,
  UndoResult,
} from '../../activities/contract.ts';
import { fallbackFor } from '../../domain/audition/cast-difference.ts';
import type { EndingFact } from '../../domain/audition/ending.ts';
import type { Channel, Participant } from '../../domain/audition/request.ts';
import type { ParticipantView } from '../../domain/audition/view.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { queueOfCalendar, queueOfMeeting } from '../task-queues.ts';
import { activityOptions } from './activity-options.ts';
import { type AuditionCompensation, effectsOf } from './compensations.ts';
import { getsEntryByEmail, isDeclinedEntryRemoved } from './email-entries.ts';
import { labelText } from './label.ts';
import { messagingActivities } from './messaging-activities.ts';
import { retryUntilResolved } from './operator-retry.ts';
import { isRefusedByLimits } from './refused-by-limits.ts';
import type { AuditionRun } from './run.ts';
import { isStepFailure, toStepFailure } from './step-failures.ts';
import { cancellationSequence, noticeFacts } from './steps/notices.ts';
import { isUnsupportedAddress, unsupportedAddressPatch } from './unsupported-addresses.ts';

export interface CompensationOptions {
  /** Called when the compensation begins to wait for an operator. */
  readonly onAsked?: (() => void) | undefined;
  /** The participants who can get a cancellation. Default: those of the plan, with the former ones. */
  readonly recipients?: readonly Participant[] | undefined;
  /**
   * Those of the recipients who have declined, as they were in the cast. They need no cancellation: an email only removes the
   * calendar entry, unless they have declined in their calendar program. The caller has checked that emails have made the entry.
   * Default: the performer whose decline has ended the audition, if so.
   */
  readonly decliners?: readonly ParticipantView[] | undefined;
  /** Returns whether the compensation is not needed any more. Its question is then withdrawn. */
  readonly isMoot?: (() => boolean) | undefined;
  /** Distinguishes this cancellation from others of the revision in idempotency keys. */
  readonly label?: string | undefined;
  /** Whether the provider is expected to be down for hours. An operator is then asked after a day. */
  readonly isPatient?: boolean | undefined;
  /** Why everything is undone. Default: the ending of the run. */
  readonly ending?: EndingFact | undefined;
}

type Retraction = Pick<CompensationOptions, 'label' | 'ending' | 'decliners'> & {
  readonly recipients: readonly Participant[];
  readonly sequence: number | undefined;
  /** The provider about which the cancellation has raised the attention item of a refused sender. */
  readonly alertsAbout?: string | undefined;
};

/** Runs one compensation and records its result. An operator can skip it. */
export const compensate = async (
  run: AuditionRun,
  compensation: AuditionCompensation,
  {
    onAsked,
    recipients = everyParticipant(run),
    decliners,
    label,
    isPatient = false,
    isMoot,
    ending = run.ending,
  }: CompensationOptions = {},
): Promise<void> => {
  // The same for each attempt: a retry must not cancel an entry that a later email has made.
  const isEmail = compensation.kind === 'retract_notices' && compensation.channel === 'email';
  const sequence = isEmail ? cancellationSequence(run) : undefined;
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'compensation',
      purpose: `undo ${describeCompensation(compensation)}`,
      hint: 'Retry when the provider works again, or undo it manually and skip.',
      actions: ['retry', 'skip'],
      isBackground: true,
      onAsked,
      isMoot,
    },
    (_, alertsAbout) =>
      runCompensation(
        run,
        compensation,
        { recipients, decliners, label, ending, sequence, alertsAbout },
        isPatient,
      ),
  );
  const step = describeCompensation(compensation);
  run.journal.record(
    outcome.kind === 'done'
      ? { type: 'compensated', step, result: outcome.result.result }
      : isMoot?.()
        ? { type: 'compensated', step, result: 'nothing_to_undo' }
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
  {
    recipients,
    decliners,
    label = labelText({ kind: 'slot', revision: run.journal.view.revision }),
    ending,
    sequence,
    alertsAbout,
  }: Retraction,
): Promise<UndoResult> => {
  const recipient = recipients.find(({ id }) => id === participant);
  const finalDecliners = run.journal.view.participants.filter(
    ({ id }) => ending?.type === 'declined' && ending.participant === id,
  );
  const decliner = (decliners ?? finalDecliners).find(({ id }) => id === participant);
  const hasEntry = (one: Participant) =>
    decliners !== undefined || (getsEntryByEmail(run, one) && isDeclinedEntryRemoved(one));
  const { slot } = run.journal.view;
  // "Does not take place" would be wrong about a slot that is over: its session may have taken place.
  const isOver = slot !== undefined && Date.now() >= toEpochMs(slot.end);
  if (!recipient || isOver) return { result: 'nothing_to_undo' };
  if (decliner && !(mayHaveEntry(decliner, channel) && hasEntry(recipient)))
    return { result: 'nothing_to_undo' };
  const summary = `Send the cancellation to ${recipient.kind} ${recipient.id}`;
  const cancel = (on: Channel): Promise<UndoResult> => {
    const activities = messagingActivities(run, on, summary);
    return run.call((call) =>
      activities.retractNotice({
        ...call,
        // A reopened audition can be cancelled again. The cancellation of earlier notices on the fallback channel has the same key.
        key: run.idempotencyKeyOf(`cancellation:${participant}:${on}:${label}`),
        sentAs,
        ...(alertsAbout === undefined ? {} : { alertsAbout }),
        channel,
        ...(on === channel ? {} : { cancelOn: on }),
        recipient,
        ...(generation === undefined ? {} : { generation }),
        audition: noticeFacts(run, decliner ? { changed: 'declined' } : {}, sequence),
      }),
    );
  };
  try {
    return await cancel(channel);
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const patch = fallbackPatchFor(toStepFailure(error).code);
    if (patch === undefined) throw error;
    // An email to a participant who has declined only removes the entry. No text message does that.
    const fallback = decliner ? undefined : fallbackFor(recipient, channel);
    if (!fallback || !patched(patch)) throw error;
    return await cancel(fallback);
  }
};

/** In earlier versions, an operator was asked about a cancellation that the limits of the organization refuse. */
const cancellationFallbackPatch = 'fallback-of-a-refused-cancellation';

/** Returns the patch with which a cancellation that fails with this code is sent on the fallback channel; undefined: it is not. */
const fallbackPatchFor = (code: string): string | undefined => {
  if (isRefusedByLimits(code)) return cancellationFallbackPatch;
  return isUnsupportedAddress(code) ? unsupportedAddressPatch : undefined;
};

/** Returns whether a participant who has declined can have an entry that only our email removes. */
const mayHaveEntry = ({ entryDeclined }: ParticipantView, channel: Channel): boolean =>
  channel === 'email' && !entryDeclined;
