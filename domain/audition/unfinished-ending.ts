/** Decides from the trail of a closed audition whether its effects must be undone. */
import { toEpochMs } from '../time/epoch.ts';
import { type EndingFact, needsCompensation } from './ending.ts';
import type { AuditionEvent, AuditionFact } from './events.ts';
import { createView, foldEvent } from './view.ts';

/** What the holds of an audition are called among its effects, which the ledger does not know. */
export const holdsEffect = 'holds';

/** An ending that requires that everything is undone. */
export interface UnfinishedEnding {
  readonly ending: EndingFact;
  /** What an operator has decided to leave: the keys of effects in the ledger, or `holds`. */
  readonly kept: readonly string[];
}

/**
 * Returns the ending of a closed audition that requires that everything is undone. The trail does not say what stands:
 * the ledger does. Returns undefined for an open audition, and for an ending after which nothing is undone.
 * @throws RangeError when there are no events
 */
export const unfinishedEnding = (events: readonly AuditionEvent[]): UnfinishedEnding | undefined => {
  const [first, ...rest] = events;
  if (!first) throw new RangeError('the audition has no events; the first must be its request');
  let view = createView(first);
  let ending: EndingFact | undefined;
  let kept: readonly string[] = [];
  for (const event of rest) {
    const { state, slot } = view;
    const { fact } = event;
    view = foldEvent(view, event);
    if (view.state !== 'closed') ending = undefined;
    else if (isEnding(fact))
      ending = needsCompensation(fact, state, slot, toEpochMs(event.at)) ? fact : undefined;
    // An effect that was skipped before the ending, in a change, stays as well.
    if (fact.type === 'compensated') kept = [...kept, ...(fact.kept ?? [])];
    // Its slot is claimed again.
    if (fact.type === 'reopened_for_session') kept = kept.filter((effect) => effect !== holdsEffect);
  }
  return ending && { ending, kept };
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
