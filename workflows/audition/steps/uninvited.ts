/**
 * Participants who were never invited to a session that has begun: the workflow was reset or terminated before their invitations,
 * and nobody had it resumed before the slot. An invitation would come too late to be read in time, so an operator calls them.
 */
import { patched } from '@temporalio/workflow';
import { isAnnouncement } from '../../../domain/audition/announcement.ts';
import { isToFormerAddress } from '../../../domain/audition/notice-address.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';

/** In earlier versions, nothing said that they were not invited. */
const uninvitedPatch = 'uninvited-after-takeover';

/** Asks an operator to inform them, while the slot lasts. Does nothing before it begins: then they are invited. */
export const askAboutUninvited = (run: AuditionRun): void => {
  const { slot } = run.journal.view;
  if (!slot || Date.now() < toEpochMs(slot.start)) return;
  const isOver = () => Date.now() >= toEpochMs(slot.end);
  const ids = uninvited(run);
  if (ids.length === 0 || isOver() || !patched(uninvitedPatch)) return;
  askAboutSlot(
    run,
    {
      step: 'invitation',
      what: `The slot has begun, and the invitation was never sent to ${ids.join(', ')}.`,
      hint: 'Call them and skip, or abort.',
      actions: ['skip', 'abort'],
      isMoot: () => isOver() || uninvited(run).length === 0,
    },
    (action) => {
      if (action !== 'abort') return;
      run.end({
        type: 'failed',
        code: 'uninvited',
        reason: 'An operator aborted: participants were not invited before the slot.',
      });
    },
  );
};

/** Returns those who get notices, have got none about the present slot, and have not shown that they know it. */
const uninvited = ({ plan, journal }: AuditionRun): readonly ParticipantId[] => {
  const { participants, notices, announcedAs } = journal.view;
  const present = notices.filter(
    (sent) =>
      isAnnouncement(sent.notice) &&
      announcedAs.includes(sent.revision) &&
      !isToFormerAddress({ participants }, sent),
  );
  return participants.flatMap(({ id, answer, checkedIn, presence }) => {
    const isReached = plan.participants.some((one) => one.id === id && one.channels.length > 0);
    const knows = answer !== 'none' || checkedIn || presence !== undefined;
    return isReached && !knows && !present.some(({ participant }) => participant === id) ? [id] : [];
  });
};
