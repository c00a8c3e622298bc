/** Finds the participant whom a provider names as an attendee of a meeting. */
import type { ParticipantId } from '../ids.ts';
import type { Instant } from '../time/instant.ts';
import type { Participant } from './request.ts';

/** How a provider names a person. Both can be absent: for a person without an account, and for one who dials in. */
export interface Attendee {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

/** The presence of a person in a meeting that has ended. */
export interface ObservedAttendance extends Attendee {
  readonly joinedAt: Instant;
  readonly leftAt?: Instant | undefined;
}

/**
 * Returns the participant with the email address, or else the only one with the name. Returns undefined when that is not
 * certain: people choose the name that they show, so a name that two participants share proves nothing.
 */
export const whoJoined = (
  participants: readonly Pick<Participant, 'id' | 'name' | 'email'>[],
  { name, email }: Attendee,
): ParticipantId | undefined => {
  if (email !== undefined && email !== '') {
    const address = email.toLowerCase();
    const owner = participants.find((participant) => participant.email?.toLowerCase() === address);
    if (owner) return owner.id;
  }
  const shown = comparable(name ?? '');
  if (shown === '') return undefined;
  const [first, ...others] = participants.filter((participant) => comparable(participant.name) === shown);
  return others.length === 0 ? first?.id : undefined;
};

/** Case, accents and spaces differ between what people type and what the casting office writes. */
const comparable = (name: string): string =>
  name.normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll(/\s+/gu, ' ').trim().toLowerCase();
