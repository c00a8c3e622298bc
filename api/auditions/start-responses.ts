/** Maps the first result of an audition workflow to the response of POST /v1/auditions. */
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
        'Another audition holds one of the participants or the room at that time.',
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
        'No time in the window is free for all participants.',
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

/**
 * Returns the refusal as a response instead of throwing it. The refusal is recorded, so the Idempotency-Key is used and
 * replays this response.
 */
export const refusalResponse = (refusal: Refusal, correlationId: string): ApiResponse => {
  const problem = problemOf(refusal, correlationId);
  return { status: problem.status, body: problem };
};

/**
 * Returns 201 when the slot is held and 409 when it was refused. Returns undefined when an operator must look at the
 * audition first: the first result is then outdated for a repeated request, and the record has the current state.
 */
export const responseToFirstResult = (first: FirstResult, correlationId: string): ApiResponse | undefined => {
  switch (first.kind) {
    case 'held':
    // The audition exists at its address and shows how it ended.
    case 'ended':
      return { status: 201, body: first.view };
    case 'needs_attention':
      return undefined;
    case 'refused':
      return refusalResponse(refusalOf(first.reason), correlationId);
  }
};

/** The refusal is among the first few events: request, hold, attention, refusal. */
const firstEvents = 100;

/** Returns the same response from the recorded audition and its trail; 202 while the slot is undecided. */
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
