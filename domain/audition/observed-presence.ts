/**
 * Turns the report of a provider about a person in a meeting into a fact. The workflow of the audition applies the rule, and the
 * relay of the inbox when the audition has closed before the report arrives.
 */

import type { ParticipantId } from '../ids.ts';
import { toEpochMs } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { whoJoined } from './attendee.ts';
import type { AuditionFact } from './events.ts';
import type { Participant } from './request.ts';
import type { AuditionView } from './view.ts';

export interface ObservedPresence {
  readonly what: 'joined' | 'left';
  readonly meetingId: string;
  readonly at: Instant;
  /** Whom the provider has registered for the meeting. */
  readonly participant?: ParticipantId | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

type PresenceFact = Extract<AuditionFact, { type: 'participant_joined' | 'participant_left' }>;

/**
 * Returns the fact. Undefined when the report is about another meeting, about the time before the last move, about a person
 * who is not certainly a participant, or is known.
 * @param cast the present participants. A provider can report a person who has left the cast since
 * @param movedAt when the audition moved to its slot
 * @param seen finds the person whom the provider has not registered. Histories of earlier versions need another rule
 */
export const presenceFactOf = (
  view: Pick<AuditionView, 'meeting' | 'participants'>,
  cast: readonly Pick<Participant, 'id' | 'name' | 'email'>[],
  movedAt: Instant | undefined,
  report: ObservedPresence,
  seen: () => ParticipantId | undefined = () => whoJoined(cast, report),
): PresenceFact | undefined => {
  const { what, meetingId, at } = report;
  if (meetingId !== view.meeting?.id || (movedAt !== undefined && toEpochMs(at) < toEpochMs(movedAt)))
    return undefined;
  const participant = cast.find(({ id }) => id === report.participant)?.id ?? seen();
  if (participant === undefined || isKnown(view, participant, report)) return undefined;
  return { type: what === 'joined' ? 'participant_joined' : 'participant_left', participant, at };
};

/** A person with two devices joins twice. */
const isKnown = (
  { participants }: Pick<AuditionView, 'participants'>,
  id: ParticipantId,
  { what, at }: ObservedPresence,
): boolean => {
  const presence = participants.find((participant) => participant.id === id)?.presence;
  const last = what === 'joined' ? presence?.lastJoinedAt : presence?.leftAt;
  return last !== undefined && at <= last;
};
