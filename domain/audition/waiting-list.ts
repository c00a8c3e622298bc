/**
 * The waiting list of a casting session. Performers who are admitted in turn check in on the page of their join link, and
 * wait there. All auditions of a session block on one day have one list; an audition without a block has its own.
 */
import type { ParticipantId } from '../ids.ts';
import { dayOfSlot } from './casting-session.ts';
import type { AuditionView } from './view.ts';

/** Returns the name of the list on which the performers of the audition wait. Undefined: they are not admitted in turn. */
export const waitingListOf = ({ id, slot, joinLinks }: AuditionView): string | undefined => {
  if (!slot || joinLinks?.admission !== 'in_turn') return undefined;
  if (slot.block === undefined) return id;
  return waitingListOfDay(slot.block, dayOfSlot(slot));
};

/** Returns the name of the list of a session block on a day in the zone of the block. */
export const waitingListOfDay = (block: string, date: string): string => `${block}/${date}`;

/** Returns whether the participant waits until the casting office admits them. Only performers do. */
export const isAdmittedInTurn = (view: AuditionView, participant: ParticipantId): boolean =>
  waitingListOf(view) !== undefined &&
  view.participants.some(({ id, kind }) => id === participant && kind === 'performer');
