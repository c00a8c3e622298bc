/** From the first result of a start to the answer of POST /v1/auditions. */
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { FirstResult } from '../../workflows/audition/messages.ts';
import type { ApiResponse } from '../idempotency/run-once.ts';
import { problemOf } from '../problems/problem-document.ts';

type SlotRefusalReason = Extract<AuditionFact, { type: 'slot_refused' }>['reason'];

const refusalOf = (reason: SlotRefusalReason): Refusal => {
  const at = ['/slot'];
  switch (reason) {
    case 'taken':
      return new Refusal(
        'slot_taken',
        'Another audition holds this time for one of the participants or the room.',
        'Ask POST /v1/availability for a free slot and send that, with a new Idempotency-Key.',
        at,
      );
    case 'busy':
      return new Refusal(
        'slot_taken',
        "A participant's calendar is busy at that time.",
        'Ask POST /v1/availability for a free slot and send that, with a new Idempotency-Key.',
        at,
      );
    case 'nothing_free':
      return new Refusal(
        'nothing_free',
        'No time in the window is free for everybody.',
        'Widen the window or shorten the slot, and send that with a new Idempotency-Key.',
        at,
      );
    case 'in_the_past':
      return new Refusal(
        'slot_in_the_past',
        'The slot began before it could be held.',
        'Choose a later slot and send that with a new Idempotency-Key.',
        at,
      );
  }
};

/** An answer and no exception: something was recorded, and the key is used up. */
export const refusalResponse = (refusal: Refusal, correlationId: string): ApiResponse => {
  const problem = problemOf(refusal, correlationId);
  return { status: problem.status, body: problem };
};

/**
 * 201 when the slot is held, 409 when it was refused. Undefined when a person has to look at it first: then the first
 * result is no news to whoever asks again, and the record says how far it has come.
 */
export const responseToFirstResult = (first: FirstResult, correlationId: string): ApiResponse | undefined => {
  switch (first.kind) {
    case 'held':
    // There is an audition at the address all the same, and it says how it ended.
    case 'ended':
      return { status: 201, body: first.view };
    case 'needs_attention':
      return undefined;
    case 'refused':
      return refusalResponse(refusalOf(first.reason), correlationId);
  }
};

/** The reason stands among the first few events: request, holding, refusal, and attention in between. */
const firstEvents = 100;

/** The same answer, read from the record; 202 while nothing is decided. */
export const responseFromRecord = async (
  events: Pick<EventStore, 'read'>,
  view: AuditionView,
  correlationId: string,
): Promise<ApiResponse> => {
  if (view.slot) return { status: 201, body: view };
  if (view.state !== 'closed') return { status: 202, body: view, provisional: true };
  const trail = await events.read(view.organization, view.id, { after: 0, limit: firstEvents });
  for (const { fact } of trail) {
    if (fact.type === 'slot_refused') return refusalResponse(refusalOf(fact.reason), correlationId);
  }
  return { status: 201, body: view };
};
