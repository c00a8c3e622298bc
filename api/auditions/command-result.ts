/** Finds the result of an accepted command in the trail of its audition. */
import { z } from 'zod';
import type { AcceptedCommand } from '../../db/access/idempotent-requests.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionCommandName } from '../../domain/audition/commands.ts';
import type { AuditionEvent, AuditionFactType } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal, refusalCodes } from '../../domain/errors.ts';

/** A command, or the resolution of an attention item. */
export type ResultName = AuditionCommandName | 'resolve';

/**
 * The facts that a command records when it is carried out. A command that waits for an operator can be refused later:
 * `move_refused`.
 */
const factsOf: Readonly<Record<ResultName, readonly AuditionFactType[]>> = {
  respond: ['responded', 'move_refused'],
  reschedule: ['slot_moved', 'move_refused'],
  cancel: ['cancelled'],
  'check-in': ['checked_in'],
  decide: ['decided'],
  participants: ['participant_added', 'participant_removed', 'move_refused'],
  meeting: ['meeting_created', 'move_refused'],
  reopen: ['reopened_for_decision', 'reopened_for_session', 'move_refused'],
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
        'The audition is as it was before. Send another request, with a new Idempotency-Key.',
      )
    : undefined;

/**
 * Returns whether the trail contains the facts of the command.
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
    (event) => event.correlationId === correlationId && factsOf[name].includes(event.fact.type),
  );
  const refusal = lateRefusal(result);
  if (refusal) throw refusal;
  return result !== undefined;
};
