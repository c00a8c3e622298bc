/** Finds the result of an accepted command in the trail of its audition. */
import { z } from 'zod';
import type { AcceptedCommand } from '../../db/access/idempotent-requests.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionCommandName } from '../../domain/audition/commands.ts';
import type { AuditionEvent, AuditionFactType } from '../../domain/audition/events.ts';
import { isSameRoom } from '../../domain/audition/rooms.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal, refusalCodes } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import type { CastChange } from '../../workflows/audition/messages.ts';
import type { AuditionUpdateMessage } from './audition-workflows.ts';

/** A command, or the resolution of an attention item. */
export type ResultName = AuditionCommandName | 'resolve';

/** The facts that a command records when it is carried out. */
const factsOf: Readonly<Record<ResultName, readonly AuditionFactType[]>> = {
  respond: ['responded'],
  reschedule: ['slot_moved'],
  cancel: ['cancelled'],
  'check-in': ['checked_in'],
  decide: ['decided'],
  participants: ['participant_added', 'participant_removed'],
  reopen: ['reopened_for_decision', 'reopened_for_session'],
  resolve: ['attention_resolved'],
};

/** The commands that can wait for an operator, and be refused later. At most one of them is in progress. */
const changes: readonly ResultName[] = ['reschedule', 'participants'];

/** The facts of a command follow its acceptance soon. Later pages of a long trail are not searched. */
const searchedEvents = 500;

const codeSchema = z.enum(refusalCodes).catch('slot_taken');

const lateRefusal = (event: AuditionEvent | undefined): Refusal | undefined =>
  event?.fact.type === 'move_refused'
    ? new Refusal(
        codeSchema.parse(event.fact.code),
        event.fact.reason,
        'The audition is as it was before. Send another request, with a new Idempotency-Key.',
      )
    : undefined;

/**
 * Returns whether the trail contains the facts of the command. At most one change is in progress, so the next
 * `move_refused` is about this one.
 * @throws {Refusal} the refusal of a change that was accepted before
 */
export const isCarriedOut = async (
  events: Pick<EventStore, 'read'>,
  { organization, id }: Pick<AuditionView, 'organization' | 'id'>,
  name: ResultName,
  { after, correlationId }: AcceptedCommand,
): Promise<boolean> => {
  const facts = await events.read(organization, id, { after, limit: searchedEvents });
  const result = facts.find(
    (event) =>
      (event.correlationId === correlationId && factsOf[name].includes(event.fact.type)) ||
      (changes.includes(name) && event.fact.type === 'move_refused'),
  );
  const refusal = lateRefusal(result);
  if (refusal) throw refusal;
  return result !== undefined;
};

/** Returns whether the view shows what the command asks for, without a fact of the command: nothing had to change. */
export const showsResult = (view: AuditionView, { name, command }: AuditionUpdateMessage): boolean => {
  switch (name) {
    case 'reschedule':
      return isInWishedSlot(view, command.wish);
    case 'participants':
      return hasCast(view, command.changes);
    case 'respond':
    case 'cancel':
    case 'check-in':
    case 'decide':
    case 'resolve':
      return true;
  }
};

const hasCast = ({ participants }: AuditionView, castChanges: readonly CastChange[]): boolean => {
  const added = castChanges.flatMap((change) => (change.kind === 'add' ? [change.participant.id] : []));
  const removed = castChanges.flatMap((change) => (change.kind === 'remove' ? [change.participant] : []));
  const ids = participants.map(({ id }) => id);
  return (
    added.every((id) => ids.includes(id)) && removed.every((id) => added.includes(id) || !ids.includes(id))
  );
};

/** Returns whether the audition is in the slot that the caller wishes, or in a slot of the wished window. */
const isInWishedSlot = ({ slot }: Pick<AuditionView, 'slot'>, wish: SlotSpec): boolean => {
  if (!slot) return false;
  const { room } = wish.kind === 'fixed' ? wish.slot : wish;
  if (room !== undefined && !isSameRoom(room, slot.room)) return false;
  if (wish.kind === 'fixed') return slot.start === wish.slot.start && slot.end === wish.slot.end;
  const isLong = toEpochMs(slot.end) - toEpochMs(slot.start) === wish.durationMinutes * minute;
  return isLong && slot.start >= wish.earliest && slot.end <= wish.latest;
};
