/** Finds the participant whom a provider names as an attendee of a meeting. */
import type { ParticipantId } from '../ids.ts';
import type { Instant } from '../time/instant.ts';
import { comparableEmail } from './mailto.ts';
import type { Participant } from './request.ts';
import type { Slot } from './slot.ts';

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

type Known = Pick<Participant, 'id' | 'name' | 'email'>;

/**
 * Returns the participant with the email address, or else the only one with the name. Returns undefined when that is not
 * certain: people choose the name that they show, so a name that two participants share proves nothing. Participants can share
 * an address as well, such as that of their agency or of a parent: then the name says which of them it is.
 */
export const whoJoined = (participants: readonly Known[], attendee: Attendee): ParticipantId | undefined => {
  const owners = ownersOf(participants, attendee);
  if (owners.length === 1) return owners[0]?.id;
  const shown = comparable(attendee.name ?? '');
  if (shown === '') return undefined;
  const possible = owners.length > 0 ? owners : participants;
  const [first, ...others] = possible.filter(({ name }) => comparable(name) === shown);
  return others.length === 0 ? first?.id : undefined;
};

/** Returns the participants with the email address of the attendee. */
export const ownersOf = (participants: readonly Known[], { email }: Attendee): readonly Known[] => {
  if (email === undefined || email === '') return [];
  const address = comparableEmail(email);
  return participants.filter(({ email: known }) => known !== undefined && comparableEmail(known) === address);
};

/** Case, accents and spaces differ between what people type and what the casting office writes. */
const comparable = (name: string): string =>
  name.normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll(/\s+/gu, ' ').trim().toLowerCase();

/**
 * Returns the parts of the presences that lie in the slot. A room that several auditions share is open all day: a person who was
 * in it at the time of another audition only is no evidence for this one.
 *
 * Returns undefined when people were in the room, and none of them in the slot. The session of a casting day that runs late can
 * have taken place after its slot, so this proves no absence.
 */
export const presencesIn = (
  attendance: readonly ObservedAttendance[],
  { start, end }: Pick<Slot, 'start' | 'end'>,
): readonly ObservedAttendance[] | undefined => {
  const within = attendance.flatMap((person): ObservedAttendance[] => {
    const { joinedAt, leftAt } = person;
    if (joinedAt >= end || (leftAt !== undefined && leftAt <= start)) return [];
    return [
      {
        ...person,
        joinedAt: joinedAt < start ? start : joinedAt,
        leftAt: leftAt === undefined || leftAt > end ? end : leftAt,
      },
    ];
  });
  return within.length === 0 && attendance.length > 0 ? undefined : within;
};
