/** Lets the casting directors lead the meeting at its provider, and keeps them those of the present cast. */
import { isCancellation } from '@temporalio/workflow';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { leadersOf } from '../../../domain/audition/meeting-roles.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../../domain/providers/vendors.ts';
import { meetingActivities } from '../meeting-activities.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure } from '../step-failures.ts';

/**
 * Assigns the roles in the background. A call while an earlier one runs is done after it. The host can do everything that a
 * casting director can, so a failure asks no operator: the meeting then names `roles` as not honoured. Plans of earlier
 * versions have no such setting.
 */
export const assignRoles = (run: AuditionRun): void => {
  if (!meetingWithRoles(run)) return;
  run.rolesWanted += 1;
  if (run.isAssigningRoles) return;
  run.isAssigningRoles = true;
  void run.runInBackground(async (detach) => {
    detach();
    try {
      await assignUntilPresent(run);
    } finally {
      run.isAssigningRoles = false;
    }
  });
};

const assignUntilPresent = async (run: AuditionRun): Promise<void> => {
  for (let done = 0; done !== run.rolesWanted; ) {
    done = run.rolesWanted;
    const meeting = meetingWithRoles(run);
    const { slot } = run.journal.view;
    if (!meeting || !slot) return;
    const { emails, isComplete } = leadersOf(run.plan.participants);
    const { provider } = meeting;
    const activities = meetingActivities(run, provider, `Set the leaders on ${provider}`, 'stepPatience');
    const settings = run.plan.meetingSettings;
    const isHonored = await succeeds(() =>
      run.call((call) =>
        activities.setLeaders({ ...call, provider, meeting, slot, settings, leaders: emails }),
      ),
    );
    recordRoles(run, meeting, isHonored && isComplete);
  }
};

const succeeds = async (assign: () => Promise<{ readonly isHonored: boolean }>): Promise<boolean> => {
  try {
    return (await assign()).isHonored;
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    return false;
  }
};

const recordRoles = ({ journal }: AuditionRun, { id }: Meeting, isHonored: boolean): void => {
  const { meeting } = journal.view;
  if (meeting?.id !== id) return;
  const { notHonored = [] } = meeting;
  if (notHonored.includes('roles') === !isHonored) return;
  const others = notHonored.filter((name) => name !== 'roles');
  journal.record({
    type: 'meeting_settings_changed',
    meetingId: id,
    notHonored: isHonored ? others : [...others, 'roles'],
  });
};

/** Returns the present meeting when its provider can have leaders. Others name `roles` when the meeting is created. */
const meetingWithRoles = ({
  plan,
  journal,
}: AuditionRun): (Meeting & { readonly provider: MeetingProviderName }) | undefined => {
  const { meeting } = journal.view;
  if (!plan.meetingSettings?.roles || !meeting || meeting.provider === 'manual') return undefined;
  const { provider } = meeting;
  return isHostedMeeting(provider) ? { ...meeting, provider } : undefined;
};
