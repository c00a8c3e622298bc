/** Checks before the session whether the meeting can take place at its provider. */
import { ApplicationFailure, isCancellation, patched } from '@temporalio/workflow';
import type { MeetingCheck, StepFailure } from '../../../activities/contract.ts';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import type { SettingName } from '../../../domain/audition/meeting-settings.ts';
import { isWatched } from '../../../domain/audition/meeting-watch.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { meetingActivities } from '../meeting-activities.ts';
import type { MeetingReport } from '../messages.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure, toStepFailure } from '../step-failures.ts';
import { isNearSession } from './backup.ts';
import { accessChanged } from './meeting-access.ts';
import { isMeetingNeeded, meetingDeleted } from './meeting-loss.ts';

/**
 * Returns when the meeting of the slot is checked, epoch milliseconds. Undefined when it was checked, when there is none to
 * check, and when the slot was so near at its booking that the meeting is new.
 */
export const meetingCheckAtMs = (
  { plan, journal, scheduledAt, movedAt, meetingCheckedAs }: AuditionRun,
  slot: Slot,
): number | undefined => {
  const { meeting, revision } = journal.view;
  const { meetingCheck } = plan.policy;
  if (meetingCheck === undefined || !meeting || meeting.provider === 'manual') return undefined;
  if (meetingCheckedAs === revision) return undefined;
  const at = toEpochMs(slot.start) - meetingCheck;
  return at > Math.max(scheduledAt, movedAt) ? at : undefined;
};

/** Checks the meeting in the background. Everyone is moved to another one when it is gone, or when its provider fails. */
export const checkMeeting = (run: AuditionRun): void => {
  run.meetingCheckedAs = run.journal.view.revision;
  lookAtMeeting(run, 'check');
};

/**
 * Checks the meeting again, because its provider has failed since the check, or lacks the meeting. The report is repeated, so it
 * changes nothing while a check or another change is in progress: the meeting is left once.
 */
export const meetingDoubted = (run: AuditionRun, { meetingId }: MeetingReport): void => {
  const { view } = run.journal;
  if (view.meeting?.id !== meetingId || !isNearSession(run) || !isWatched(view, Date.now())) return;
  if (isMeetingOpen(run) || run.looksAtMeeting > 0 || run.change || isMeetingToBeLeft(run)) return;
  checkMeeting(run);
};

/**
 * Looks at the meeting, because a person may have changed how people get into it. A look that fails moves nobody: the check before the
 * session looks again.
 */
export const meetingChanged = (run: AuditionRun, { meetingId }: MeetingReport): void => {
  if (run.journal.view.meeting?.id === meetingId) lookAtMeeting(run, 'access');
};

/** Before the slot begins, an open meeting keeps no one from moving. */
const isMeetingOpen = ({ journal, meetingStatus }: AuditionRun): boolean => {
  const { slot, revision } = journal.view;
  return (
    meetingStatus?.revision === revision &&
    meetingStatus.isOpen &&
    slot !== undefined &&
    Date.now() >= toEpochMs(slot.start)
  );
};

const isMeetingToBeLeft = ({ unusableMeeting, isMeetingLost, deletedMeetings }: AuditionRun): boolean =>
  unusableMeeting !== undefined || isMeetingLost || deletedMeetings.length > 0;

/**
 * Lets the recording of the meeting follow the consents. A provider that fails is left only at the check before the session,
 * which applies the consents too. Earlier releases left a recording alone that the host had started.
 */
export const consentChanged = (run: AuditionRun): void => {
  const { meetingSettings: settings } = run.plan;
  const isAutomatic = settings?.autoStartRecording === true;
  if (!isAutomatic && !(settings?.recording === 'cloud' && patched(hostRecordingPatch))) return;
  run.consentChanges += 1;
  lookAtMeeting(run, 'consent');
};

const hostRecordingPatch = 'consents-while-host-records';

const castConsentsPatch = 'consents-of-a-changed-cast';

/**
 * Compares the automatic recording with the consents when the cast has changed, because a participant who was added has
 * consented to nothing yet, and when a run takes over. Earlier versions left that to the check before the session.
 */
export const compareConsents = (run: AuditionRun): void => {
  if (run.plan.meetingSettings?.autoStartRecording && patched(castConsentsPatch)) consentChanged(run);
};

const persistentConsentsPatch = 'consents-until-applied';

/**
 * Looks at a meeting that has just been recorded when a consent has changed since it was requested: the activity may have read
 * the earlier consents. Earlier releases did not look.
 * @param changesBefore `consentChanges` when the meeting was requested
 */
export const lookAtNewMeeting = (run: AuditionRun, changesBefore: number): void => {
  if (run.consentChanges !== changesBefore && patched(newMeetingPatch)) lookAtMeeting(run, 'consent');
};

const newMeetingPatch = 'look-at-new-meeting';

/** `access`: a person may have changed how people get into the meeting. */
type LookReason = 'check' | 'consent' | 'access';

/**
 * Looks at the meeting in the background. Two looks at one meeting that starts its recording by itself would set it in any
 * order, so there is one at a time: a later one follows. A look that could not compare the recording with the consents is
 * repeated until it could, or until an operator has decided.
 */
