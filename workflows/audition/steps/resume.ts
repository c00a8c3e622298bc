/** Continues an audition that was taken over, in the state that the trail says. */
import type { Channel } from '../../../domain/audition/request.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { releaseOtherClaims } from '../change.ts';
import type { NoticeBatch } from '../open-notices.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutDeclines, confirmWhenAccepted } from './answers.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { completeCast } from './cast.ts';
import { askAboutFailedNotices } from './delivery.ts';
import { scheduleFirstSlot } from './first-slot.ts';
import { moveMeeting, removeOtherMeetings } from './meeting.ts';
import { compareConsents } from './meeting-check.ts';
import { notifyOne } from './notices.ts';
import { registerParticipants } from './registrants.ts';
import { assignRoles } from './roles.ts';
import { bookRoom, releaseFormerRooms } from './room.ts';
import { announce, completionOf } from './schedule.ts';

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
      await writeCalendarEvents(run, { slot, revision }, { completion: completionOf(run, run.claims.held) });
      releaseFormerRooms(run);
      announce(run, run.reminders, {
        notice: revision === 1 ? 'invitation' : 'update',
        label: `r${revision}`,
      });
      return;
    }
    case 'scheduled':
    case 'confirmed':
      removeOtherMeetings(run);
      registerParticipants(run);
      assignRoles(run);
      compareConsents(run);
      await releaseOtherClaims(run);
      await completeCast(run);
      // Meeting and events return to the old slot after the fact that says so.
      if (slot && isReverted(announcedAs)) {
        if (meeting) await moveMeeting(run, { slot, revision });
        if (slot.roomCalendar) await bookRoom(run, { slot, revision });
        await writeCalendarEvents(run, { slot, revision });
      }
      releaseFormerRooms(run);
      announceMissing(run);
      confirmWhenAccepted(run);
      askAboutDeclines(run);
      askAboutFailedNotices(run);
      return;
    case 'in_progress':
    case 'awaiting_decision':
      removeOtherMeetings(run);
      registerParticipants(run);
      assignRoles(run);
      compareConsents(run);
      await releaseOtherClaims(run);
      return;
    case 'closed':
      return;
  }
};

/** A move that was reverted has made the revisions of the old slot valid again. */
const isReverted = (announcedAs: readonly number[]): boolean => announcedAs.length > 1;

const announcements = ['invitation', 'update'] as const;
const isAnnouncement = (notice: string): boolean => announcements.some((kind) => kind === notice);

/**
 * Sends the notice of the present slot to those whom the trail does not show as notified: the earlier run ended while
 * they were being notified. A participant who has answered knows the slot.
 */
const announceMissing = (run: AuditionRun): void => {
  const { slot, revision, announcedAs, notices, participants } = run.journal.view;
  if (!slot || toEpochMs(slot.start) <= Date.now()) return;
  for (const { id, channels } of run.plan.participants) {
    if (participants.find((participant) => participant.id === id)?.answer !== 'none') continue;
    const earlier = notices.filter(({ participant, notice }) => participant === id && isAnnouncement(notice));
    for (const channel of channels) {
      const isKnown = earlier.some((sent) => sent.channel === channel && announcedAs.includes(sent.revision));
      if (isKnown) continue;
      const batch = { notice: earlier.length > 0 ? 'update' : 'invitation', label: `r${revision}` } as const;
      notifyOne(run, interruptedBatch(run, id, channel, revision) ?? batch, id, channel);
    }
  }
};

/** Returns the notice whose sending the ledger knows, so that it is sent under the same key. */
const interruptedBatch = (
  run: AuditionRun,
  participant: ParticipantId,
  channel: Channel,
  revision: number,
): NoticeBatch | undefined => {
  const keys = run.saga.pending.flatMap((entry) =>
    entry.kind === 'retract_notices' && entry.participant === participant && entry.channel === channel
      ? entry.sentAs
      : [],
  );
  for (const notice of announcements) {
    const start = run.idempotencyKeyOf(`${notice}:${participant}:${channel}:`);
    const label = keys
      .filter((key) => key.startsWith(start))
      .map((key) => key.slice(start.length))
      .find((text) => text === `r${revision}` || text.startsWith(`r${revision}:`));
    if (label !== undefined) return { notice, label };
  }
  return undefined;
};
