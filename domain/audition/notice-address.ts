/**
 * Tells whether a notice was sent to an address that its recipient has now. Addresses are not on the trail: each is known
 * by the number of the claim that was made for the cast in which it is new, and 0 in the cast of the request.
 */
import type { ParticipantId } from '../ids.ts';
import type { ParticipantView } from './participant-view.ts';
import type { Channel } from './request.ts';

interface Cast {
  readonly participants: readonly ParticipantView[];
}

/** Returns the number of the participant's present address on the channel, or undefined for a former participant. */
export const addressNumberOf = (
  { participants }: Cast,
  id: ParticipantId,
  channel: Channel,
): number | undefined => {
  const present = participants.find((participant) => participant.id === id);
  return present && (present.addressNumbers?.[channel] ?? present.generation ?? 0);
};

/**
 * Returns whether the notice was sent to a former participant, or to an address at which its recipient is not reached any
 * more. A notice of earlier versions has no number, and counts as sent to the present address.
 */
export const isToFormerAddress = (
  cast: Cast,
  notice: {
    readonly participant: ParticipantId;
    readonly channel: Channel;
    readonly addressNumber?: number | undefined;
  },
): boolean => {
  const present = addressNumberOf(cast, notice.participant, notice.channel);
  if (present === undefined) return true;
  return notice.addressNumber !== undefined && notice.addressNumber !== present;
};
