/** What a slot needs for itself alone: the names under which the database keeps two auditions from one resource. */
import type { ParticipantId } from '../ids.ts';

export const slotResources = (
  participants: readonly { readonly id: ParticipantId }[],
  room: string | undefined,
): readonly string[] => [
  ...participants.map(({ id }) => `participant:${id}`),
  ...(room === undefined ? [] : [`room:${room}`]),
];
