/**
 * Books the held slot until its end, before any participant is notified. The hold can have expired while a step waited
 * for an operator. It is then acquired again; when another audition holds the time, an operator is asked.
 */
import type { Slot } from '../../../domain/audition/slot.ts';
import { internalActivities } from '../../internal-activities.ts';
import { askOperator } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { holdClaimOf } from './hold.ts';

/** Books the slot as the given revision. @throws Aborted when an operator aborts */
export const bookSlot = async (run: AuditionRun, slot: Slot, revision: number): Promise<void> => {
  for (;;) {
    const { kind } = await internalActivities('Book the slot').confirmHold(holdClaimOf(run, slot, revision));
    if (kind === 'confirmed') return;
    const { hint, actions } = lostHoldActions[kind];
    const purpose = 'book the slot that was held';
    const decision = await askOperator(run, { step: 'hold', purpose, hint, actions }, { code: kind });
    if (decision !== 'retry') return;
  }
};

const lostHoldActions = {
  taken: {
    hint: 'Retry when the other audition has moved or is cancelled, or abort and request another slot.',
    actions: ['retry', 'abort'],
  },
  in_the_past: {
    hint: 'Skip to continue with the slot that has begun, or abort and request another slot.',
    actions: ['skip', 'abort'],
  },
} as const;
