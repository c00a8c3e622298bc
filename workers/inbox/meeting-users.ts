/**
 * Chooses the auditions that a report about a meeting concerns. A meeting of one audition concerns this audition. The room of a
 * casting session is open all day, so a report about it concerns the auditions whose time it is: each signal costs an audition
 * a dozen history events, and the sessions of the others have not begun, or are over.
 */
import type { MeetingUsers, RoomUse } from '../../db/inbox/routing.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { hour } from '../../domain/time/units.ts';

/** The session of an audition that is later than this has ended without a report (`sessionOverrun`). */
const longestOverrun = 2 * hour;
/** A performer is rarely in the room earlier than this. */
const longestLead = hour;

/** `all`: the meeting is gone, or has another address. */
export type ReportKind = 'started' | 'ended' | 'presence' | 'all';

/** Returns the auditions that a report about an instant concerns. */
export const auditionsConcerned = (
  users: MeetingUsers,
  kind: ReportKind,
  at: Instant,
): readonly AuditionId[] =>
  users.kind === 'audition'
    ? [users.auditionId]
    : usesConcerned(users.uses, kind, at).map(({ auditionId }) => auditionId);

const usesConcerned = (uses: readonly RoomUse[], kind: ReportKind, at: Instant): readonly RoomUse[] => {
  const justEnded = toInstant(toEpochMs(at) - longestOverrun);
  switch (kind) {
    case 'all':
      return uses;
    case 'presence': {
      const soon = toInstant(toEpochMs(at) + longestLead);
      return uses.filter(({ slot }) => slot.start <= soon && slot.end > justEnded);
    }
    case 'started': {
      const running = uses.filter(({ slot }) => slot.start <= at && slot.end > at);
      // The room was opened for the next one.
      return running.length > 0 ? running : nextOf(uses, at);
    }
    case 'ended':
      // The next one can have been told that the room was opened for it.
      return [...uses.filter(({ slot }) => slot.start <= at && slot.end > justEnded), ...nextOf(uses, at)];
  }
};

const nextOf = (uses: readonly RoomUse[], at: Instant): readonly RoomUse[] => {
  const coming = uses.filter(({ slot }) => slot.start > at);
  const first = coming.map(({ slot }) => slot.start).toSorted()[0];
  return coming.filter(({ slot }) => slot.start === first);
};
