/**
 * The held slot becomes ours to its end, before anybody is told of it. While a step waited for a person the hold may
 * have run out: it is claimed anew, and when another audition was quicker, a person is asked.
 */
import type { Slot } from '../../../domain/audition/slot.ts';
import { internalActivities } from '../../internal-activities.ts';
import { askOperator } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { holdClaimOf } from './hold.ts';

/** Books the slot as the given revision. Throws `Aborted` when a person gives it up. */
export const bookSlot = async (run: AuditionRun, slot: Slot, revision: number): Promise<void> => {
  for (;;) {
    const { kind } = await internalActivities('Book the slot').confirmHold(holdClaimOf(run, slot, revision));
    if (kind === 'confirmed') return;
    const { hint, actions } = lostHoldActions[kind];
    const purpose = 'book the slot that was held';
    const decided = await askOperator(run, { step: 'hold', purpose, hint, actions }, { code: kind });
    if (decided !== 'retry') return;
  }
};

const lostHoldActions = {
  taken: {
    hint: 'Retry once the other audition has moved or was cancelled, or abort and request another slot.',
    actions: ['retry', 'abort'],
  },
  in_the_past: {
    hint: 'Skip to go on with the slot that has begun, or abort and request another.',
    actions: ['skip', 'abort'],
  },
} as const;
