/** Finds the result of an accepted command in the trail of its audition. */
import { z } from 'zod';
import type { AcceptedCommand } from '../../db/access/idempotent-requests.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionCommandName } from '../../domain/audition/commands.ts';
import type { AuditionEvent, AuditionFactType } from '../../domain/audition/events.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal, refusalCodes } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';

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

/** The facts of a command follow its acceptance soon. Later pages of a long trail are not searched. */
const searchedEvents = 500;

const codeSchema = z.enum(refusalCodes).catch('slot_taken');

const lateRefusal = (event: AuditionEvent | undefined): Refusal | undefined =>
  event?.fact.type === 'move_refused'
    ? new Refusal(
        codeSchema.parse(event.fact.code),
        event.fact.reason,
        'The audition is in its old slot. Choose another slot, with a new Idempotency-Key.',
      )
    : undefined;

/**
 * Returns whether the trail contains the facts of the command. At most one move waits at a time, so the next
 * `move_refused` is about this one.
 * @throws {Refusal} the refusal of a move that was accepted before
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
      (name === 'reschedule' && event.fact.type === 'move_refused'),
  );
  const refusal = lateRefusal(result);
  if (refusal) throw refusal;
  return result !== undefined;
};

/** Returns whether the audition is in the slot that the caller wishes, or in a slot of the wished window. */
export const isInWishedSlot = ({ slot }: Pick<AuditionView, 'slot'>, wish: SlotSpec): boolean => {
  if (!slot) return false;
  const { room } = wish.kind === 'fixed' ? wish.slot : wish;
  if (room !== undefined && room !== slot.room) return false;
  if (wish.kind === 'fixed') return slot.start === wish.slot.start && slot.end === wish.slot.end;
  const isLong = toEpochMs(slot.end) - toEpochMs(slot.start) === wish.durationMinutes * minute;
  return isLong && slot.start >= wish.earliest && slot.end <= wish.latest;
};
