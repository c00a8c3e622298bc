/** The roles of participants in a meeting, by their kind. */
import type { JoinWindow } from './meeting.ts';
import type { Participant, ParticipantKind } from './request.ts';

/** The people who lead the meeting beside its host. */
interface MeetingLeaders {
  readonly emails: readonly string[];
  /** Whether the address of each is known. */
  readonly isComplete: boolean;
}

/** Returns the casting directors. A provider knows people by their email addresses. */
export const leadersOf = (participants: readonly Pick<Participant, 'kind' | 'email'>[]): MeetingLeaders => {
  const directors = participants.filter(({ kind }) => kind === 'casting_director');
  const emails = directors.flatMap(({ email }) => email ?? []);
  return { emails, isComplete: emails.length === directors.length };
};

const kindsOfCrew: ReadonlySet<ParticipantKind> = new Set(['casting_director', 'reader']);

/** Returns how many milliseconds before the start of the slot the join link of a participant works. */
export const opensBefore = (
  { opensBefore: general, crewOpensBefore = general }: Pick<JoinWindow, 'opensBefore' | 'crewOpensBefore'>,
  kind: ParticipantKind | undefined,
): number => (kind !== undefined && kindsOfCrew.has(kind) ? crewOpensBefore : general);

/** How long before the performers the crew can come in, in milliseconds. */
export const crewLead = 15 * 60_000;
