/** Keeps the trail of one audition in memory, as the database does: each number and each key is appended once. */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { AuditionEvent, AuditionFactType } from '../../domain/audition/events.ts';
import type { TrailFact, TrailPosition } from '../../domain/audition/trail-facts.ts';
import { transitionOn } from '../../domain/audition/transitions.ts';
import { foldEvents, IllegalTransition } from '../../domain/audition/view.ts';

export interface FakeTrail {
  readonly events: readonly AuditionEvent[];
  readonly lastNumber: number;
  /** Appends the facts of a run. @throws ApplicationFailure `trail_ahead` when another run has appended more */
  append(position: TrailPosition): void;
  appendFacts(facts: readonly TrailFact[]): void;
  /**
   * Appends the facts that the state allows, and returns their types.
   * @param ofRevision when the slot has another revision, a fact that would change the state is left out
   */
  appendAllowed(facts: readonly TrailFact[], ofRevision?: number): readonly AuditionFactType[];
}

const idOf = (fact: TrailFact): string => ('number' in fact ? `#${fact.number}` : fact.key);
const runId = (): string => activityInfo().workflowExecution?.runId ?? '';

/** Creates an empty trail. Its methods must be called within an activity. */
export const createFakeTrail = (): FakeTrail => {
  const events: AuditionEvent[] = [];
  const appended = new Map<string, string>();
  let lastNumber = 0;

  const appendFact = (record: TrailFact): void => {
    const id = idOf(record);
    if (appended.has(id)) return;
    const { at, correlationId, principal, fact } = record;
    const event = { sequence: events.length + 1, at, correlationId, principal, fact };
    // The database rejects a forbidden transition; so does folding the events.
    foldEvents([...events, event]);
    events.push(event);
    appended.set(id, runId());
    if ('number' in record) lastNumber = Math.max(lastNumber, record.number);
  };

  const isAhead = ({ facts, number }: TrailPosition): boolean => {
    const known = number - facts.filter((fact) => 'number' in fact).length;
    return [...appended].some(
      ([id, run]) => id.startsWith('#') && Number(id.slice(1)) > known && run !== runId(),
    );
  };

  return {
    events,
    get lastNumber() {
      return lastNumber;
    },
    append(position) {
      if (isAhead(position)) throw ApplicationFailure.nonRetryable('the trail is ahead', 'trail_ahead');
      position.facts.forEach(appendFact);
    },
    appendFacts: (facts) => facts.forEach(appendFact),
    appendAllowed: (facts, ofRevision) =>
      facts.flatMap((fact) => {
        if (appended.has(idOf(fact))) return [fact.fact.type];
        const { state, revision } = foldEvents(events);
        const isLate = ofRevision !== undefined && ofRevision !== revision;
        if (isLate && transitionOn(state, fact.fact.type)) return [];
        try {
          appendFact(fact);
          return [fact.fact.type];
        } catch (error) {
          if (error instanceof IllegalTransition) return [];
          throw error;
        }
      }),
  };
};
