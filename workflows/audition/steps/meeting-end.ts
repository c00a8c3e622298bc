/** Ends the meeting with its slot, where the settings ask for it and its provider can. */
import { isCancellation } from '@temporalio/workflow';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { meetingActivities } from '../meeting-activities.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure } from '../step-failures.ts';

/**
 * Returns when the meeting of the slot ends, epoch milliseconds. Undefined when it stays open, and when it was ended. Every
 * meeting of an earlier version names `endOfMeeting` as not honoured, so its history has no such deadline.
 */
export const meetingEndAtMs = (
  { plan, journal, meetingEndedAs }: Pick<AuditionRun, 'plan' | 'journal' | 'meetingEndedAs'>,
  slot: Slot,
): number | undefined => {
  const { meeting, revision } = journal.view;
  if (plan.meetingSettings?.endOfMeeting !== 'with_slot') return undefined;
  if (!meeting || meeting.provider === 'manual' || meeting.notHonored?.includes('endOfMeeting'))
    return undefined;
  return meetingEndedAs === revision ? undefined : toEpochMs(slot.end);
};

/**
 * Ends the meeting in the background. A provider that does not answer for 20 seconds leaves it open: the session then ends as
 * in auditions without this setting.
 */
export const endMeeting = (run: AuditionRun): void => {
  const { meeting, slot, revision } = run.journal.view;
  run.meetingEndedAs = revision;
  if (!slot || !meeting || meeting.provider === 'manual') return;
  // After a pause of the workers it is too late: the meeting can be open for another reason.
  if (Date.now() > toEpochMs(slot.end) + run.plan.policy.sessionOverrun) return;
  const { provider } = meeting;
  const key = run.idempotencyKeyOf(`meeting-end:${provider}:r${revision}`);
  void run.runInBackground(async (detach) => {
    detach();
    const activities = meetingActivities(run, provider, `End the meeting on ${provider}`, 'fallback');
    try {
      await run.call((call) => activities.endMeeting({ ...call, key, provider, meeting, slot }));
    } catch (error) {
      if (isCancellation(error) || !isStepFailure(error)) throw error;
    }
  });
};
