/** Names the resources of a slot. The database allows one audition at a time for each resource. */
import type { OrganizationId, ParticipantId } from '../ids.ts';
import { canonicalRoom } from './rooms.ts';

/** Calendars are one resource in all organizations. The other resources belong to an organization. */
export const calendarPrefix = 'calendar:';

export const roomPrefix = 'room:';

export const participantPrefix = 'participant:';

/** Returns the resource of a participant. */
export const participantResource = (id: ParticipantId): string => `${participantPrefix}${id}`;

/**
 * Returns the resources that a slot occupies: each participant, the room if there is one, and each calendar.
 * @param calendars canonical names, so that one calendar has one name however it was given
 */
export const slotResources = (
  participants: readonly { readonly id: ParticipantId }[],
  room: string | undefined,
  calendars: readonly string[] = [],
): readonly string[] => [
  ...participants.map(({ id }) => participantResource(id)),
  ...(room === undefined ? [] : [`${roomPrefix}${canonicalRoom(room)}`]),
  ...new Set(calendars.map((name) => `${calendarPrefix}${name}`)),
];

/** Returns the place of a room, for travel times: rooms of two organizations are two places. */
export const placeOf = (organization: OrganizationId, room: string | undefined): string | undefined =>
  room === undefined ? undefined : `${organization} ${canonicalRoom(room)}`;