const lookAtMeeting = (run: AuditionRun, reason: LookReason): void => {
  const { meeting, slot } = run.journal.view;
  if (!slot || !meeting || meeting.provider === 'manual' || !isMeetingNeeded(run)) return;
  const { provider } = meeting;
  const settings = run.plan.meetingSettings;
  // What the host has started is stopped by a withdrawal only: the check before the session has nothing to compare.
  const followsConsents = settings?.autoStartRecording === true || reason === 'consent';
  if (followsConsents) {
    if (run.consentLook) {
      run.consentLook = 'again';
      if (reason === 'check') run.isCheckWaiting = true;
      return;
    }
    run.consentLook = 'running';
  }
  const isPersistent = followsConsents && patched(persistentConsentsPatch);
  const look = (patience: 'stepPatience' | 'fallback') => {
    const activities = meetingActivities(run, provider, `Check the meeting on ${provider}`, patience);
    const input = { provider, meeting, slot, ...(followsConsents && { settings }) };
    return run.call((call) => activities.checkMeeting({ ...call, ...input }));
  };
  const lookAndApply = async (): Promise<void> => {
    run.looksAtMeeting += 1;
    const first = await checkedAs(() =>
      look(run.plan.policy.meetingCheck === undefined || reason === 'access' ? 'stepPatience' : 'fallback'),
    ).finally(() => {
      run.looksAtMeeting -= 1;
    });
    const isPresent = () => run.journal.view.meeting?.id === meeting.id;
    const isCheck = isCheckOf(run, reason, first);
    if (first.status === 'unusable' && isCheck && isPresent())
      run.unusableMeeting = { meeting, reason: first.failure.code };
    const mustRepeat = isPersistent && isInconclusive(first, reason);
    const check = mustRepeat ? await lookUntilApplied(run, meeting, () => look('stepPatience')) : first;
    const mustLookAgain = followsConsents && run.consentLook === 'again';
    if (followsConsents) run.consentLook = undefined;
    if (!isPresent()) {
      // The look at another meeting had to wait for this one.
      if (mustLookAgain && (isPersistent || patched(newMeetingPatch))) lookAtMeeting(run, 'consent');
      return;
    }
    if (check.status === 'present' && check.notHonored) {
      run.journal.record({
        type: 'meeting_settings_changed',
        meetingId: meeting.id,
        notHonored: [...withPresentRoles(run, check.notHonored)],
      });
      run.journal.flushInBackground();
    }
    if (check.status === 'present' && check.access) accessChanged(run, meeting, check.access);
    if (mustLookAgain) lookAtMeeting(run, 'consent');
    if (check.status === 'absent') meetingDeleted(run, { origin: 'system', meetingId: meeting.id });
  };
  void run.runInBackground(async (detach) => {
    detach();
    try {
      await lookAndApply();
    } catch (error) {
      // Cancelled, because another run is ahead in the trail. This one takes over, and looks again.
      if (followsConsents) run.consentLook = undefined;
      throw error;
    }
  });
};

/** The roles are assigned beside the look, which has not changed them. */
const withPresentRoles = (
  { journal }: AuditionRun,
  notHonored: readonly SettingName[],
): readonly SettingName[] => {
  const others = notHonored.filter((name) => name !== 'roles');
  return journal.view.meeting?.notHonored?.includes('roles') ? [...others, 'roles'] : others;
};

const withdrawalPatch = 'withdrawal-moves-nobody';

/**
 * Returns whether the look is a check of the meeting, which leaves a provider that fails. A look for the consents is none, unless a
 * check has waited for it: a withdrawal stops the recording, and is no reason to move people who are in the meeting. Earlier
 * versions left the provider at every look after the check.
 */
const isCheckOf = (run: AuditionRun, reason: LookReason, { status }: Look): boolean => {
  const wasCheckWaiting = run.isCheckWaiting;
  run.isCheckWaiting = false;
  if (reason === 'check') return true;
  if (status !== 'unusable' || run.meetingCheckedAs !== run.journal.view.revision) return false;
  return wasCheckWaiting || !patched(withdrawalPatch);
};

/** `unknown`: the look has failed, and says nothing about the meeting. */
type Look = MeetingCheck | { readonly status: 'unknown' };

/** The faults of a provider. Anything else, such as a fault of our database, says nothing about the meeting. */
const providerFaults: ReadonlySet<string> = new Set(['outage', 'retry', 'retry_after']);

const checkedAs = async (check: () => Promise<MeetingCheck>): Promise<Look> => {
  try {
    return await check();
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    const failure = toStepFailure(error);
    return providerFaults.has(failure.code) ? { status: 'unusable', failure } : { status: 'unknown' };
  }
};

/**
 * Returns whether it is not known if the recording follows the consents. When the provider fails at the check before the
 * session, everyone moves to a meeting that follows them from the start.
 */
const isInconclusive = ({ status }: Look, reason: LookReason): boolean =>
  reason !== 'access' && (status === 'unknown' || (status === 'unusable' && reason === 'consent'));

/** Repeats the look. Another change of the consents, or another meeting, withdraws the question to the operator. */
const lookUntilApplied = async (
  run: AuditionRun,
  { id, provider }: Meeting,
  look: () => Promise<MeetingCheck>,
): Promise<Look> => {
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'meeting',
      purpose: `compare the recording of the meeting on ${provider} with the consents`,
      hint: 'Retry; or make sure at the provider that the meeting does not record by itself without consent, and skip.',
      actions: ['retry', 'skip'],
      isBackground: true,
      isMoot: () =>
        run.consentLook === 'again' || run.journal.view.meeting?.id !== id || !isMeetingNeeded(run),
    },
    async () => {
      const check = await look();
      if (check.status === 'unusable') throw unusable(check.failure);
      return check;
    },
  );
  return outcome.kind === 'done' ? outcome.result : { status: 'unknown' };
};

const unusable = ({ code, providerCode, ...named }: StepFailure): ApplicationFailure =>
  ApplicationFailure.create({
    type: code,
    message: 'the meeting cannot be used',
    nonRetryable: true,
    details: [{ ...named, ...(providerCode === undefined ? {} : { code: providerCode }) }],
  });
