/** Checks before the session whether the meeting can take place at its provider. */
import { isCancellation, patched } from '@temporalio/workflow';
import type { MeetingCheck } from '../../../activities/contract.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { meetingActivities } from '../meeting-activities.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure, toStepFailure } from '../step-failures.ts';
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
 * Lets the automatic recording of the meeting follow the consents. A provider that fails is left only at the check before the
 * session, which applies the consents too.
 */
export const consentChanged = (run: AuditionRun): void => {
  if (!run.plan.meetingSettings?.autoStartRecording) return;
  run.consentChanges += 1;
  lookAtMeeting(run, 'consent');
};

/**
 * Looks at a meeting that has just been recorded when a consent has changed since it was requested: the activity may have read
 * the earlier consents. Earlier releases did not look.
 * @param changesBefore `consentChanges` when the meeting was requested
 */
export const lookAtNewMeeting = (run: AuditionRun, changesBefore: number): void => {
  if (run.consentChanges !== changesBefore && patched(newMeetingPatch)) lookAtMeeting(run, 'consent');
};

const newMeetingPatch = 'look-at-new-meeting';

/**
 * Looks at the meeting in the background. Two looks at one meeting that starts its recording by itself would set it in any
 * order, so there is one at a time: a later one follows.
 */
const lookAtMeeting = (run: AuditionRun, reason: 'check' | 'consent'): void => {
  const { meeting, slot } = run.journal.view;
  if (!slot || !meeting || meeting.provider === 'manual' || !isMeetingNeeded(run)) return;
  const { provider } = meeting;
  const settings = run.plan.meetingSettings;
  if (settings?.autoStartRecording) {
    if (run.consentLook) {
      run.consentLook = 'again';
      return;
    }
    run.consentLook = 'running';
  }
  void run.runInBackground(async (detach) => {
    detach();
    const summary = `Check the meeting on ${provider}`;
    const patience = run.plan.policy.meetingCheck === undefined ? 'stepPatience' : 'fallback';
    const activities = meetingActivities(run, provider, summary, patience);
    const check = await checkedAs(() =>
      run.call((call) =>
        activities.checkMeeting({
          ...call,
          provider,
          meeting,
          slot,
          ...(settings?.autoStartRecording && { settings }),
        }),
      ),
    );
    const mustLookAgain = run.consentLook === 'again';
    run.consentLook = undefined;
    if (run.journal.view.meeting?.id !== meeting.id) {
      // The look at another meeting had to wait for this one.
      if (mustLookAgain && patched(newMeetingPatch)) lookAtMeeting(run, 'consent');
      return;
    }
    if (check.status === 'present' && check.notHonored) {
      const { notHonored } = check;
      run.journal.record({
        type: 'meeting_settings_changed',
        meetingId: meeting.id,
        notHonored: [...notHonored],
      });
      run.journal.flushInBackground();
    }
    if (mustLookAgain) lookAtMeeting(run, 'consent');
    if (check.status === 'absent') meetingDeleted(run, { origin: 'system', meetingId: meeting.id });
    const isCheck = reason === 'check' || run.meetingCheckedAs === run.journal.view.revision;
    if (check.status === 'unusable' && isCheck) run.unusableMeeting = { meeting, reason: check.failure.code };
  });
};

/** The faults of a provider. Anything else, such as a fault of our database, says nothing about the meeting. */
const providerFaults: ReadonlySet<string> = new Set(['outage', 'retry', 'retry_after']);

const checkedAs = async (check: () => Promise<MeetingCheck>): Promise<MeetingCheck> => {
  try {
    return await check();
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    const failure = toStepFailure(error);
    return providerFaults.has(failure.code) ? { status: 'unusable', failure } : { status: 'present' };
  }
};
