/** Checks before the session whether the meeting can take place at its provider. */
import { isCancellation } from '@temporalio/workflow';
import type { MeetingCheck } from '../../../activities/contract.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { meetingActivities } from '../meeting-activities.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure, toStepFailure } from '../step-failures.ts';
import { isMeetingNeeded, meetingDeleted } from './replace-meeting.ts';

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
  const { meeting, slot, revision } = run.journal.view;
  run.meetingCheckedAs = revision;
  if (!slot || !meeting || meeting.provider === 'manual' || !isMeetingNeeded(run)) return;
  const { provider } = meeting;
  const settings = run.plan.meetingSettings;
  void run.runInBackground(async (detach) => {
    detach();
    const activities = meetingActivities(run, provider, `Check the meeting on ${provider}`, 'fallback');
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
    if (run.journal.view.meeting?.id !== meeting.id) return;
    if (check.status === 'absent') meetingDeleted(run, { origin: 'system', meetingId: meeting.id });
    if (check.status === 'unusable') run.unusableMeeting = { meeting, reason: check.failure.code };
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
