/** Decides from the trail of a closed audition whether its effects must be undone. */
import { toEpochMs } from '../time/epoch.ts';
import { type EndingFact, needsCompensation } from './ending.ts';
import type { AuditionEvent, AuditionFact } from './events.ts';
import { createView, foldEvent } from './view.ts';

/**
 * Returns the ending of a closed audition that requires that everything is undone. The trail does not say what stands:
 * the ledger does. Returns undefined for an open audition, for an ending after which nothing is undone, and when an
 * operator has skipped a compensation since, which decides that its effect stays.
 * @throws RangeError when there are no events
 */
export const unfinishedEnding = (events: readonly AuditionEvent[]): EndingFact | undefined => {
  const [first, ...rest] = events;
  if (!first) throw new RangeError('the audition has no events; the first must be its request');
  let view = createView(first);
  let ending: EndingFact | undefined;
  for (const event of rest) {
    const { state, slot } = view;
    const { fact } = event;
    view = foldEvent(view, event);
    if (view.state !== 'closed') ending = undefined;
    else if (isEnding(fact))
      ending = needsCompensation(fact, state, slot, toEpochMs(event.at)) ? fact : undefined;
    else if (fact.type === 'compensated' && fact.result === 'skipped') ending = undefined;
  }
  return ending;
};

const endings: ReadonlySet<AuditionFact['type']> = new Set<EndingFact['type']>([
  'slot_refused',
  'declined',
  'no_show',
  'decided',
  'cancelled',
  'failed',
]);

const isEnding = (fact: AuditionFact): fact is EndingFact => endings.has(fact.type);
