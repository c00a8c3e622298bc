/** Ends the meeting with its slot, where the settings ask for it and its provider can. */
import { patched } from '@temporalio/workflow';
import type { Slot } from '../../../domain/audition/slot.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { meetingActivities } from '../meeting-activities.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { currentMeetingStatus } from './session.ts';

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
 * Ends the meeting in the background. When its provider does not end it within `stepPatience`, an operator is asked: the next
 * people of the host would find this meeting open. The question is withdrawn when the meeting is reported as closed.
 */
export const endMeeting = (run: AuditionRun): void => {
  const { meeting, slot, revision } = run.journal.view;
  run.meetingEndedAs = revision;
  if (!slot || !meeting || meeting.provider === 'manual') return;
  // After a pause of the workers it is too late: the meeting can be open for another reason.
  if (Date.now() > toEpochMs(slot.end) + run.plan.policy.sessionOverrun) return;
  const { provider } = meeting;
  const key = run.idempotencyKeyOf(`meeting-end:${provider}:r${revision}`);
  const isMoot = (): boolean =>
    run.journal.view.meeting?.id !== meeting.id || currentMeetingStatus(run)?.isOpen === false;
  void run.runInBackground(async (detach) => {
    detach();
    const activities = meetingActivities(run, provider, `End the meeting on ${provider}`, 'stepPatience');
    await retryUntilResolved(
      run,
      {
        step: 'meeting',
        purpose: `end the meeting on ${provider} at the end of its slot`,
        hint: 'Retry, or ask the host to end the meeting and skip.',
        actions: ['retry', 'skip'],
        isBackground: true,
        isMoot,
        // The first releases left the meeting open and asked nobody.
        isNeedless: () => !patched(openMeetingPatch),
      },
      () => run.call((call) => activities.endMeeting({ ...call, key, provider, meeting, slot })),
    );
  });
};

const openMeetingPatch = 'ask-about-open-meeting';
