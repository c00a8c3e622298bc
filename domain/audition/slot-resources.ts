/** Names the resources of a slot. The database allows one audition at a time for each resource. */
import type { ParticipantId } from '../ids.ts';

/** Returns the resources that a slot occupies: each participant, and the room if there is one. */
export const slotResources = (
  participants: readonly { readonly id: ParticipantId }[],
  room: string | undefined,
): readonly string[] => [
  ...participants.map(({ id }) => `participant:${id}`),
  ...(room === undefined ? [] : [`room:${room}`]),
];
