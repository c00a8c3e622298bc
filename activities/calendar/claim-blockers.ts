/** Names what blocks a slot, in ids and times. */
import type { HoldConflict } from '../../db/auditions/slot-holds.ts';
import type { BlackoutTime } from '../../domain/audition/blackouts.ts';
import { type ConflictRules, conflictsWithSlot } from '../../domain/audition/conflict-rules.ts';
import { isFree, type TimeRange } from '../../domain/audition/free-slots.ts';
import type { Participant } from '../../domain/audition/request.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { Blocker } from '../../domain/audition/slot-conflict.ts';
import { calendarPrefix, participantResource, roomPrefix } from '../../domain/audition/slot-resources.ts';
import type { ParticipantId } from '../../domain/ids.ts';

/** Returns the blockers without those that were overridden when the slot was booked. */
export const withoutAccepted = (
  blockers: readonly Blocker[],
  accepted: readonly Blocker[] = [],
): readonly Blocker[] => blockers.filter((blocker) => !accepted.some((other) => isSame(blocker, other)));

const isSame = (a: Blocker, b: Blocker): boolean =>
  a.kind === b.kind && a.start === b.start && a.end === b.end && sourceOf(a) === sourceOf(b);

const sourceOf = (blocker: Blocker): string | undefined => {
  switch (blocker.kind) {
    case 'calendar_event':
      return blocker.room ? `room ${blocker.connection}` : blocker.connection;
    case 'audition':
      return blocker.audition;
    case 'blackout':
      return blocker.participants.join(' ');
  }
};

/** Returns the events that conflict with a slot in the room. Undefined: the slot takes place by video. */
export const calendarBlockers = (
  slot: TimeRange,
  busy: readonly BusyInterval[],
  participants: readonly Participant[],
  { rules, room }: { readonly rules: ConflictRules; readonly room: string | undefined },
): readonly Blocker[] =>
  busy
    .filter((event) => conflictsWithSlot(slot, room, event, rules))
    .map(({ start, end, connection, calendarId, isRoom }) => ({
      kind: 'calendar_event',
      start,
      end,
      participants: (isRoom ? [] : participants)
        .filter(({ calendar, busyCalendars = [] }) =>
          [...(calendar ? [calendar] : []), ...busyCalendars].some(
            (one) =>
              one.connection === connection && (calendarId === undefined || one.calendarId === calendarId),
          ),
        )
        .map(({ id }) => id),
      ...(connection === undefined ? {} : { connection }),
      ...(isRoom ? { room: true } : {}),
    }));

/** Returns the blackouts in which the slot lies, in part or as a whole. */
export const blackoutBlockers = (slot: TimeRange, blackouts: readonly BlackoutTime[]): readonly Blocker[] =>
  blackouts
    .filter((blackout) => !isFree(slot, [blackout]))
    .map(({ start, end, participant }) => ({
      kind: 'blackout',
      start,
      end,
      participants: participant === undefined ? [] : [participant],
    }));

/**
 * Returns the holds of other auditions that conflict with the slot.
 * @param calendarNames the canonical names of each participant's calendar
 * @param roomName the canonical name of the room's calendar
 */
export const holdBlockers = (
  conflicts: readonly HoldConflict[],
  participants: readonly Participant[],
  calendarNames: ReadonlyMap<ParticipantId, readonly string[]>,
  roomName?: string,
): readonly Blocker[] =>
  conflicts.map(({ start, end, auditionId, resources }) => ({
    kind: 'audition',
    start,
    end,
    participants: participants
      .filter(({ id }) =>
        [
          participantResource(id),
          ...(calendarNames.get(id) ?? []).map((name) => `${calendarPrefix}${name}`),
        ].some((resource) => resources.includes(resource)),
      )
      .map(({ id }) => id),
    room: resources.some(
      (resource) => resource.startsWith(roomPrefix) || resource === `${calendarPrefix}${roomName}`,
    ),
    ...(auditionId === undefined ? {} : { audition: auditionId }),
  }));
