/**
 * The calendar entry that emails have made, of a participant who declines. A participant who declines with a link, by text
 * message or through the platform has an entry that their calendar program keeps: one email removes it (CANCEL, RFC 5546, 3.2.5). A
 * program in which its owner declines has removed the entry, or shows it as declined, and gets no email.
 */

import { patched } from '@temporalio/workflow';
import type { Origin } from '../../../domain/audition/events.ts';
import { addressNumberOf } from '../../../domain/audition/notice-address.ts';
import { isFromCalendar } from '../../../domain/audition/origins.ts';
import type { ParticipantView } from '../../../domain/audition/view.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { type AuditionCompensation, isRetraction } from '../compensations.ts';
import { getsEntryByEmail, isDeclinedEntryRemoved, noEntryPatch } from '../email-entries.ts';
import { labelText } from '../label.ts';
import type { AuditionRun } from '../run.ts';
import { undoInBackground } from '../undo-in-background.ts';
import { dueEntryNotice, notifyOne } from './notices.ts';

/**
 * Removes the entry of a participant who has declined, while the audition goes on. Idempotent: the ledger knows which emails
 * were retracted, and the key of the email contains the time of the answer. During a recovery, nothing is sent: `completeEntries`
 * follows it.
 */
export const removeDeclinedEntry = (run: AuditionRun, decliner: ParticipantView): void => {
  const retraction = retractionOf(run, decliner.id);
  if (!retraction || decliner.entryDeclined || run.isRecovering) return;
  const recipients = run.plan.participants.filter(
    (one) => one.id === decliner.id && getsEntryByEmail(run, one) && isDeclinedEntryRemoved(one),
  );
  if (recipients.length === 0) return;
  const answeredAt = decliner.answeredAt === undefined ? undefined : toEpochMs(decliner.answeredAt);
  run.openNotices.removeOf(decliner.id, ['email']);
  undoInBackground(run, [retraction], {
    recipients,
    decliners: [decliner],
    isMoot: isAnsweredOtherwise(run, decliner),
    label: labelText({ kind: 'declined', revision: run.journal.view.revision, answeredAt }),
  });
};

/** In earlier versions, an operator could send the email that removes the entry after the participant had accepted. */
const laterAnswerPatch = 'removal-of-an-entry-follows-the-answer';

/**
 * Returns whether the participant does not decline any more: another email makes the entry again. The removal stays necessary for a
 * participant who has left, or has another address. It is first asked when the email could not be sent, so that other auditions have no
 * marker.
 */
const isAnsweredOtherwise = ({ journal }: AuditionRun, decliner: ParticipantView): (() => boolean) => {
  let isFollowed: boolean | undefined;
  const address = addressNumberOf({ participants: [decliner] }, decliner.id, 'email');
  return () => {
    isFollowed ??= patched(laterAnswerPatch);
    const { participants } = journal.view;
    const present = participants.find(({ id }) => id === decliner.id);
    const isSame =
      present?.generation === decliner.generation &&
      addressNumberOf({ participants }, decliner.id, 'email') === address;
    return isFollowed && isSame && present !== undefined && present.answer !== 'declined';
  };
};

/** Completes, after a take-over, what the last answers mean for the entries. A final decline of a performer ends the audition. */
export const completeEntries = (run: AuditionRun): void => {
  for (const participant of run.journal.view.participants) {
    if (participant.answer === 'declined' && participant.kind !== 'performer')
      removeDeclinedEntry(run, participant);
  }
};

/**
 * Returns the label of the email that makes the entry again for a participant who does not decline any more. Undefined when the
 * calendar program has the entry: one in which the owner accepts has it. It lacks the entry when our email has removed it, or the
 * program itself, when its owner declined there.
 * @param before the participant with the answer of before
 */
export const labelOfEntryDue = (
  run: AuditionRun,
  before: ParticipantView,
  origin: Origin,
): string | undefined => {
  if (before.answer !== 'declined') return undefined;
  const wasRemoved =
    retractionOf(run, before.id) === undefined ||
    (before.kind !== 'performer' && !before.entryDeclined && patched(noEntryPatch));
  if (!wasRemoved && !(before.entryDeclined && !isFromCalendar(origin))) return undefined;
  const recipient = run.plan.participants.find(({ id }) => id === before.id);
  if (!recipient || !getsEntryByEmail(run, recipient) || !isDeclinedEntryRemoved(recipient)) return undefined;
  return labelText({ kind: 'rejoined', revision: run.journal.view.revision, number: run.journal.number });
};

/** Sends the entry again. During a recovery, nothing is sent: `resumeMovedEntries` follows it. */
export const restoreDeclinedEntry = (run: AuditionRun, participant: ParticipantId, label: string): void => {
  if (!run.isRecovering) notifyOne(run, dueEntryNotice(label), participant, 'email');
};

const retractionOf = ({ saga }: AuditionRun, participant: ParticipantId): AuditionCompensation | undefined =>
  saga.pending.find((entry) => isRetraction(entry, participant, 'email'));
