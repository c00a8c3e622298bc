/** Notifies the participants how the audition takes place when no provider can make its meeting. */

import { toEpochMs } from '../../../domain/time/epoch.ts';
import { labelText } from '../label.ts';
import type { AuditionRun } from '../run.ts';
import { notify } from './notices.ts';

/** Returns whether the meeting has been due for its check before the session. */
export const isNearSession = ({ plan, journal }: AuditionRun): boolean => {
  const { slot } = journal.view;
  const { meetingCheck } = plan.policy;
  return (
    slot !== undefined && meetingCheck !== undefined && Date.now() >= toEpochMs(slot.start) - meetingCheck
  );
};

/** Sends the plan of the organization to everyone, once for each slot. Does nothing when the organization has none. */
export const announceBackup = (run: AuditionRun): void => {
  const { revision, backupAnnouncedAs } = run.journal.view;
  if (!run.plan.backup || backupAnnouncedAs === revision || !isNearSession(run)) return;
  run.journal.record({ type: 'backup_announced', revision });
  const label = labelText({ kind: 'backup', revision });
  notify(run, { notice: 'update', label, changed: 'backup' });
};
