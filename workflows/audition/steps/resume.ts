/** Continues an audition that was taken over, in the state that the trail says. */

import { patched } from '@temporalio/workflow';
import { isAnnouncement } from '../../../domain/audition/announcement.ts';
import { addressNumberOf, isToFormerAddress } from '../../../domain/audition/notice-address.ts';
import type { Channel } from '../../../domain/audition/request.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { releaseOtherClaims } from '../change.ts';
import { effectsOf, isRetraction } from '../compensations.ts';
import { interruptedNotice } from '../interrupted-notice.ts';
import { labelText } from '../label.ts';
import type { NoticeBatch } from '../open-notices.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutDeclines, confirmWhenAccepted } from './answers.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { completeCast } from './cast.ts';
import { completeEntries } from './declined-entry.ts';
import { handleUndelivered } from './delivery.ts';
import { scheduleFirstSlot } from './first-slot.ts';
import { moveMeeting, removeOtherMeetings } from './meeting.ts';
import { compareConsents } from './meeting-check.ts';
import { resumeMovedEntries } from './moved-entries.ts';
import { announceMovedEntries, notifyOne, sendInstead } from './notices.ts';
import { registerParticipants } from './registrants.ts';
import { assignRoles } from './roles.ts';
import { bookRoom, releaseFormerRooms } from './room.ts';
import { announce, completionOf } from './schedule.ts';
import { askAboutUninvited } from './uninvited.ts';

/** Completes the step in which the earlier run was interrupted. Its effects have the same keys, so none is repeated. */
export const completeInterruptedStep = async (run: AuditionRun): Promise<void> => {
  const { state, slot, revision, announcedAs, meeting } = run.journal.view;
  switch (state) {
    case 'requested':
    case 'holding':
      return scheduleFirstSlot(run);
    case 'scheduling': {
      if (!slot) return;
      await moveMeeting(run, { slot, revision });
      removeOtherMeetings(run);
      registerParticipants(run);
      assignRoles(run);
      compareConsents(run);
      if (slot.roomCalendar) await bookRoom(run, { slot, revision });
      resumeMovedEntries(run, { isAnnounced: true });
      await writeCalendarEvents(run, { slot, revision }, { completion: completionOf(run, run.claims.held) });
      releaseFormerRooms(run);
      announce(run, run.reminders, {
        notice: revision === 1 ? 'invitation' : 'update',
        label: labelText({ kind: 'slot', revision }),
      });
      announceMovedEntries(run);
      return;
    }
    case 'scheduled':
    case 'confirmed':
      removeOtherMeetings(run);
      registerParticipants(run);
      assignRoles(run);
      compareConsents(run);
      await releaseOtherClaims(run);
      resumeMovedEntries(run, { isAnnounced: false });
      await completeCast(run);
      // Meeting and events return to the old slot after the fact that says so.
      if (slot && isReverted(announcedAs)) {
        if (meeting) await moveMeeting(run, { slot, revision });
        if (slot.roomCalendar) await bookRoom(run, { slot, revision });
        await writeCalendarEvents(run, { slot, revision });
      }
      releaseFormerRooms(run);
      announceMissing(run);
      announceMovedEntries(run);
      confirmWhenAccepted(run);
      askAboutDeclines(run);
      completeEntries(run);
      handleUndelivered(run, sendInstead);
      askAboutUninvited(run);
      return;
    case 'in_progress':
    case 'awaiting_decision':
      removeOtherMeetings(run);
      registerParticipants(run);
      assignRoles(run);
      compareConsents(run);
      await releaseOtherClaims(run);
      if (state === 'in_progress') askAboutUninvited(run);
      return;
    case 'closed':
      return;
  }
};

/** A move that was reverted has made the revisions of the old slot valid again. */
const isReverted = (announcedAs: readonly number[]): boolean => announcedAs.length > 1;

/** In earlier versions, a notice to an earlier person with the id, or to an earlier address, counted as that of the present one. */
const outdatedPatch = 'outdated-notices-after-takeover';

/** In earlier versions, a participant who had answered got no invitation at a new address. */
const readdressedPatch = 'readdressed-after-takeover';

/**
 * Sends the notice of the present slot to those whom the trail does not show as notified: the earlier run ended while
 * they were being notified. A participant who has answered knows the slot, and still gets the invitation at a new address.
 */
const announceMissing = (run: AuditionRun): void => {
  const { slot, revision, announcedAs, notices, participants } = run.journal.view;
  if (!slot || toEpochMs(slot.start) <= Date.now()) return;
  for (const { id, channels } of run.plan.participants) {
    const present = participants.find((participant) => participant.id === id);
    const hasAnswered = present?.answer !== 'none';
    const all = notices.filter(({ participant, notice }) => participant === id && isAnnouncement(notice));
    const earlier = all.filter((notice) => !isToFormerAddress({ participants }, notice));
    for (const channel of channels) {
      const isPresent = (sent: (typeof all)[number]) =>
        sent.channel === channel && announcedAs.includes(sent.revision);
      if (earlier.some(isPresent)) continue;
      const isReaddressed = present?.addressNumbers?.[channel] !== undefined;
      if (hasAnswered && !(isReaddressed && patched(readdressedPatch))) continue;
      if (all.some(isPresent) && patched(outdatedPatch)) {
        // The keys of the earlier person or address are not those of this invitation.
        const number = addressNumberOf({ participants }, id, channel) || run.claims.held;
        const label = labelText({ kind: 'added', revision, number });
        notifyOne(run, { notice: 'invitation', label }, id, channel);
        continue;
      }
      const label = labelText({ kind: 'slot', revision });
      const batch = { notice: earlier.length > 0 ? 'update' : 'invitation', label } as const;
      notifyOne(run, interruptedBatch(run, id, channel, revision) ?? batch, id, channel);
    }
  }
};

/** Returns the notice whose sending the ledger knows, so that it is sent under the same key, and says the same. */
const interruptedBatch = (
  run: AuditionRun,
  participant: ParticipantId,
  channel: Channel,
  revision: number,
): NoticeBatch | undefined => {
  const keys = run.saga.pending.flatMap((entry) =>
    isRetraction(entry, participant, channel) ? effectsOf(entry) : [],
  );
  return interruptedNotice(keys, (notice) => run.idempotencyKeyOf(`${notice}:${participant}:${channel}:`), {
    revision,
    hasJoinLinks: run.plan.joinLinks !== undefined,
    hasMeeting: run.journal.view.meeting !== undefined,
    sent: run.journal.view.notices,
  });
};
