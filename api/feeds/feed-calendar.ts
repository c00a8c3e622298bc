/**
 * Renders the auditions of a participant, or of a session block, as an iCalendar feed (RFC 5545, RFC 7986). It contains what
 * the service stores: no names, titles or addresses (docs/decisions/0020). Times are in UTC, which needs no VTIMEZONE and has no DST gaps or
 * overlaps; calendar programs show them in the zone of the person.
 */
import ical, { ICalEventStatus, ICalEventTransparency } from 'ical-generator';
import { invitationUidOf } from '../../domain/audition/invitation-uid.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionRound } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { Session, SessionBlock } from '../../domain/session-blocks/session-block.ts';

/** How often calendar programs should read the feed, in seconds. Most of them read it less often. */
const refreshSeconds = 3_600;

const titles: Readonly<Record<AuditionRound, string>> = {
  first: 'Audition',
  callback: 'Audition: callback',
  chemistry_read: 'Audition: chemistry read',
  screen_test: 'Audition: screen test',
};

/** Returns the calendar. The same auditions always give the same text. */
export const renderFeedCalendar = (
  auditions: readonly AuditionView[],
  participant: ParticipantId,
): string => {
  const calendar = newCalendar('Auditions');
  for (const audition of auditions) {
    const { slot } = audition;
    if (!slot || !isForParticipant(audition, participant)) continue;
    addEvent(calendar, audition, slot, isCancelledFor(audition, participant));
  }
  return calendar.toString();
};

/** A session with the block that it belongs to. */
export interface FeedSession extends Session {
  readonly block: Pick<SessionBlock, 'id' | 'version' | 'createdAt' | 'changedAt'>;
}

/**
 * Returns the calendar of a session block: its sessions, and the auditions in it. A session leaves the time free, because its
 * auditions block it: the calendar can be read back as a source of busy times. The same input always gives the same text.
 */
export const renderSessionFeed = (
  sessions: readonly FeedSession[],
  auditions: readonly AuditionView[],
): string => {
  const calendar = newCalendar('Casting sessions');
  for (const { at, start, end, room, block } of sessions) {
    calendar.createEvent({
      id: `${block.id}-${at.replaceAll(/[-:]/g, '')}@castmatch`,
      sequence: block.version,
      status: ICalEventStatus.CONFIRMED,
      transparency: ICalEventTransparency.TRANSPARENT,
      start: new Date(start),
      end: new Date(end),
      stamp: new Date(block.changedAt),
      created: new Date(block.createdAt),
      lastModified: new Date(block.changedAt),
      summary: 'Casting session',
      location: room ?? null,
    });
  }
  for (const audition of auditions) {
    const { slot, state, outcome } = audition;
    if (slot && state !== 'holding') addEvent(calendar, audition, slot, cancellingOutcomes.has(outcome));
  }
  return calendar.toString();
};

const newCalendar = (name: string): ReturnType<typeof ical> =>
  ical({ name, prodId: { company: 'CastMatch', product: 'Orchestrator' }, ttl: refreshSeconds });

const addEvent = (
  calendar: ReturnType<typeof ical>,
  { id, round, meeting, sequence, updatedAt, requestedAt }: AuditionView,
  slot: Slot,
  isCancelled: boolean,
): void => {
  const joinUrl = isCancelled ? undefined : meeting?.joinUrl;
  calendar.createEvent({
    id: invitationUidOf(id),
    // Increases with each fact of the audition, as in the invitations.
    sequence,
    status: isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    transparency: isCancelled ? ICalEventTransparency.TRANSPARENT : ICalEventTransparency.OPAQUE,
    start: new Date(slot.start),
    end: new Date(slot.end),
    stamp: new Date(updatedAt),
    created: new Date(requestedAt),
    lastModified: new Date(updatedAt),
    summary: titles[round],
    description: joinUrl ?? null,
    url: joinUrl ?? null,
    location: slot.room ?? joinUrl ?? null,
  });
};

/** The states in which the participants know the slot. */
const announcedStates: ReadonlySet<AuditionView['state']> = new Set([
  'scheduled',
  'confirmed',
  'in_progress',
  'awaiting_decision',
]);

/** A participant who was removed is not in the cast any more. One who was never notified does not know the slot. */
const isForParticipant = (
  { participants, notices, state }: AuditionView,
  participant: ParticipantId,
): boolean =>
  participants.some(({ id }) => id === participant) &&
  (announcedStates.has(state) || notices.some((notice) => notice.participant === participant));

const cancellingOutcomes: ReadonlySet<AuditionView['outcome']> = new Set(['cancelled', 'declined', 'failed']);

const isCancelledFor = ({ outcome, participants }: AuditionView, participant: ParticipantId): boolean =>
  cancellingOutcomes.has(outcome) ||
  participants.some(({ id, answer }) => id === participant && answer === 'declined');
