/** Decides from the trail of a closed audition whether its effects must be undone. */
import type { AuditionEvent, AuditionFactType } from './events.ts';
import type { AuditionState } from './states.ts';
import { transitionOn } from './transitions.ts';

/** The facts that close an audition whose effects are then undone. */
const undoneEndings: ReadonlySet<AuditionFactType> = new Set([
  'slot_refused',
  'declined',
  'cancelled',
  'failed',
]);

/**
 * Returns whether the audition is closed with an ending that requires that everything is undone. After a session
 * nothing is undone. An operator who has skipped a compensation has decided that its effect stays.
 */
export const isUndoRequired = (events: readonly AuditionEvent[]): boolean => {
  let state: AuditionState = 'requested';
  let isRequired = false;
  for (const { fact } of events) {
    if (fact.type === 'compensated' && fact.result === 'skipped') isRequired = false;
    const transition = transitionOn(state, fact.type);
    if (!transition) continue;
    isRequired = transition.to === 'closed' && undoneEndings.has(fact.type) && state !== 'awaiting_decision';
    state = transition.to;
  }
  return isRequired;
};
