/** Maps the first result of an audition to the response of POST /v1/auditions. */
import type { EventStore } from '../../db/trail/event-store.ts';
import type { SlotRefusalReason } from '../../domain/audition/events.ts';
import type { SlotConflict } from '../../domain/audition/slot-conflict.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';
import type { ApiResponse } from '../idempotency/run-once.ts';
import { problemOf } from '../problems/problem-document.ts';

const advice = 'Ask POST /v1/availability for a free slot and send that, with a new Idempotency-Key.';

/** The problem of each reason; the message for a record that does not contain the workflow's own. */
const slotProblems: Readonly<
  Record<
    SlotRefusalReason,
    { readonly code: RefusalCode; readonly message: string; readonly whatToDo: string }
  >
> = {
  taken: {
    code: 'slot_taken',
    message: 'Another audition holds one of the participants or the room at that time.',
    whatToDo: advice,
  },
  busy: { code: 'slot_taken', message: "A participant's calendar is busy at that time.", whatToDo: advice },
  blackout: {
    code: 'slot_taken',
    message: 'That time is in a blackout of the organization or of a participant.',
    whatToDo: advice,
  },
  nothing_free: {
    code: 'nothing_free',
    message: 'No time in the window is free for all participants.',
    whatToDo: 'Widen the window or shorten the slot, and send that with a new Idempotency-Key.',
  },
  in_the_past: {
    code: 'slot_in_the_past',
    message: 'The slot began before it could be held.',
    whatToDo: 'Choose a later slot and send that with a new Idempotency-Key.',
  },
};

/** Returns the refusal of a slot, with the workflow's message if there is one. */
export const slotRefusal = ({
  reason,
  message,
  conflict,
}: {
  readonly reason: SlotRefusalReason;
  readonly message?: string | undefined;
  readonly conflict?: SlotConflict | undefined;
}): Refusal => {
  const problem = slotProblems[reason];
  return new Refusal(problem.code, message ?? problem.message, problem.whatToDo, ['/slot'], conflict);
};

/**
 * Returns the refusal as a response instead of throwing it. The refusal is recorded, so the Idempotency-Key is used and
 * replays this response.
 */
export const refusalResponse = (refusal: Refusal, correlationId: string): ApiResponse => {
  const problem = problemOf(refusal, correlationId);
  return { status: problem.status, body: problem };
};

/** The refusal is among the first few events: request, hold, attention, refusal. */
const firstEvents = 100;

/** Returns the response from the recorded audition and its trail; 202 while the slot is undecided. */
export const responseFromRecord = async (
  events: Pick<EventStore, 'read'>,
  view: AuditionView,
  correlationId: string,
): Promise<ApiResponse> => {
  if (view.slot) return { status: 201, body: view };
  if (view.state !== 'closed') return { status: 202, body: view, provisional: true };
  const trail = await events.read(view.organization, view.id, { after: 0, limit: firstEvents });
  for (const { fact } of trail) {
    if (fact.type !== 'slot_refused') continue;
    const { reason, blockers } = fact;
    const conflict = blockers && { blockers };
    return refusalResponse(slotRefusal({ reason, conflict }), correlationId);
  }
  return { status: 201, body: view };
};
